"""Add a stay to the counters of its locked service days, or take it out: one statement for all of them."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db.models import BooleanField, IntegerField, Model

from bookings.models import Booking
from capacity.limits import OCCUPANCY_LIMITS, PACING_LIMITS, SERVICE_LIMITS, SLOT_LIMITS, Limit
from capacity.models import BookingSlot, ServiceDay
from config.statements import Parameter, Sql, Statement, ids, together


@dataclass(frozen=True)
class CountedStay:
    """The rows in which a stay counts: its service day, its starting slot, the slots it touches."""

    service_day_id: int
    starting_slot_id: int | None
    present_slot_ids: tuple[int, ...]
    party_size: int


def find_counted_stay(booking: Booking) -> CountedStay:
    """Find the rows in which a booking counts, in 2 queries."""
    own = BookingSlot.objects.filter(service_day_id=booking.service_day_id, starts_at__lte=booking.starts_at)
    touched = BookingSlot.objects.filter(
        restaurant_id=booking.restaurant_id, starts_at__lt=booking.ends_at, ends_at__gt=booking.starts_at
    )
    return CountedStay(
        service_day_id=booking.service_day_id,
        starting_slot_id=own.order_by("-starts_at").values_list("pk", flat=True).first(),
        present_slot_ids=tuple(touched.values_list("pk", flat=True)),
        party_size=booking.party_size,
    )


def add_to_counters(stay: CountedStay, *, is_excess_authorised: bool) -> None:
    """Count a stay; only an authorised one may raise an excess, else the constraint speaks."""
    COUNT.run(**changes_of_counters([(1, stay)], is_excess_authorised=is_excess_authorised))


def take_from_counters(stay: CountedStay) -> None:
    """Take a stay out; an excess falls with its counter."""
    COUNT.run(**changes_of_counters([(-1, stay)], is_excess_authorised=False))


def move_in_counters(left: CountedStay, joined: CountedStay, *, is_excess_authorised: bool) -> None:
    """Take one stay of a party out and count another.

    In one step: where both touch a row that stands above its limit, the excess that was authorised stays. Only an
    authorised move may raise one, else the constraint speaks.
    """
    COUNT.run(**changes_of_counters([(-1, left), (1, joined)], is_excess_authorised=is_excess_authorised))


def changes_of_counters(changes: Sequence[tuple[int, CountedStay]], *, is_excess_authorised: bool) -> dict[str, Any]:
    """Return the values of `counting` for stays that come (1) or go (-1)."""
    of_days, of_slots = _Changes(SERVICE_LIMITS), _Changes(SLOT_LIMITS)
    for sign, stay in changes:
        of_days.add(stay.service_day_id, SERVICE_LIMITS, sign, stay.party_size)
        if stay.starting_slot_id is not None:
            of_slots.add(stay.starting_slot_id, PACING_LIMITS, sign, stay.party_size)
        for slot_id in stay.present_slot_ids:
            of_slots.add(slot_id, OCCUPANCY_LIMITS, sign, stay.party_size)
    return {**of_days.columns("day"), **of_slots.columns("slot"), "is_excess_authorised": is_excess_authorised}


class _Changes:
    """The changes of the counters of some rows, by row id and counter."""

    def __init__(self, limits: Iterable[Limit]) -> None:
        self._counters = [limit.counter for limit in limits]
        self._rows: defaultdict[int, Counter[str]] = defaultdict(Counter)

    def add(self, row_id: int, limits: Iterable[Limit], sign: int, party_size: int) -> None:
        """Count a party, that comes or goes, against some limits of a row."""
        self._rows[row_id].update({limit.counter: sign * limit.asked_by(party_size) for limit in limits})

    def columns(self, name: str) -> dict[str, list[int]]:
        """Return the ids and, row by row, the change of each counter."""
        changed = {counter: [row[counter] for row in self._rows.values()] for counter in self._counters}
        return {f"{name}_ids": list(self._rows), **changed}


def _counting(model: type[Model], limits: Sequence[Limit], name: str, also: str = "") -> Sql:
    """Return the UPDATE of one table: an excess follows its counter up where that is authorised, and always down."""
    counters = [limit.counter for limit in limits]
    arrays = [ids(f"{name}_ids"), *(Parameter(counter, ArrayField(IntegerField())) for counter in counters)]
    types = ["bigint[]", *(["integer[]"] * len(counters))]
    pieces, parameters = [], []
    for limit in limits:
        after = f"counted.{limit.counter} + change.{limit.counter}"
        # PostgreSQL's GREATEST passes over NULL: without a limit there is no excess.
        above = f"GREATEST(0, {after} - counted.{limit.column})"
        pieces.append(f"{limit.counter} = {after}")
        pieces.append(
            f"{limit.excess} = CASE WHEN %s::boolean THEN {above} ELSE LEAST(counted.{limit.excess}, {above}) END"
        )
        parameters.append(Parameter("is_excess_authorised", BooleanField()))
    rows = ", ".join(f"%s::{kind}" for kind in types)
    return (
        f"UPDATE {model._meta.db_table} AS counted SET {', '.join(pieces)}{also} "  # noqa: S608 - names of our own
        f"FROM unnest({rows}) AS change(id, {', '.join(counters)}) WHERE counted.id = change.id",
        [*parameters, *arrays],
    )


def counting() -> dict[str, Sql]:
    """Return the parts of a statement that count stays: of service days, and of slots."""
    return {
        "days": _counting(ServiceDay, SERVICE_LIMITS, "day"),
        "slots": _counting(BookingSlot, SLOT_LIMITS, "slot", also=", version = counted.version + 1"),
    }


COUNT = Statement("count_stays", lambda: together(("SELECT 1", []), **counting()))
