"""What to tell a manager about settings that are allowed but probably not meant. Pure: no Django, no clock."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from capacity.calendar import TurnBand, find_band_gaps
from capacity.limits import LimitField

PRESENT_AT_ONCE: tuple[LimitField, ...] = ("pacing_covers", "occupancy_covers")
COVERS_FIELDS: tuple[LimitField, ...] = ("max_covers", *PRESENT_AT_ONCE)
PARTIES_FIELDS: tuple[LimitField, ...] = ("max_parties", "pacing_parties", "occupancy_parties")

NAMES: dict[LimitField, str] = {
    "max_covers": "covers per service",
    "max_parties": "parties per service",
    "pacing_covers": "covers starting per slot",
    "pacing_parties": "parties starting per slot",
    "occupancy_covers": "covers present",
    "occupancy_parties": "parties present",
}


@dataclass(frozen=True)
class Advice:
    """One sentence about one field of a form."""

    field: str
    message: str


@dataclass(frozen=True)
class House:
    """What limits are measured against: the seats of its tables (0 = no tables), the parties it takes online."""

    seats: int
    smallest_party: int
    largest_party: int


def advise_on_limits(limits: Mapping[LimitField, int | None], house: House) -> tuple[Advice, ...]:
    """Name limits that the seats keep from being reached, and limits that some online party never fits."""
    return (*_above_the_seats(limits, house), *_below_a_party(limits, house), *_closed_to_parties(limits))


def _above_the_seats(limits: Mapping[LimitField, int | None], house: House) -> Iterator[Advice]:
    for field in COVERS_FIELDS:
        limit = limits.get(field)
        if limit is None or not house.seats or limit <= house.seats:
            continue
        consequence = (
            "it can never be reached"
            if field in PRESENT_AT_ONCE
            else "it is reached only if tables are used more than once in a service"
        )
        yield Advice(field, f"A limit of {limit} on {NAMES[field]} is above the {house.seats} seats: {consequence}.")


def _below_a_party(limits: Mapping[LimitField, int | None], house: House) -> Iterator[Advice]:
    for field in COVERS_FIELDS:
        limit = limits.get(field)
        if limit is None or limit >= house.largest_party:
            continue
        if limit < house.smallest_party:
            consequence = f"no online party fits, the smallest is {house.smallest_party}"
        else:
            sizes = _sizes(range(limit + 1, house.largest_party + 1))
            consequence = f"online parties of {sizes} never fit"
        yield Advice(field, f"A limit of {limit} on {NAMES[field]}: {consequence}.")


def _closed_to_parties(limits: Mapping[LimitField, int | None]) -> Iterator[Advice]:
    for field in PARTIES_FIELDS:
        if limits.get(field) == 0:
            yield Advice(field, f"A limit of 0 on {NAMES[field]}: no party fits.")


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
