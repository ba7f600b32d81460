"""Wall clock and instant, told apart by a round trip.

A wall time exists if going to UTC and back gives it again; it is repeated if both of its folds do (PEP 495).
"""

from bisect import bisect_left
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from zoneinfo import ZoneInfo

from tables.zones import is_repeated, name_of_clock

ONE_MINUTE = timedelta(minutes=1)
ONE_DAY = timedelta(days=1)
MINUTES_PER_DAY = 24 * 60


def minute_of(wall: time) -> int:
    """Return the minutes since midnight; seconds are cut off."""
    return wall.hour * 60 + wall.minute


def minute_on(business_date: date, local: datetime) -> int:
    """Return the minute of a local time, counted from the midnight of a business date."""
    return (local.date() - business_date).days * MINUTES_PER_DAY + minute_of(local.time())


def wall_clock(business_date: date, minute: int) -> datetime:
    """Return the naive wall clock of a minute counted from the midnight of a business date."""
    return datetime.combine(business_date, time.min) + timedelta(minutes=minute)


def to_local(instant: datetime, zone: ZoneInfo) -> datetime:
    """Return an instant in the zone of a restaurant.

    Raises:
        ValueError: `instant` is naive.
    """
    # A naive datetime would silently be taken for the server's own zone.
    if instant.tzinfo is None:
        raise ValueError("an instant needs a zone")
    return instant.astimezone(zone)


def local_wall_time(instant: datetime, zone: ZoneInfo) -> time:
    """Return the time that the clock on the restaurant's wall shows at an instant.

    Raises:
        ValueError: `instant` is naive.
    """
    return to_local(instant, zone).time()


def iso_utc(instant: datetime) -> str:
    """Write an instant in ISO 8601 UTC."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def instants_of(wall: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """Return the instants at which the wall shows a time: none in a gap, two in time order where it is repeated."""
    real = {instant for instant in _both_folds(wall, zone) if instant.astimezone(zone).replace(tzinfo=None) == wall}
    return tuple(sorted(real))


def carry_over(instant: datetime, from_zone: ZoneInfo, to_zone: ZoneInfo) -> datetime | None:
    """Return the instant at which another zone's wall shows what one zone's shows at an instant; None in a gap.

    Of a wall time that is repeated there it is the first, or the second if it was the second here.
    """
    local = to_local(instant, from_zone)
    found = instants_of(local.replace(tzinfo=None, fold=0), to_zone)
    return found[local.fold and len(found) - 1] if found else None


def jump_over(wall: datetime, zone: ZoneInfo) -> datetime:
    """Return the instant at which the clocks jump over a wall time that does not exist."""
    after, before = _both_folds(wall, zone)  # PEP 495: in a gap, fold 0 reads the offset of before the jump
    old_offset = before.astimezone(zone).utcoffset()

    def has_jumped(second: int) -> bool:
        return (before + timedelta(seconds=second)).astimezone(zone).utcoffset() != old_offset

    seconds = int((after - before).total_seconds())
    return before + timedelta(seconds=bisect_left(range(seconds), True, key=has_jumped))


def _both_folds(wall: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    return (
        wall.replace(tzinfo=zone, fold=0).astimezone(UTC),
        wall.replace(tzinfo=zone, fold=1).astimezone(UTC),
    )


def shown_time(instant: datetime, zone: tzinfo, *, is_marked: bool = False) -> str:
    """Show the time on the wall: HH:MM, with the name of the clock where that time comes twice, or `is_marked`."""
    local = instant.astimezone(zone)
    is_named = is_marked or is_repeated(local)
    return f"{local:%H:%M} {name_of_clock(local)}" if is_named else f"{local:%H:%M}"


def shown_span(starts_at: datetime, ends_at: datetime, zone: tzinfo) -> tuple[str, str]:
    """Show both ends of a span, with the name of each clock if either time comes twice, or the clocks change between.

    Else a stay on the night of the change would seem to end before it begins: 01:45 BST to 01:15 GMT.
    """
    ends = (starts_at.astimezone(zone), ends_at.astimezone(zone))
    is_marked = ends[0].utcoffset() != ends[1].utcoffset() or any(is_repeated(end) for end in ends)
    return shown_time(starts_at, zone, is_marked=is_marked), shown_time(ends_at, zone, is_marked=is_marked)


def this_minute(now: datetime) -> datetime:
    """Return the minute that runs: the floor lives in whole minutes.

    A party given the table of one that left in the same minute would otherwise meet it for some seconds.
    """
    return now.replace(second=0, microsecond=0)


def minutes_between(earlier: datetime, later: datetime) -> int:
    """Return whole minutes from one instant to another."""
    return int((later - earlier) // ONE_MINUTE)


@dataclass(frozen=True)
class ClockChange:
    """The clock of a zone and that of the one after it, at `now`."""

    before: ZoneInfo
    after: ZoneInfo
    now: datetime

    def moved(self, instant: datetime) -> datetime | None:
        """Return the instant of the same wall time; None where the new zone has no such time on that date."""
        return carry_over(instant, self.before, self.after)

    def nearest(self, instant: datetime) -> datetime:
        """Return the instant of the same wall time, or that at which the clocks jump over it."""
        wall = instant.astimezone(self.before).replace(tzinfo=None, fold=0)
        return self.moved(instant) or jump_over(wall, self.after)

    def shift(self, instant: datetime) -> timedelta:
        """Return how far an instant moves."""
        return self.nearest(instant) - instant
