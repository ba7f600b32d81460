"""Gaps, repeated hours and midnight, in named zones and in all of them.

The judge of the grid never goes from wall clock to instant: it walks through UTC and reads the clock, which has one
answer only, every five minutes, on which all clock changes fall. `FUZZ=1` does so for every zone and every clock
change from 2026 to 2036; without it the zones named here do, and Hypothesis samples the others.
"""

import os
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import pairwise
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity.calendar import (
    PeriodHours,
    RequestedTime,
    ServiceTimes,
    local_wall_time,
    resolve_instant,
    resolve_time,
    service_times,
)
from capacity.calendar.wall_clock import carry_over, shown_span, shown_time

Readings = dict[int, list[datetime]]

STEP = timedelta(minutes=5)
EVERY_DAY = frozenset(range(1, 8))
FIRST_YEAR, LAST_YEAR = 2026, 2036
ALL_ZONES = sorted(available_timezones())
NAMED_ZONES = [
    "Africa/Cairo",
    "Africa/Casablanca",
    "Africa/El_Aaiun",
    "America/Havana",
    "America/Santiago",
    "Atlantic/Azores",
    "Australia/Lord_Howe",
    "Europe/Lisbon",
    "Europe/London",
    "Pacific/Apia",
]
CHECKED_ZONES = ALL_ZONES if os.environ.get("FUZZ") == "1" else NAMED_ZONES

LONDON = ZoneInfo("Europe/London")
GAP_DATE = date(2027, 3, 28)
REPEAT_DATE = date(2027, 10, 31)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def period(start: str, last_seating: str, end: str) -> PeriodHours:
    start_time, last_seating_time, end_time = map(time.fromisoformat, (start, last_seating, end))
    return PeriodHours(1, "Service", EVERY_DAY, start_time, last_seating_time, end_time)


def shown(times: ServiceTimes) -> list[str]:
    """Write each slot as wall clock, fold and UTC, to compare whole services at a glance."""
    return [f"{slot.wall_time:%H:%M}/{slot.fold} {slot.starts_at:%H:%M}Z" for slot in times.slots]


EARLY = period("00:00", "02:30", "04:00")
LATE = period("17:00", "01:45", "02:00")


# Europe/London


def test_london_has_no_slot_in_the_hour_that_is_jumped_over() -> None:
    assert shown(service_times(EARLY, GAP_DATE, LONDON, 30)) == [
        "00:00/0 00:00Z",
        "00:30/0 00:30Z",
        "02:00/0 01:00Z",
        "02:30/0 01:30Z",
    ]


def test_london_has_every_slot_of_the_repeated_hour_twice() -> None:
    assert shown(service_times(EARLY, REPEAT_DATE, LONDON, 30)) == [
        "00:00/0 23:00Z",
        "00:30/0 23:30Z",
        "01:00/0 00:00Z",
        "01:30/0 00:30Z",
        "01:00/1 01:00Z",
        "01:30/1 01:30Z",
        "02:00/0 02:00Z",
        "02:30/0 02:30Z",
    ]


def test_london_dinner_ends_early_on_the_night_the_clocks_jump() -> None:
    times = service_times(LATE, date(2027, 3, 27), LONDON, 15)

    assert shown(times)[-2:] == ["00:30/0 00:30Z", "00:45/0 00:45Z"]
    assert times.closes_at == utc("2027-03-28T01:00")
    assert times.slots[-1].ends_at == utc("2027-03-28T01:00")


def test_london_dinner_is_an_hour_longer_on_the_night_the_clocks_fall_back() -> None:
    times = service_times(LATE, date(2027, 10, 30), LONDON, 15)

    assert shown(times)[-5:] == [
        "01:45/0 00:45Z",
        "01:00/1 01:00Z",
        "01:15/1 01:15Z",
        "01:30/1 01:30Z",
        "01:45/1 01:45Z",
    ]
    assert [slot.minute for slot in times.slots[-2:]] == [1530, 1545]
    assert times.closes_at - times.opens_at == timedelta(hours=10)


@pytest.mark.parametrize(
    ("wall", "exists", "starts_at"),
    [
        (time(0, 59), True, "2027-03-28T00:59"),
        (time(1, 0), False, "2027-03-28T01:00"),
        (time(1, 59), False, "2027-03-28T01:00"),
        (time(2, 0), True, "2027-03-28T01:00"),
    ],
)
def test_london_0100_to_0200_does_not_exist_in_spring(wall: time, exists: bool, starts_at: str) -> None:
    requested = resolve_time([], GAP_DATE, wall, LONDON, 15)

    assert requested.exists is exists
    assert requested.next_existing == (None if exists else time(2))
    assert requested.starts_at == utc(starts_at)
    assert requested.second_starts_at is None


