"""Follow a restaurant to another time zone: the wall clock of what lies ahead stays, and its instants move.

What has begun keeps its instant, with the zone that it took place in.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from django.db import connection
from django.db.models import F, Q
from django.db.models.functions import Now

from bookings.choices import AWAITED_STATUSES, COUNTING_STATUSES, BookingStatus, EventKind
from bookings.decision import expected_services
from bookings.errors import SettingsInvalid, ZoneChangeRefused
from bookings.models import Booking, BookingEvent, CapacityOverride
from bookings.models.booking import ENGINE, Actor
from bookings.services.rows.booking import new_event
from bookings.services.settings.zone_tables import move_tables
from capacity.calendar.wall_clock import ClockChange, iso_utc
from capacity.models import BookingSlot, ServiceDay
from capacity.selectors import ServiceSettings
from tables.spans import TimeSpan
from tables.zones import canonical_zone

HERE_STATUSES = (BookingStatus.ARRIVED, BookingStatus.SEATED)
# Beyond the slots of every year: by way of there, rows with a unique key change places.
_OUT_OF_THE_WAY = timedelta(days=400_000)


def follow_zone(
    before: ServiceSettings,
    after: ServiceSettings,
    days: Sequence[ServiceDay],
    *,
    keeps_wall_clock: bool,
    reason: str,
    actor: Actor = None,
    label: str = "",
) -> tuple[Booking, ...]:
    """Move what lies ahead to the clock of the new zone; return the bookings whose guests have to be told.

    Runs inside a change of settings: `days`, its future service days, are locked, and get their new times. Nothing
    happens where the zone is the same by another name. Bookings, their tables, blocks, slots and overrides move; what
    has begun is marked with the zone before.

    Raises: `SettingsInvalid` for a zone that the database does not know; `ZoneChangeRefused` while a party is in the
    house or due, where bookings would move and nobody said that the wall clock stays, and where one has no place then.
    """
    old, new = before.restaurant.timezone, after.restaurant.timezone
    if canonical_zone(old) == canonical_zone(new):
        return ()
    require_known_zone(new)
    clocks = ClockChange(before.zone, after.zone, after.now)
    restaurant_id = after.restaurant.pk
    _require_nobody_here(clocks, days)
    ahead = _list_ahead(restaurant_id, clocks)
    live = [booking for booking in ahead if _is_live(booking, clocks.now)]
    moving = [booking for booking in live if clocks.moved(booking.starts_at) != booking.starts_at]
    if moving and not keeps_wall_clock:
        raise ZoneChangeRefused.unsaid(old, new, moving)
    _require_place_in_time(clocks, moving)
    shifts = {booking.pk: clocks.shift(booking.starts_at) for booking in ahead}
    Booking.objects.filter(restaurant_id=restaurant_id, timezone="").exclude(pk__in=shifts).update(timezone=old)
    _move_bookings(shifts)
    move_tables(restaurant_id, clocks, shifts)
    _move_days(after, clocks, days, ahead, shifts)
    _record(moving, shifts, (old, new), reason, actor, label)
    told = Booking.objects.filter(pk__in=[booking.pk for booking in moving])
    return tuple(told.order_by("starts_at", "pk"))


def require_known_zone(name: str) -> None:
    """Refuse a zone that the database does not know.

    Raises: `SettingsInvalid`.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT 1 FROM pg_timezone_names WHERE name = %s)", [name])
        (is_known,) = cursor.fetchone()
    if not is_known:
        raise SettingsInvalid(f"The database does not know the time zone {name}: update its time zone data")


def _require_nobody_here(clocks: ClockChange, days: Sequence[ServiceDay]) -> None:
    """Refuse while the service runs: a party at its table, or due, has no second instant."""
    if not clocks.shift(clocks.now):
        return
    is_due = Q(status__in=AWAITED_STATUSES, starts_at__lte=clocks.now, ends_at__gt=clocks.now)
    here = Booking.objects.filter(Q(status__in=HERE_STATUSES) | is_due, service_day__in=[day.pk for day in days])
    over = Q(status=BookingStatus.HELD, expires_at__lte=clocks.now)
    if parties := list(here.exclude(over).order_by("starts_at", "pk")):
        raise ZoneChangeRefused.running(parties)


def _list_ahead(restaurant_id: int, clocks: ClockChange) -> list[Booking]:
    """List the bookings to come, by start; of those that are off only such that still lie ahead then."""
    to_come = Booking.objects.filter(restaurant_id=restaurant_id, starts_at__gt=clocks.now).order_by("starts_at", "pk")
    return [
        booking
        for booking in to_come
        if booking.status in COUNTING_STATUSES or clocks.nearest(booking.starts_at) > clocks.now
    ]


def _is_live(booking: Booking, now: datetime) -> bool:
    is_over = booking.expires_at is not None and booking.status == BookingStatus.HELD and booking.expires_at <= now
    return booking.status in COUNTING_STATUSES and not is_over


