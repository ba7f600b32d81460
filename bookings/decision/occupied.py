"""The uses of tables by parties and blocks, and the parties without a table, read in one query."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.contrib.postgres.fields import DateTimeRangeField
from django.db.models import (
    BigIntegerField,
    BooleanField,
    CharField,
    DateField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Value,
)
from psycopg.types.range import Range

from bookings.choices import AWAITED_STATUSES, CHANNELS, BookingSource, BookingStatus
from bookings.models import Booking, TableAssignment
from capacity.calendar import ONE_DAY, ONE_MINUTE, this_minute
from capacity.choices import SeatingMode
from capacity.policy import IN_HOUSE, ONLINE
from capacity.selectors import ServiceSettings
from config.statements import Parameter, Statement
from tables.models import Restaurant, TableBlock
from tables.seating import Floor, OccupiedInterval, SeatedParty, SeatingState
from tables.spans import TimeSpan

MOVABLE_STATUSES = frozenset({BookingStatus.HELD, BookingStatus.CONFIRMED})
# Of a party that is longer past its time than this in a service before, nobody has said that it left.
LONGEST_OVERRUN = timedelta(hours=4)
LONGEST_BUFFER = timedelta(hours=4)


class TableUse(NamedTuple):
    """One table kept in [starts_at, ends_at), buffer included; a block has no booking, a party may have no table.

    `stay_ends_at` is the end of the stay, which a person may have moved away from the table's, without the buffer.
    """

    booking_id: int | None
    table_id: int | None
    starts_at: datetime
    ends_at: datetime
    is_pinned: bool
    status: str
    party_size: int
    seating: str
    source: str
    stay_ends_at: datetime
    buffer_minutes: int


def seating_state(
    settings: ServiceSettings,
    floor: Floor,
    window: TimeSpan,
    uses: Sequence[TableUse],
    *,
    channel: str = IN_HOUSE,
    promised: Collection[int] = (),
) -> SeatingState:
    """Return the seating of table uses, with movable parties apart from the uses that no plan may move.

    `channel` is the way in of who asks: online a party past its time keeps its table for the grace of the house, except
    a table that is `promised` to who asks.
    """
    freeze_until = settings.now + timedelta(minutes=settings.restaurant.reseat_freeze_minutes)
    tables: dict[int, list[TableUse]] = {}
    occupied: list[OccupiedInterval] = []
    for use in uses:
        if use.booking_id is not None and _is_movable(use, freeze_until, window):
            tables.setdefault(use.booking_id, []).append(use)
        elif use.table_id is not None:
            is_online = channel == ONLINE and use.table_id not in promised
            until = _stays_online_until(use, settings) if is_online else _sits_until(use, settings)
            if until > window.starts_at:
                occupied.append(OccupiedInterval(use.table_id, use.starts_at, until))
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


def _stays_online_until(use: TableUse, settings: ServiceSettings) -> datetime:
    """Return the end of a party's time at its table as guests online are told: a seated one leaves it not before.

    Past its time it stays for the grace of the house from this minute on, and the table is reset after.
    """
    if use.status != BookingStatus.SEATED:
        return use.ends_at
    house, now = settings.restaurant, settings.now
    leaves_at = grace_ends_at(house, now) if _is_over(use, settings) else use.stay_ends_at
    return max(_sits_until(use, settings), leaves_at + timedelta(minutes=use.buffer_minutes))


def _is_over(use: TableUse, settings: ServiceSettings) -> bool:
    return use.status == BookingStatus.SEATED and use.stay_ends_at <= settings.now


def grace_ends_at(restaurant: Restaurant, now: datetime) -> datetime:
    """Return until when a party past its time keeps its table online, its buffer not included.

    Counted from the minute that runs, so that two looks within it see the same.
    """
    return this_minute(now) + timedelta(minutes=restaurant.overrun_minutes)


def next_overrun_at(settings: ServiceSettings, uses: Iterable[TableUse]) -> datetime | None:
    """Return the next instant at which seated parties keep their tables longer by the clock alone, None without one."""
    next_minute = this_minute(settings.now) + ONE_MINUTE
    seated = (use for use in uses if use.status == BookingStatus.SEATED)
    return min((next_minute if _is_over(use, settings) else use.stay_ends_at for use in seated), default=None)


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
    rows = TABLE_USES.run(
        restaurant_id=settings.restaurant.pk,
        window=Range(asked_from(settings, window), window.ends_at),
        first=window.starts_at,
        last=window.ends_at,
        # No stay is longer than a day: the index by date keeps the scan near the window.
        first_date=(window.starts_at - 2 * ONE_DAY).date(),
        last_date=(window.ends_at + ONE_DAY).date(),
        now=settings.now,
    )
    return [TableUse(*row) for row in rows]


def asked_from(settings: ServiceSettings, window: TimeSpan) -> datetime:
    """Return the time from which uses concern a window: who is past the time of a service before may still sit."""
    reaches = window.starts_at - timedelta(minutes=settings.restaurant.overrun_minutes) - LONGEST_BUFFER
    return min(window.starts_at, settings.now - LONGEST_OVERRUN) if settings.now >= reaches else window.starts_at


RESTAURANT_ID = Parameter("restaurant_id", BigIntegerField())
FIRST, LAST, NOW = (Parameter(name, DateTimeField()) for name in ("first", "last", "now"))
FIRST_DATE, LAST_DATE = (Parameter(name, DateField()) for name in ("first_date", "last_date"))


def _table_uses() -> QuerySet[TableAssignment, tuple[Any, ...]]:
    return _assignments().union(_without_table(), _blocks(), all=True)


# The window says whether its index by time or that of the restaurant is the shorter way.
TABLE_USES = Statement.of("table_uses", _table_uses, depends_on_values=True)


def _assignments() -> QuerySet[TableAssignment, tuple[Any, ...]]:
    meeting = TableAssignment.objects.filter(
        restaurant_id=RESTAURANT_ID, during__overlap=Parameter("window", DateTimeRangeField())
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
        "booking__ends_at",
        "booking__buffer_minutes",
    )


def _without_table() -> QuerySet[Booking, tuple[Any, ...]]:
    """Ask for live parties that need a table and have none; those that are over need none any more."""
    blocked_until = ExpressionWrapper(
        F("ends_at") + F("buffer_minutes") * Value(ONE_MINUTE), output_field=DateTimeField()
    )
    lacking = Booking.objects.filter(
        ~Exists(TableAssignment.objects.filter(booking=OuterRef("pk"))),
        restaurant_id=RESTAURANT_ID,
        business_date__range=(FIRST_DATE, LAST_DATE),
        status__in=AWAITED_STATUSES,
        starts_at__gte=FIRST,
        ends_at__gt=NOW,
        ends_at__lte=LAST,
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
        "ends_at",
        "buffer_minutes",
    )


def _blocks() -> QuerySet[TableBlock, tuple[Any, ...]]:
    meeting = TableBlock.objects.filter(restaurant_id=RESTAURANT_ID, starts_at__lt=LAST, ends_at__gt=FIRST)
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
        "ends_at",
        Value(0, output_field=IntegerField()),
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
