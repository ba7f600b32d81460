"""Read the events of a period from the decision records, the bookings and their history."""

from collections import defaultdict
from collections.abc import Collection
from datetime import UTC, date, datetime, time
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from bookings.choices import (
    BOOKED_VERDICTS,
    CHANNELS,
    COUNTING_STATUSES,
    BookingSource,
    BookingStatus,
    DecisionOperation,
    DecisionVerdict,
    EventKind,
)
from bookings.decision import DATES_AFTER, DATES_BEFORE
from bookings.insight.what_if.evening import KINDS
from bookings.insight.what_if.guests import join_repeated
from bookings.insight.what_if.record import Block, FixedBooking, Happening, Held, Record, Request
from bookings.models import Booking, BookingEvent, Decision, TableAssignment
from tables.models import TableBlock

COLUMNS = (
    "pk",
    "decided_at",
    "verdict",
    "party_size",
    "business_date",
    "starts_at",
    "ends_at",
    "source",
    "booking_id",
    "request",
    "reasons",
    "alternatives",
)


def count_requests(restaurant_id: int, from_date: date, to_date: date) -> int:
    """Count the requests for business dates (inclusive) in 1 query."""
    return _requests_for(restaurant_id, from_date, to_date).count()


def load_record(restaurant_id: int, from_date: date, to_date: date) -> Record:
    """Load the events of business dates (inclusive) in at most 7 queries."""
    requests, repeated = join_repeated(_read(_requests_for(restaurant_id, from_date, to_date)))
    made = {request.booking_id for request in requests if request.booking_id is not None and request.was_accepted}
    others = _other_bookings(restaurant_id, from_date - DATES_BEFORE, to_date + DATES_AFTER, made)
    return Record(
        from_date=from_date,
        to_date=to_date,
        requests=requests,
        changes=_read(_changes_of(restaurant_id, made)),
        happenings=_happenings(made | {booking.booking_id for booking in others}),
        fixed=others,
        blocks=_blocks(restaurant_id, from_date, to_date),
        references=dict(Booking.objects.filter(pk__in=made).values_list("pk", "reference")),
        repeated=repeated,
    )


def _requests_for(restaurant_id: int, from_date: date, to_date: date) -> QuerySet[Decision]:
    return Decision.objects.filter(
        restaurant_id=restaurant_id,
        business_date__range=(from_date, to_date),
        operation=DecisionOperation.CREATE,
        # A person answered for these, and would whatever the rules say: they are there anyway.
    ).exclude(verdict=DecisionVerdict.OVERRIDDEN)


def _changes_of(restaurant_id: int, booking_ids: Collection[int]) -> QuerySet[Decision]:
    return Decision.objects.filter(
        restaurant_id=restaurant_id,
        operation=DecisionOperation.CHANGE,
        verdict__in=BOOKED_VERDICTS,
        booking_id__in=booking_ids,
    )


def _read(decisions: QuerySet[Decision]) -> tuple[Request, ...]:
    # Without the state, which is most of a row.
    rows = decisions.order_by("decided_at", "pk").values_list(*COLUMNS)
    return tuple(_request(dict(zip(COLUMNS, row, strict=True))) for row in rows)


def _request(row: dict[str, Any]) -> Request:
    asked, source = row["request"], BookingSource(row["source"])
    chosen = asked.get("tableIds")
    return Request(
        decision_id=row["pk"],
        decided_at=row["decided_at"],
        verdict=row["verdict"],
        party_size=row["party_size"],
        business_date=row["business_date"],
        starts_at=row["starts_at"],
        ends_at=row["ends_at"],
        wall_time=time.fromisoformat(asked["time"]),
        source=source,
        channel=asked.get("channel", CHANNELS[source]),
        seating=asked.get("seating"),
        turn_minutes=asked.get("turnMinutes"),
        table_ids=tuple(chosen) if chosen else None,
        keeps_start=asked.get("keepsStart", False),
        booking_id=row["booking_id"],
        reasons=tuple(reason["code"] for reason in row["reasons"]),
        alternatives=tuple(datetime.fromisoformat(instant) for instant in row["alternatives"]),
    )


def _other_bookings(
    restaurant_id: int, from_date: date, to_date: date, made: Collection[int]
) -> tuple[FixedBooking, ...]:
    """List the bookings of those dates that no request made, in 2 queries; of those that do not come any more none.

    Their beginning is not known, so they count as always there.
    """
    counting = Booking.objects.filter(
        restaurant_id=restaurant_id, business_date__range=(from_date, to_date), status__in=COUNTING_STATUSES
    ).exclude(status=BookingStatus.HELD)
    made_by = Decision.objects.filter(booking=OuterRef("pk"), operation=DecisionOperation.CREATE)
    others = counting.exclude(pk__in=made).annotate(is_in_ledger=Exists(made_by))
    rows = list(others.order_by("business_date", "starts_at", "pk"))
    tables = _tables_of({booking.pk for booking in rows})
    return tuple(
        FixedBooking(
            booking_id=booking.pk,
            reference=booking.reference,
            business_date=booking.business_date,
            wall_time=booking.wall_time,
            party_size=booking.party_size,
            starts_at=booking.starts_at,
            ends_at=booking.ends_at,
            buffer_minutes=booking.buffer_minutes,
            seating=booking.seating,
            source=booking.source,
            tables=tuple(tables[booking.pk]),
            is_in_ledger=booking.is_in_ledger,
        )
        for booking in rows
    )


def _tables_of(booking_ids: Collection[int]) -> dict[int, list[Held]]:
    held: defaultdict[int, list[Held]] = defaultdict(list)
    for row in TableAssignment.objects.filter(booking_id__in=booking_ids).order_by("table_id"):
        held[row.booking_id].append(
            Held(table_id=row.table_id, starts_at=row.during.lower, ends_at=row.during.upper, is_pinned=row.pinned)
        )
    return held


def _happenings(booking_ids: Collection[int]) -> tuple[Happening, ...]:
    events = BookingEvent.objects.filter(booking_id__in=booking_ids, kind__in=KINDS).order_by("created_at", "pk")
    rows = events.values_list("pk", "created_at", "booking_id", "kind", "to_value", "booking__expires_at")
    return tuple(_happening(*row) for row in rows)


def _happening(
    pk: int, created_at: datetime, booking_id: int, kind: str, to_value: Any, expires_at: datetime | None
) -> Happening:
    said = to_value or {}
    ends_at = said.get("ends_at")
    # A hold is out of every decision from its end on, whenever it was cleared away.
    is_hold = kind == EventKind.EXPIRED and expires_at is not None
    return Happening(
        event_id=pk,
        happened_at=min(created_at, expires_at) if is_hold and expires_at else created_at,
        booking_id=booking_id,
        kind=EventKind(kind),
        ends_at=datetime.fromisoformat(ends_at) if ends_at else None,
        undone=said.get("undone", {}).get("kind", ""),
    )


def _blocks(restaurant_id: int, from_date: date, to_date: date) -> tuple[Block, ...]:
    first = datetime.combine(from_date - DATES_BEFORE, time.min, tzinfo=UTC)
    last = datetime.combine(to_date + DATES_AFTER, time.max, tzinfo=UTC)
    meeting = TableBlock.objects.filter(restaurant_id=restaurant_id, starts_at__lt=last, ends_at__gt=first)
    rows = meeting.order_by("starts_at", "pk").values_list("table_id", "starts_at", "ends_at", "created_at")
    return tuple(Block(*row) for row in rows)