@pytest.mark.parametrize(
    ("wall", "first", "second"),
    [
        (time(0, 59), "2027-10-30T23:59", None),
        (time(1, 0), "2027-10-31T00:00", "2027-10-31T01:00"),
        (time(1, 59), "2027-10-31T00:59", "2027-10-31T01:59"),
        (time(2, 0), "2027-10-31T02:00", None),
    ],
)
def test_london_0100_to_0200_comes_twice_in_autumn(wall: time, first: str, second: str | None) -> None:
    requested = resolve_time([EARLY], REPEAT_DATE, wall, LONDON, 1)

    assert requested.exists
    assert requested.starts_at == utc(first)
    assert requested.second_starts_at == (utc(second) if second else None)


def test_the_second_of_a_repeated_time_is_asked_for_by_its_instant() -> None:
    second = resolve_instant([EARLY], REPEAT_DATE, utc("2027-10-31T01:30"), LONDON, 30)
    first = resolve_instant([EARLY], REPEAT_DATE, utc("2027-10-31T00:30"), LONDON, 30)

    assert second.starts_at == second.second_starts_at == first.second_starts_at == utc("2027-10-31T01:30")
    assert first.starts_at == utc("2027-10-31T00:30")
    assert first.wall_time == second.wall_time == time(1, 30)
    assert first.minute == second.minute == 90
    assert first.is_bookable
    assert second.is_bookable


def test_a_time_jumped_over_is_never_bookable_and_names_the_next_of_its_grid() -> None:
    from_ten_past = period("00:10", "02:30", "04:00")

    requested = resolve_time([from_ten_past], GAP_DATE, time(1, 10), LONDON, 15)

    assert not requested.exists
    assert requested.on_grid
    assert not requested.is_bookable
    assert requested.next_existing == time(2, 10)
    assert requested.starts_at == utc("2027-03-28T01:10")


def test_a_time_jumped_over_after_the_last_slot_names_the_moment_of_the_jump() -> None:
    requested = resolve_time([LATE], date(2027, 3, 27), time(1, 30), LONDON, 15)

    assert requested.period == LATE
    assert requested.next_existing == time(2)
    assert requested.starts_at == utc("2027-03-28T01:00")


def test_borders_that_are_jumped_over_lie_at_the_jump() -> None:
    times = service_times(period("01:30", "03:00", "04:00"), GAP_DATE, LONDON, 30)

    assert times.opens_at == utc("2027-03-28T01:00")
    assert shown(times) == ["02:00/0 01:00Z", "02:30/0 01:30Z", "03:00/0 02:00Z"]
    assert service_times(period("00:00", "01:15", "01:30"), GAP_DATE, LONDON, 30).closes_at == utc("2027-03-28T01:00")


def test_a_service_that_is_jumped_over_has_no_slots_and_no_length() -> None:
    times = service_times(period("01:00", "01:45", "02:00"), GAP_DATE, LONDON, 15)

    assert times.slots == ()
    assert times.opens_at == times.closes_at == utc("2027-03-28T01:00")


def test_an_end_as_the_repeated_hour_begins_is_the_first_of_its_instants() -> None:
    closing = service_times(period("00:00", "00:45", "01:00"), REPEAT_DATE, LONDON, 15)

    assert closing.closes_at == utc("2027-10-31T00:00")
    assert closing.closes_at == closing.slots[-1].ends_at


def test_a_border_inside_the_repeated_hour_opens_at_its_first_and_closes_at_its_last_instant() -> None:
    opening = service_times(period("01:30", "03:00", "04:00"), REPEAT_DATE, LONDON, 30)
    closing = service_times(period("00:00", "01:15", "01:30"), REPEAT_DATE, LONDON, 15)

    assert opening.opens_at == utc("2027-10-31T00:30")
    assert closing.closes_at == utc("2027-10-31T01:30")
    assert closing.slots[-1].starts_at == utc("2027-10-31T01:15")


def test_an_end_one_minute_into_the_repeated_hour_is_the_second_of_its_instants() -> None:
    closing = service_times(period("00:00", "00:45", "01:01"), REPEAT_DATE, LONDON, 15)

    assert closing.closes_at == utc("2027-10-31T01:01")


# Other named zones, on dates that are history where their rules still change