def _require_place_in_time(clocks: ClockChange, moving: Iterable[Booking]) -> None:
    reasons: dict[Booking, str] = {}
    for booking in moving:
        starts_at = clocks.moved(booking.starts_at)
        if starts_at is None:
            reasons[booking] = f"that time does not exist there on that date ({clocks.after})"
        elif starts_at <= clocks.now:
            reasons[booking] = f"that time has passed there already ({clocks.after})"
    if reasons:
        raise ZoneChangeRefused.without_place(reasons)


def _by_shift(shifts: Mapping[int, timedelta]) -> dict[timedelta, list[int]]:
    """Group rows by how far they move; those that stay are left out."""
    groups: defaultdict[timedelta, list[int]] = defaultdict(list)
    for pk, shift in shifts.items():
        if shift:
            groups[shift].append(pk)
    return groups


def _move_bookings(shifts: Mapping[int, timedelta]) -> None:
    for shift, ids in _by_shift(shifts).items():
        Booking.objects.filter(pk__in=ids).update(
            starts_at=F("starts_at") + shift, ends_at=F("ends_at") + shift, version=F("version") + 1, updated_at=Now()
        )


# Service days, their slots and what was authorised in them


def _move_days(
    after: ServiceSettings,
    clocks: ClockChange,
    days: Sequence[ServiceDay],
    ahead: Sequence[Booking],
    shifts: Mapping[int, timedelta],
) -> None:
    """Give service days the times that their bookings have now; who has begun keeps its slots of before."""
    coming = [day for day in days if day.starts_at > clocks.now]
    stays: defaultdict[int, list[TimeSpan]] = defaultdict(list)
    for booking in ahead:
        shift = shifts[booking.pk]
        stays[booking.service_day_id].append(TimeSpan(booking.starts_at + shift, booking.ends_at + shift))
    _move_slots(after, clocks, days, coming)
    for day in coming:
        shift = clocks.shift(day.starts_at)
        day.starts_at, day.ends_at = day.starts_at + shift, day.ends_at + shift
    for day in days:
        whole = TimeSpan.around([TimeSpan(day.starts_at, day.ends_at), *stays[day.pk]])
        day.starts_at, day.ends_at = whole.starts_at, whole.ends_at
    ServiceDay.objects.bulk_update(days, ["starts_at", "ends_at"], batch_size=500)


def _move_slots(
    after: ServiceSettings, clocks: ClockChange, days: Sequence[ServiceDay], coming: Sequence[ServiceDay]
) -> None:
    """Move the slots of coming days with their counters, and the overrides with them.

    The change of settings then makes those that are missing, and counts afresh.
    """
    _clear_the_way(after, clocks, days, coming)
    slots = BookingSlot.objects.filter(service_day__in=coming)
    shifts: dict[int, timedelta] = {}
    taken: set[datetime] = set()
    for pk, starts_at in slots.order_by("starts_at").values_list("pk", "starts_at"):
        moved = clocks.moved(starts_at)
        if moved is not None and moved > clocks.now and moved not in taken:
            taken.add(moved)
            shifts[pk] = moved - starts_at
    slots.exclude(pk__in=shifts).delete()
    slots.update(starts_at=F("starts_at") + _OUT_OF_THE_WAY, ends_at=F("ends_at") + _OUT_OF_THE_WAY)
    for pk_shift, ids in _by_shift({pk: shift - _OUT_OF_THE_WAY for pk, shift in shifts.items()}).items():
        BookingSlot.objects.filter(pk__in=ids).update(
            starts_at=F("starts_at") + pk_shift, ends_at=F("ends_at") + pk_shift
        )
    overrides = CapacityOverride.objects.filter(service_day__in=coming, slot_starts_at__isnull=False)
    named = {override.pk: clocks.shift(override.slot_starts_at) for override in overrides if override.slot_starts_at}
    for shift, ids in _by_shift(named).items():
        CapacityOverride.objects.filter(pk__in=ids).update(slot_starts_at=F("slot_starts_at") + shift)


def _clear_the_way(
    after: ServiceSettings, clocks: ClockChange, days: Sequence[ServiceDay], coming: Sequence[ServiceDay]
) -> None:
    """Delete the slots that new ones may fall on: those to come of days that have begun, and of days long over."""
    begun = [day for day in days if day not in coming]
    BookingSlot.objects.filter(service_day__in=begun, starts_at__gt=clocks.now).delete()
    if not days:
        return
    dates = [day.business_date for day in days]
    services = expected_services(after, min(dates), max(dates)).values()
    first = min((service.slots[0].starts_at for service in services), default=clocks.now)
    of_others = BookingSlot.objects.filter(restaurant_id=after.restaurant.pk, starts_at__gte=first)
    of_others.exclude(service_day__in=days).delete()


# The history


def _record(
    moved: Sequence[Booking],
    shifts: Mapping[int, timedelta],
    zones: tuple[str, str],
    reason: str,
    actor: Actor,
    label: str,
) -> None:
    old, new = zones
    BookingEvent.objects.bulk_create(
        new_event(
            booking,
            EventKind.ZONE_CHANGED,
            actor=actor,
            label=label or (None if actor else ENGINE),
            from_value={"timezone": old, "starts_at": iso_utc(booking.starts_at)},
            to_value={"timezone": new, "starts_at": iso_utc(booking.starts_at + shifts[booking.pk])},
            reason=reason[:200],
        )
        for booking in moved
    )
