"""The uses of tables by parties and blocks, and the parties without a table, read in one query."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import (
    BooleanField,
    CharField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Value,
)

from bookings.choices import AWAITED_STATUSES, CHANNELS, BookingSource, BookingStatus
from bookings.models import Booking, TableAssignment
from capacity.calendar import ONE_DAY, ONE_MINUTE
from capacity.choices import SeatingMode
from capacity.selectors import ServiceSettings
from tables.models import TableBlock
from tables.seating import Floor, OccupiedInterval, SeatedParty, SeatingState
from tables.spans import TimeSpan

MOVABLE_STATUSES = frozenset({BookingStatus.HELD, BookingStatus.CONFIRMED})


class TableUse(NamedTuple):
    """One table kept in [starts_at, ends_at), buffer included; a block has no booking, a party may have no table."""

    booking_id: int | None
    table_id: int | None
    starts_at: datetime
    ends_at: datetime
    is_pinned: bool
    status: str
    party_size: int
    seating: str
    source: str


def load_seating_state(
    settings: ServiceSettings, floor: Floor, window: TimeSpan, *, without: frozenset[int]
) -> SeatingState:
    """Load the seating of a window, without some bookings, as the planner sees it; 1 query."""
    uses = [use for use in list_table_uses(settings, window) if use.booking_id not in without]
    return seating_state(settings, floor, window, uses)


def seating_state(settings: ServiceSettings, floor: Floor, window: TimeSpan, uses: Sequence[TableUse]) -> SeatingState:
    """Return the seating of table uses, with movable parties apart from the uses that no plan may move."""
    freeze_until = settings.now + timedelta(minutes=settings.restaurant.reseat_freeze_minutes)
    tables: dict[int, list[TableUse]] = {}
    occupied: list[OccupiedInterval] = []
    for use in uses:
        if use.booking_id is not None and _is_movable(use, freeze_until, window):
            tables.setdefault(use.booking_id, []).append(use)
        elif use.table_id is not None:
            occupied.append(OccupiedInterval(use.table_id, use.starts_at, max(use.ends_at, _sits_until(use, settings))))
    return SeatingState(
        floor=floor,
        occupied=tuple(sorted(occupied, key=lambda span: (span.starts_at, span.table_id, span.ends_at))),
        parties=tuple(_party(booking_id, tables[booking_id]) for booking_id in sorted(tables)),
    )


def _sits_until(use: TableUse, settings: ServiceSettings) -> datetime:
    """Return the certain end of a party: for one that is past its time, and has not left, the end of this slot.

    Slots are counted from the epoch here, so that two looks within one of them see the same.
    """
    if use.status != BookingStatus.SEATED or use.ends_at > settings.now:
        return use.ends_at
    slot_seconds = settings.restaurant.slot_minutes * 60
    begun = int(settings.now.timestamp()) // slot_seconds
    return datetime.fromtimestamp((begun + 1) * slot_seconds, UTC)


def _is_movable(use: TableUse, freeze_until: datetime, window: TimeSpan) -> bool:
    if use.table_id is None:
        return True
    return (
        use.status in MOVABLE_STATUSES
        and not use.is_pinned
        and use.starts_at > freeze_until
        # Beyond the window other parties are not known, so no party that stays until then can be moved.
        and window.starts_at <= use.starts_at
        and use.ends_at <= window.ends_at
    )


def _party(booking_id: int, uses: Sequence[TableUse]) -> SeatedParty:
    first = uses[0]
    return SeatedParty(
        booking_id=booking_id,
        party_size=first.party_size,
        starts_at=first.starts_at,
        ends_at=first.ends_at,
        seating=first.seating or None,
        channel=CHANNELS[BookingSource(first.source)],
        table_ids=tuple(sorted(use.table_id for use in uses if use.table_id is not None)),
    )


def list_table_uses(settings: ServiceSettings, window: TimeSpan) -> list[TableUse]:
    """List the assignments and blocks that meet a window, and the parties in it that lack a table, in 1 query."""
    restaurant_id = settings.restaurant.pk
    rows = _assignments(restaurant_id, window).union(
        _without_table(restaurant_id, window, settings.now), _blocks(restaurant_id, window), all=True
    )
    return [TableUse(*row) for row in rows]


def _assignments(restaurant_id: int, window: TimeSpan) -> QuerySet[TableAssignment, tuple[Any, ...]]:
    meeting = TableAssignment.objects.filter(
        restaurant_id=restaurant_id, during__overlap=(window.starts_at, window.ends_at)
    )
    return meeting.order_by().values_list(
        "booking_id",
        "table_id",
        "during__startswith",
        "during__endswith",
        "pinned",
        "booking__status",
        "booking__party_size",
        "booking__seating",
        "booking__source",
    )


def _without_table(restaurant_id: int, window: TimeSpan, now: datetime) -> QuerySet[Booking, tuple[Any, ...]]:
    """Ask for live parties that need a table and have none; those that are over need none any more."""
    blocked_until = ExpressionWrapper(
        F("ends_at") + F("buffer_minutes") * Value(ONE_MINUTE), output_field=DateTimeField()
    )
    lacking = Booking.objects.filter(
        ~Exists(TableAssignment.objects.filter(booking=OuterRef("pk"))),
        restaurant_id=restaurant_id,
        # No stay is longer than a day: the index by date keeps the scan near the window.
        business_date__range=((window.starts_at - 2 * ONE_DAY).date(), (window.ends_at + ONE_DAY).date()),
        status__in=AWAITED_STATUSES,
        starts_at__gte=window.starts_at,
        ends_at__gt=now,
        ends_at__lte=window.ends_at,
        service_day__service_period__seating_mode=SeatingMode.TABLES,
    )
    return lacking.order_by().values_list(
        "pk",
        Value(None, output_field=IntegerField()),
        "starts_at",
        blocked_until,
        Value(False, output_field=BooleanField()),
        "status",
        "party_size",
        "seating",
        "source",
    )


def _blocks(restaurant_id: int, window: TimeSpan) -> QuerySet[TableBlock, tuple[Any, ...]]:
    meeting = TableBlock.objects.filter(
        restaurant_id=restaurant_id, starts_at__lt=window.ends_at, ends_at__gt=window.starts_at
    )
    empty = Value("", output_field=CharField())
    return meeting.order_by().values_list(
        Value(None, output_field=IntegerField()),
        "table_id",
        "starts_at",
        "ends_at",
        Value(True, output_field=BooleanField()),
        empty,
        Value(0, output_field=IntegerField()),
        empty,
        empty,
    )


def without_occupied(
    state: SeatingState, intervals: Sequence[OccupiedInterval], *, adding: Sequence[SeatedParty] = ()
) -> SeatingState:
    """Return a state without some occupied intervals, each taken away once, and with more movable parties.

    A block over a seated party may have the very same interval: that one stays.
    """
    occupied = list(state.occupied)
    for interval in intervals:
        if interval in occupied:
            occupied.remove(interval)
    parties = sorted([*state.parties, *adding], key=lambda party: party.booking_id)
    return replace(state, occupied=tuple(occupied), parties=tuple(parties))