def test_lord_howe_repeats_half_an_hour() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")

    times = service_times(period("01:00", "02:30", "04:00"), date(2024, 4, 7), zone, 30)

    assert shown(times) == ["01:00/0 14:00Z", "01:30/0 14:30Z", "01:30/1 15:00Z", "02:00/0 15:30Z", "02:30/0 16:00Z"]


def test_lord_howe_jumps_over_half_an_hour() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")

    times = service_times(period("01:30", "02:45", "04:00"), date(2024, 10, 6), zone, 15)

    assert shown(times) == ["01:30/0 15:00Z", "01:45/0 15:15Z", "02:30/0 15:30Z", "02:45/0 15:45Z"]
    assert resolve_time([], date(2024, 10, 6), time(2, 15), zone, 15).next_existing == time(2, 30)


def test_apia_jumped_over_a_whole_date() -> None:
    zone = ZoneInfo("Pacific/Apia")
    skipped = date(2011, 12, 30)
    jump = utc("2011-12-30T10:00")

    times = service_times(period("12:00", "14:00", "15:00"), skipped, zone, 15)
    requested = resolve_time([], skipped, time(12), zone, 15)

    assert times.slots == ()
    assert times.opens_at == times.closes_at == jump
    assert (requested.exists, requested.next_existing, requested.starts_at) == (False, time(0), jump)


def test_apia_dinner_before_the_date_that_was_jumped_over_goes_on_without_it() -> None:
    times = service_times(period("22:00", "01:00", "02:00"), date(2011, 12, 29), ZoneInfo("Pacific/Apia"), 60)

    assert shown(times) == ["22:00/0 08:00Z", "23:00/0 09:00Z"]
    assert times.closes_at == utc("2011-12-30T10:00")


@pytest.mark.parametrize("name", ["Africa/Casablanca", "Africa/El_Aaiun"])
def test_morocco_falls_back_for_ramadan_and_returns_after_it(name: str) -> None:
    hours = period("01:30", "03:30", "05:00")

    before = service_times(hours, date(2024, 3, 10), ZoneInfo(name), 30)
    after = service_times(hours, date(2024, 4, 14), ZoneInfo(name), 30)

    assert shown(before) == [
        "01:30/0 00:30Z",
        "02:00/0 01:00Z",
        "02:30/0 01:30Z",
        "02:00/1 02:00Z",
        "02:30/1 02:30Z",
        "03:00/0 03:00Z",
        "03:30/0 03:30Z",
    ]
    assert shown(after) == ["01:30/0 01:30Z", "03:00/0 02:00Z", "03:30/0 02:30Z"]


def test_lisbon_dinner_past_midnight_loses_and_wins_an_hour() -> None:
    lisbon = ZoneInfo("Europe/Lisbon")
    dinner = period("19:00", "01:30", "03:00")

    spring = service_times(dinner, date(2027, 3, 27), lisbon, 30)
    autumn = service_times(dinner, date(2027, 10, 30), lisbon, 30)
    plain = service_times(dinner, date(2027, 6, 1), lisbon, 30)

    assert (len(spring.slots), len(plain.slots), len(autumn.slots)) == (12, 14, 16)
    assert shown(spring)[-1] == "00:30/0 00:30Z"
    assert shown(autumn)[-4:] == ["01:00/0 00:00Z", "01:30/0 00:30Z", "01:00/1 01:00Z", "01:30/1 01:30Z"]
    assert spring.closes_at - spring.opens_at == timedelta(hours=7)
    assert autumn.closes_at - autumn.opens_at == timedelta(hours=9)


def test_lisbon_time_after_midnight_of_the_long_night_means_the_first() -> None:
    dinner = period("19:00", "01:30", "03:00")

    requested = resolve_time([dinner], date(2027, 10, 30), time(1, 30), ZoneInfo("Europe/Lisbon"), 30)

    assert requested.period == dinner
    assert requested.minute == 1530
    assert requested.starts_at == utc("2027-10-31T00:30")
    assert requested.second_starts_at == utc("2027-10-31T01:30")


def test_santiago_repeats_the_hour_before_midnight() -> None:
    zone = ZoneInfo("America/Santiago")

    times = service_times(period("22:30", "00:30", "02:00"), date(2024, 4, 6), zone, 30)

    assert shown(times) == [
        "22:30/0 01:30Z",
        "23:00/0 02:00Z",
        "23:30/0 02:30Z",
        "23:00/1 03:00Z",
        "23:30/1 03:30Z",
        "00:00/0 04:00Z",
        "00:30/0 04:30Z",
    ]


