"""Advice to a manager about settings that are allowed but probably not meant. Pure: no Django, no clock."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from capacity.calendar import TurnBand, find_band_gaps
from capacity.limits import LIMITS, Limit, LimitKind, LimitUnit
from config.values import counted


@dataclass(frozen=True)
class Advice:
    """One sentence about one field of a form."""

    field: str
    message: str


@dataclass(frozen=True)
class House:
    """The measure of limits: the seats of a house's tables (0 = no tables), and the parties it takes online."""

    seats: int
    smallest_party: int
    largest_party: int

    def at_tables(self, services: Iterable[bool]) -> "House":
        """Return the house with its seats if all of these services seat parties at tables, else without.

        In a service of numbers alone, guests stand and the tables' seats are no measure.
        """
        return self if all(services) else replace(self, seats=0)


@dataclass(frozen=True)
class TableOffer:
    """A table as parties meet it: its party sizes, the ways in that it is open to, whether it is combined."""

    number: str
    smallest: int
    largest: int
    is_online: bool
    is_in_house: bool
    is_combined: bool = False


def advise_on_limits(limits: Mapping[str, int | None], house: House) -> tuple[Advice, ...]:
    """Name limits that the seats keep from being reached, and limits that some online party never fits."""
    return (
        *_above_the_seats(limits, house),
        *_below_a_party(limits, house),
        *advise_on_closing_limits(limits, house),
    )


def advise_on_closing_limits(limits: Mapping[str, int | None], house: House) -> tuple[Advice, ...]:
    """Name limits that no party fits: they close the house without saying so."""
    return (*_below_every_party(limits, house), *_closed_to_parties(limits))


def advise_on_empty_seats(limits: Mapping[str, int | None], house: House) -> tuple[Advice, ...]:
    """Name limits that leave seats empty even when the house is as full as they allow."""
    # What is present at once is at most what is booked in all; pacing fills the house slot by slot.
    return tuple(
        Advice(
            limit.column,
            f"A limit of {number} on {limit.name} is below the {counted(house.seats, 'seat')}: "
            f"{house.seats - number} of them are never filled at once.",
        )
        for limit, number in _given(limits, LimitUnit.COVERS)
        if limit.kind is not LimitKind.PACING and number < house.seats
    )


def advise_on_table(table: TableOffer, house: House) -> str | None:
    """Say why no party ever gets a table of its own accord; None where one may."""
    if table.is_combined or (table.is_in_house and table.largest >= house.smallest_party):
        return None
    if not table.is_online and not table.is_in_house:
        return f"Table {table.number} is open to nobody."
    if table.is_in_house or table.largest < house.smallest_party:
        return f"Table {table.number} takes {table.largest} at most, the smallest party is {house.smallest_party}."
    if table.smallest > house.largest_party:
        return (
            f"Table {table.number} takes parties from {table.smallest} on and only those that book online, "
            f"who are {house.largest_party} at most."
        )
    return None


def _given(limits: Mapping[str, int | None], unit: LimitUnit) -> Iterator[tuple[Limit, int]]:
    for limit in LIMITS:
        if limit.unit is unit and (number := limits.get(limit.column)) is not None:
            yield limit, number


def _above_the_seats(limits: Mapping[str, int | None], house: House) -> Iterator[Advice]:
    for limit, number in _given(limits, LimitUnit.COVERS):
        if not house.seats or number <= house.seats:
            continue
        consequence = (
            "it is reached only if tables are used more than once in a service"
            if limit.kind is LimitKind.SERVICE
            else "it can never be reached"
        )
        text = f"A limit of {number} on {limit.name} is above the {counted(house.seats, 'seat')}: {consequence}."
        yield Advice(limit.column, text)


def _below_a_party(limits: Mapping[str, int | None], house: House) -> Iterator[Advice]:
    for limit, number in _given(limits, LimitUnit.COVERS):
        if house.smallest_party <= number < house.largest_party:
            sizes = _sizes(range(number + 1, house.largest_party + 1))
            yield Advice(limit.column, f"A limit of {number} on {limit.name}: online parties of {sizes} never fit.")


def _below_every_party(limits: Mapping[str, int | None], house: House) -> Iterator[Advice]:
    for limit, number in _given(limits, LimitUnit.COVERS):
        if number < house.smallest_party:
            consequence = f"no online party fits, the smallest is {house.smallest_party}"
            yield Advice(limit.column, f"A limit of {number} on {limit.name}: {consequence}.")


def _closed_to_parties(limits: Mapping[str, int | None]) -> Iterator[Advice]:
    for limit, number in _given(limits, LimitUnit.PARTIES):
        if number == 0:
            yield Advice(limit.column, f"A limit of 0 on {limit.name}: no party fits.")


def advise_on_turn_times(
    bands: Iterable[TurnBand], periods: Mapping[int, str], largest_party: int
) -> tuple[Advice, ...]:
    """Name the online party sizes above every turn-time band; `periods` maps ids to names.

    Services without any band of their own or of the restaurant use the defaults throughout: no gap.
    """
    known = tuple(bands)
    services: dict[range, list[str]] = {}
    for period_id, name in periods.items():
        gap = find_band_gaps(known, period_id, largest_party)
        if gap:
            services.setdefault(gap, []).append(name)
    return tuple(
        Advice("up_to", f"{', '.join(names)}: no turn time for parties of {_sizes(gap)}, so the default applies.")
        for gap, names in services.items()
    )


def _sizes(sizes: range) -> str:
    return f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
