"""The references of other entries to a service period."""

from collections.abc import Sequence

from bookings.restaurant_file.entries import PeriodEntry, PeriodName


def name_of(period: PeriodEntry) -> PeriodName:
    """Return the full name of a period, which no other period has."""
    return PeriodName(name=period.name, on_date=period.on_date)


def find_period(periods: Sequence[PeriodEntry], wanted: PeriodName) -> PeriodName | None:
    """Find the full name of the period of a reference, None if there is none or more than one.

    A bare name is that of the regular period, or of the only special hours with that name.
    """
    alike = [name_of(period) for period in periods if period.name == wanted.name]
    exact = next((name for name in alike if name.on_date == wanted.on_date), None)
    if exact or wanted.on_date:
        return exact
    return alike[0] if len(alike) == 1 else None


def shortest_name(periods: Sequence[PeriodEntry], full: PeriodName) -> PeriodName:
    """Return the bare name of a period where that is enough to find it."""
    bare = PeriodName(name=full.name)
    return bare if find_period(periods, bare) == full else full