def test_santiago_jumps_over_midnight_itself() -> None:
    zone = ZoneInfo("America/Santiago")

    times = service_times(period("23:00", "01:00", "02:00"), date(2024, 9, 7), zone, 30)

    assert shown(times) == ["23:00/0 03:00Z", "23:30/0 03:30Z", "01:00/0 04:00Z"]


# Every zone


@lru_cache
def clock_changes(name: str) -> tuple[datetime, ...]:
    """Return the instants, to the minute, at which the offset of a zone changes from 2026 to 2036."""
    zone = ZoneInfo(name)
    first, last = datetime(FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(LAST_YEAR + 1, 1, 1, tzinfo=UTC)
    days = [(day, offset(day, zone)) for day in instants_between(first, last, timedelta(days=1))]
    return tuple(
        next(minute for minute in instants_between(day, after, timedelta(minutes=1)) if offset(minute, zone) != before)
        for (day, before), (after, now) in pairwise(days)
        if before != now
    )


def instants_between(first: datetime, last: datetime, step: timedelta) -> Iterator[datetime]:
    while first <= last:
        yield first
        first += step


def offset(instant: datetime, zone: ZoneInfo) -> timedelta | None:
    return instant.astimezone(zone).utcoffset()


@lru_cache(maxsize=8)
def clock_readings(business_date: date, zone: ZoneInfo) -> Readings:
    """Return at which instants the clock shows each minute of a business date and the next, by reading it often."""
    midnight = datetime.combine(business_date, time.min)
    # Offsets reach from UTC-12 to UTC+14; an hour more on each side for the clock change itself.
    begin = midnight.replace(tzinfo=UTC) - timedelta(hours=15)
    end = midnight.replace(tzinfo=UTC) + timedelta(hours=48 + 13)
    readings: Readings = defaultdict(list)
    for instant in instants_between(begin, end, STEP):
        clock = instant.astimezone(zone).replace(tzinfo=None)
        readings[int((clock - midnight).total_seconds()) // 60].append(instant)
    return readings


def check_service(hours: PeriodHours, business_date: date, zone: ZoneInfo, slot_minutes: int) -> None:
    readings = clock_readings(business_date, zone)
    minutes = range(hours.start_minute, hours.last_seating_minute + 1, slot_minutes)
    times = service_times(hours, business_date, zone, slot_minutes)

    assert [(slot.starts_at, slot.minute) for slot in times.slots] == sorted(
        (instant, minute) for minute in minutes for instant in readings.get(minute, ())
    )
    assert all(local_wall_time(slot.starts_at, zone) == slot.wall_time for slot in times.slots)
    assert all(slot.ends_at - slot.starts_at == timedelta(minutes=slot_minutes) for slot in times.slots)
    check_borders(times, hours, readings)
    for minute in minutes:
        requested = resolve_time([hours], business_date, wall_time(minute), zone, slot_minutes)
        assert (requested.period, requested.minute, requested.on_grid) == (hours, minute, True)
        if minute in readings:
            check_real(requested, readings[minute])
            check_instants(requested, readings[minute], business_date, zone, slot_minutes)
        else:
            check_jumped_over(requested, zone, readings, [later for later in minutes if later > minute])


def wall_time(minute: int) -> time:
    return time(minute // 60 % 24, minute % 60)


def check_borders(times: ServiceTimes, hours: PeriodHours, readings: Readings) -> None:
    inside = [instant for minute, instants in readings.items() if hours.holds(minute) for instant in instants]
    if inside:
        assert (times.opens_at, times.closes_at) == (min(inside), max(inside) + STEP)
    else:
        assert times.opens_at == times.closes_at == first_after(readings, hours.start_minute)


def first_after(readings: Readings, minute: int) -> datetime:
    return min(instant for later, instants in readings.items() if later > minute for instant in instants)


def check_real(requested: RequestedTime, instants: list[datetime]) -> None:
    assert requested.exists
    assert requested.is_bookable
    assert requested.next_existing is None
    assert requested.starts_at == instants[0]
    assert requested.second_starts_at == (instants[1] if len(instants) > 1 else None)


def check_instants(
    requested: RequestedTime, instants: list[datetime], business_date: date, zone: ZoneInfo, slot_minutes: int
) -> None:
    assert requested.period is not None
    for instant in instants:
        again = resolve_instant([requested.period], business_date, instant, zone, slot_minutes)
        assert again == replace(requested, starts_at=instant)


def check_jumped_over(requested: RequestedTime, zone: ZoneInfo, readings: Readings, later: list[int]) -> None:
    assert not requested.exists
    assert not requested.is_bookable
    assert requested.second_starts_at is None
    next_slot = next((readings[minute][0] for minute in later if minute in readings), None)
    assert requested.starts_at == (next_slot or first_after(readings, requested.minute))
    assert requested.next_existing == local_wall_time(requested.starts_at, zone)


def dates_around(change: datetime, zone: ZoneInfo) -> list[date]:
    """Return the business dates whose services can meet a clock change."""
    local_date = change.astimezone(zone).date()
    return [local_date - timedelta(days=1), local_date]


@pytest.mark.fuzz
@pytest.mark.parametrize("name", CHECKED_ZONES)
def test_the_grid_agrees_with_the_clock_at_every_change(name: str) -> None:
    zone = ZoneInfo(name)
    around_the_clock = period("12:00", "11:45", "12:00")
    past_midnight = period("18:10", "03:30", "04:00")

    for change in clock_changes(name):
        for business_date in dates_around(change, zone):
            check_service(around_the_clock, business_date, zone, 15)
            check_service(past_midnight, business_date, zone, 20)


@st.composite
def services(draw: st.DrawFn) -> tuple[PeriodHours, date, ZoneInfo, int]:
    """Draw a service near a clock change of some zone, or on any date of one that never changes."""
    name = draw(st.sampled_from(ALL_ZONES))
    zone = ZoneInfo(name)
    any_date = st.dates(date(FIRST_YEAR, 1, 1), date(LAST_YEAR, 12, 31))
    changes = [day for change in clock_changes(name) for day in dates_around(change, zone)]
    steps = draw(st.integers(1, 288))
    start = 5 * draw(st.integers(0, 287))
    last, end = start + 5 * draw(st.integers(0, steps - 1)), start + 5 * steps
    hours = PeriodHours(1, "Service", EVERY_DAY, wall_time(start), wall_time(last), wall_time(end))
    business_date = draw(st.sampled_from(changes) if changes else any_date)
    return hours, business_date, zone, draw(st.sampled_from([5, 10, 15, 20, 30, 45, 60, 90]))


@given(services())
def test_the_grid_agrees_with_the_clock_in_a_sampled_zone(service: tuple[PeriodHours, date, ZoneInfo, int]) -> None:
    check_service(*service)


@pytest.mark.parametrize(
    ("starts_at", "ends_at", "shown"),
    [
        ("2027-10-30T18:00", "2027-10-30T19:30", ("19:00", "20:30")),
        ("2027-10-31T00:45", "2027-10-31T01:15", ("01:45 BST", "01:15 GMT")),
        ("2027-10-30T23:30", "2027-10-31T00:15", ("00:30 BST", "01:15 BST")),
        ("2027-10-30T23:30", "2027-10-31T02:00", ("00:30 BST", "02:00 GMT")),
        ("2027-03-28T00:30", "2027-03-28T02:00", ("00:30 GMT", "03:00 BST")),
        ("2027-10-31T02:00", "2027-10-31T03:30", ("02:00", "03:30")),
    ],
)
def test_a_span_names_the_clocks_where_they_change_and_only_there(
    starts_at: str, ends_at: str, shown: tuple[str, str]
) -> None:
    ends = (datetime.fromisoformat(end).replace(tzinfo=UTC) for end in (starts_at, ends_at))

    assert shown_span(*ends, LONDON) == shown


def test_a_clock_without_a_name_is_told_by_its_offset() -> None:
    zone = ZoneInfo("Australia/Lord_Howe")
    second = datetime(2027, 4, 3, 15, 15, tzinfo=UTC)

    assert [shown_time(second - timedelta(minutes=minutes), zone) for minutes in (30, 0)] == [
        "01:45 +11",
        "01:45 +1030",
    ]


def test_a_wall_time_is_carried_to_another_zone_second_passing_and_all() -> None:
    new_york = ZoneInfo("America/New_York")
    evening, second = datetime(2027, 10, 30, 18, tzinfo=UTC), datetime(2027, 10, 31, 1, 30, tzinfo=UTC)

    assert carry_over(evening, LONDON, new_york) == datetime(2027, 10, 30, 23, tzinfo=UTC)
    assert carry_over(second, LONDON, ZoneInfo("Europe/Dublin")) == second
    assert carry_over(datetime(2027, 3, 28, 1, 30, tzinfo=UTC), ZoneInfo("UTC"), LONDON) is None
