"""Slot grid, midnight, requested times, overlaps and turn times on days when the clocks stand still."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, timezone
from itertools import combinations
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity.calendar import (
    PeriodHours,
    ServiceTimes,
    TurnBand,
    find_band_gaps,
    find_overlaps,
    local_wall_time,
    longest_turn_minutes,
    periods_on,
    resolve_instant,
    resolve_time,
    service_times,
    turn_minutes,
)

LONDON = ZoneInfo("Europe/London")
NEW_YORK = ZoneInfo("America/New_York")
EVERY_DAY = frozenset(range(1, 8))
FRIDAY = date(2027, 1, 15)
SATURDAY = date(2027, 1, 16)


def wall(text: str) -> time:
    return time.fromisoformat(text)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def period(start: str, last_seating: str, end: str, **changes: Any) -> PeriodHours:
    defaults: dict[str, Any] = {"period_id": 1, "name": "Dinner", "weekdays": EVERY_DAY}
    return PeriodHours(
        start_time=wall(start), last_seating=wall(last_seating), end_time=wall(end), **(defaults | changes)
    )


LUNCH = period("12:00", "14:00", "15:00", period_id=1, name="Lunch")
DINNER = period("17:00", "21:30", "23:30", period_id=2)
LATE_DINNER = period("20:00", "00:30", "02:00", period_id=3, name="Late dinner")


def walls(times: ServiceTimes) -> list[str]:
    return [f"{slot.wall_time:%H:%M}" for slot in times.slots]


def ids(periods: Iterable[PeriodHours]) -> list[int]:
    return [period.period_id for period in periods]


def overlapping(*periods: PeriodHours) -> list[list[int]]:
    return [ids(pair) for pair in find_overlaps(periods)]


# The grid


def test_the_last_seating_is_the_last_slot() -> None:
    times = service_times(LUNCH, FRIDAY, LONDON, 15)

    assert walls(times) == ["12:00", "12:15", "12:30", "12:45", "13:00", "13:15", "13:30", "13:45", "14:00"]


def test_a_last_seating_between_two_steps_ends_the_grid_before_it() -> None:
    assert walls(service_times(period("12:00", "13:29", "15:00"), FRIDAY, LONDON, 30)) == ["12:00", "12:30", "13:00"]
    assert walls(service_times(period("12:00", "13:30", "15:00"), FRIDAY, LONDON, 30))[-1] == "13:30"


def test_the_grid_counts_from_the_start_of_the_period() -> None:
    assert walls(service_times(period("18:10", "19:10", "22:00"), FRIDAY, LONDON, 20)) == [
        "18:10",
        "18:30",
        "18:50",
        "19:10",
    ]


def test_a_last_seating_at_the_start_gives_one_slot() -> None:
    assert walls(service_times(period("19:00", "19:00", "23:00"), FRIDAY, LONDON, 15)) == ["19:00"]


def test_no_slot_starts_at_or_after_the_end() -> None:
    at_end = period("12:00", "13:00", "13:00")
    after_end = period("12:00", "14:00", "13:00")

    assert walls(service_times(at_end, FRIDAY, LONDON, 30)) == ["12:00", "12:30"]
    assert walls(service_times(after_end, FRIDAY, LONDON, 30)) == ["12:00", "12:30"]


@pytest.mark.parametrize(
    ("last_seating", "inside"), [("12:59", True), ("13:00", False), ("12:00", True), ("11:59", False)]
)
def test_a_last_seating_belongs_inside_the_period(last_seating: str, inside: bool) -> None:
    assert period("12:00", last_seating, "13:00").seats_before_end is inside


def test_slots_are_utc_instants_that_end_one_step_later() -> None:
    slot = service_times(DINNER, date(2027, 7, 1), NEW_YORK, 15).slots[0]

    assert slot.starts_at == utc("2027-07-01T21:00")
    assert slot.ends_at == utc("2027-07-01T21:15")
    assert slot.starts_at.tzinfo is UTC
    assert slot.ends_at.tzinfo is UTC
    assert (slot.wall_time, slot.fold, slot.minute) == (time(17), 0, 1020)


def test_a_service_past_midnight_keeps_its_business_date() -> None:
    times = service_times(LATE_DINNER, FRIDAY, LONDON, 30)

    assert walls(times)[-3:] == ["23:30", "00:00", "00:30"]
    assert [slot.minute for slot in times.slots[-3:]] == [1410, 1440, 1470]
    assert times.slots[-1].starts_at == utc("2027-01-16T00:30")
    assert (times.business_date, times.opens_at, times.closes_at) == (
        FRIDAY,
        utc("2027-01-15T20:00"),
        utc("2027-01-16T02:00"),
    )
    assert (times.period_id, times.name) == (3, "Late dinner")


def test_an_end_at_the_start_is_24_hours_later() -> None:
    times = service_times(period("06:00", "05:00", "06:00"), FRIDAY, LONDON, 60)

    assert len(times.slots) == 24
    assert times.closes_at - times.opens_at == timedelta(hours=24)


def test_an_end_at_midnight_is_the_next_midnight() -> None:
    assert service_times(period("18:00", "22:00", "00:00"), FRIDAY, LONDON, 15).closes_at == utc("2027-01-16T00:00")


def test_the_smallest_step_is_one_minute() -> None:
    assert walls(service_times(period("12:00", "12:02", "13:00"), FRIDAY, LONDON, 1)) == ["12:00", "12:01", "12:02"]
    assert resolve_time([LUNCH], FRIDAY, time(12, 7), LONDON, 1).is_bookable


@pytest.mark.parametrize("slot_minutes", [0, -15])
def test_a_step_that_is_not_positive_makes_no_grid(slot_minutes: int) -> None:
    with pytest.raises(ValueError, match="make no grid"):
        service_times(LUNCH, FRIDAY, LONDON, slot_minutes)
    with pytest.raises(ValueError, match="make no grid"):
        resolve_time([], FRIDAY, time(12), LONDON, slot_minutes)


@pytest.mark.parametrize("odd", [time(12, 0, 1), time(12, 0, 0, 1), time(12, tzinfo=UTC)])
def test_hours_are_whole_minutes_of_the_wall_clock(odd: time) -> None:
    with pytest.raises(ValueError, match="whole minute"):
        PeriodHours(1, "Lunch", EVERY_DAY, odd, time(14), time(15))
    with pytest.raises(ValueError, match="whole minute"):
        PeriodHours(1, "Lunch", EVERY_DAY, time(11), odd, time(15))
    with pytest.raises(ValueError, match="whole minute"):
        PeriodHours(1, "Lunch", EVERY_DAY, time(11), time(12), odd)


# Which periods a date has


def test_periods_of_a_date_are_sorted_by_start() -> None:
    assert ids(periods_on([LATE_DINNER, DINNER, LUNCH], FRIDAY)) == [1, 2, 3]


def test_weekdays_are_iso() -> None:
    friday_only = period("12:00", "13:00", "14:00", weekdays=frozenset({5}))

    assert periods_on([friday_only], FRIDAY) == (friday_only,)
    assert periods_on([friday_only], SATURDAY) == ()


@pytest.mark.parametrize(
    ("business_date", "offered"),
    [
        (date(2027, 1, 14), False),
        (date(2027, 1, 15), True),
        (date(2027, 1, 17), True),
        (date(2027, 1, 18), False),
    ],
)
def test_validity_holds_on_its_first_and_last_date(business_date: date, offered: bool) -> None:
    seasonal = period("12:00", "13:00", "14:00", valid_from=date(2027, 1, 15), valid_to=date(2027, 1, 17))

    assert bool(periods_on([seasonal], business_date)) is offered


def test_special_hours_replace_every_regular_period_of_their_date_only() -> None:
    brunch = period("10:00", "13:00", "16:00", period_id=8, weekdays=frozenset(), on_date=FRIDAY)
    party = period("19:00", "20:00", "01:00", period_id=9, weekdays=frozenset(), on_date=FRIDAY)
    periods = [party, LUNCH, DINNER, brunch]

    assert ids(periods_on(periods, FRIDAY)) == [8, 9]
    assert ids(periods_on(periods, SATURDAY)) == [1, 2]


def test_special_hours_ask_neither_weekday_nor_validity() -> None:
    special = period("10:00", "11:00", "12:00", weekdays=frozenset({1}), valid_to=date(2020, 1, 1), on_date=FRIDAY)

    assert periods_on([special], FRIDAY) == (special,)


# What a requested time means


@pytest.mark.parametrize(
    ("asked", "period_id", "on_grid", "bookable"),
    [
        ("11:59", None, True, False),
        ("12:00", 1, True, True),
        ("12:07", 1, False, False),
        ("14:00", 1, True, True),
        ("14:15", 1, True, False),
        ("14:59", 1, False, False),
        ("15:00", None, True, False),
        ("16:59", None, True, False),
        ("17:00", 2, True, True),
        ("21:30", 2, True, True),
        ("23:15", 2, True, False),
        ("23:30", None, True, False),
    ],
)
def test_a_time_belongs_to_the_period_that_holds_it(
    asked: str, period_id: int | None, on_grid: bool, bookable: bool
) -> None:
    requested = resolve_time([LUNCH, DINNER], FRIDAY, wall(asked), LONDON, 15)

    assert (requested.period.period_id if requested.period else None) == period_id
    assert (requested.on_grid, requested.is_bookable) == (on_grid, bookable)
    assert requested.starts_at == datetime.combine(FRIDAY, wall(asked), UTC)
    assert (requested.exists, requested.next_existing, requested.second_starts_at) == (True, None, None)


def test_a_time_after_midnight_belongs_to_the_service_of_the_evening_before() -> None:
    requested = resolve_time([LATE_DINNER], FRIDAY, time(0, 30), LONDON, 15)

    assert requested.period == LATE_DINNER
    assert requested.minute == 1470
    assert requested.starts_at == utc("2027-01-16T00:30")
    assert requested.is_bookable


def test_the_end_after_midnight_is_outside_service_and_on_the_business_date_itself() -> None:
    requested = resolve_time([LATE_DINNER], FRIDAY, time(2), LONDON, 15)

    assert requested.period is None
    assert requested.starts_at == utc("2027-01-15T02:00")


def test_the_business_date_itself_goes_before_the_night_after_it() -> None:
    early = period("00:00", "00:30", "01:00", period_id=7)

    requested = resolve_time([LATE_DINNER, early], FRIDAY, time(0, 30), LONDON, 15)

    assert requested.period == early
    assert requested.starts_at == utc("2027-01-15T00:30")


def test_without_periods_every_time_is_outside_service() -> None:
    requested = resolve_time([], FRIDAY, time(19), NEW_YORK, 15)

    assert requested.period is None
    assert requested.starts_at == utc("2027-01-16T00:00")
    assert not requested.is_bookable


@pytest.mark.parametrize("odd", [time(12, 0, 1), time(12, 0, 0, 1)])
def test_a_time_with_seconds_is_off_the_grid(odd: time) -> None:
    requested = resolve_time([LUNCH], FRIDAY, odd, LONDON, 15)

    assert not requested.on_grid
    assert requested.starts_at == datetime.combine(FRIDAY, odd, UTC)
    assert not resolve_instant([LUNCH], FRIDAY, datetime.combine(FRIDAY, odd, UTC), LONDON, 15).on_grid


def test_a_wall_time_with_a_zone_is_no_wall_time() -> None:
    with pytest.raises(ValueError, match="has no zone"):
        resolve_time([LUNCH], FRIDAY, time(12, tzinfo=UTC), LONDON, 15)


def test_an_instant_finds_its_service_from_any_zone() -> None:
    asked = datetime(2027, 1, 15, 19, 0, tzinfo=timezone(timedelta(hours=2)))

    requested = resolve_instant([LUNCH, DINNER], FRIDAY, asked, LONDON, 15)

    assert requested.period == DINNER
    assert (requested.wall_time, requested.minute) == (time(17), 1020)
    assert requested.starts_at == utc("2027-01-15T17:00")
    assert requested.starts_at.tzinfo is UTC
    assert requested.is_bookable


@pytest.mark.parametrize(
    ("asked", "minute", "period_id"),
    [
        ("2027-01-15T00:30", 30, None),
        ("2027-01-16T00:30", 1470, 3),
        ("2027-01-16T01:59", 1559, 3),
        ("2027-01-16T02:00", 1560, None),
        ("2027-01-16T20:00", 2640, None),
        ("2027-01-14T23:00", -60, None),
    ],
)
def test_an_instant_belongs_to_this_business_date_or_to_none(asked: str, minute: int, period_id: int | None) -> None:
    requested = resolve_instant([LATE_DINNER], FRIDAY, utc(asked), LONDON, 15)

    assert requested.minute == minute
    assert (requested.period.period_id if requested.period else None) == period_id


def test_a_naive_instant_is_refused() -> None:
    naive = datetime(2027, 1, 15, 12, 0)  # noqa: DTZ001 - the mistake under test

    with pytest.raises(ValueError, match="needs a zone"):
        resolve_instant([LUNCH], FRIDAY, naive, LONDON, 15)
    with pytest.raises(ValueError, match="needs a zone"):
        local_wall_time(naive, LONDON)


def test_the_wall_clock_of_an_instant_is_that_of_the_zone() -> None:
    assert local_wall_time(utc("2027-01-16T00:30"), NEW_YORK) == time(19, 30)


# Overlaps


def test_periods_back_to_back_do_not_overlap() -> None:
    drinks = period("15:00", "16:30", "17:00", period_id=7)

    assert overlapping(LUNCH, drinks, DINNER) == []


def test_one_minute_in_common_is_an_overlap() -> None:
    drinks = period("15:00", "16:30", "17:01", period_id=7)

    assert overlapping(LUNCH, drinks, DINNER) == [[7, 2]]


def test_periods_on_different_weekdays_do_not_overlap() -> None:
    early = period("17:00", "20:00", "23:00", period_id=1, weekdays=frozenset({1, 2, 3}))
    late = period("18:00", "21:00", "23:30", period_id=2, weekdays=frozenset({4, 5}))

    assert overlapping(early, late) == []


def test_a_night_runs_into_the_morning_of_the_next_weekday() -> None:
    sunday_night = period("20:00", "01:00", "03:00", period_id=1, weekdays=frozenset({7}))
    monday_early = period("02:59", "03:30", "05:00", period_id=2, weekdays=frozenset({1}))
    sunday_early = period("02:59", "03:30", "05:00", period_id=3, weekdays=frozenset({7}))
    monday_after = period("03:00", "03:30", "05:00", period_id=4, weekdays=frozenset({1}))

    assert overlapping(sunday_night, monday_early) == [[1, 2]]
    assert overlapping(monday_early, sunday_night) == [[2, 1]]
    assert overlapping(sunday_night, sunday_early) == []
    assert overlapping(sunday_night, monday_after) == []


def test_a_period_around_the_clock_does_not_overlap_itself() -> None:
    assert overlapping(period("06:00", "05:00", "06:00")) == []


def test_validity_that_ends_the_day_before_is_no_overlap() -> None:
    winter = period("17:00", "21:00", "23:00", period_id=1, valid_to=date(2027, 3, 31))
    summer = period("17:00", "21:00", "23:00", period_id=2, valid_from=date(2027, 4, 1))
    eager = period("17:00", "21:00", "23:00", period_id=3, valid_from=date(2027, 3, 31))

    assert overlapping(winter, summer) == []
    assert overlapping(winter, eager) == [[1, 3]]


def test_the_last_night_of_a_season_runs_into_the_first_morning_of_the_next() -> None:
    nights = period("20:00", "01:00", "03:00", period_id=1, valid_to=date(2027, 3, 31))
    mornings = period("02:00", "03:00", "05:00", period_id=2, valid_from=date(2027, 4, 1))
    mornings_later = period("02:00", "03:00", "05:00", period_id=3, valid_from=date(2027, 4, 2))

    assert overlapping(nights, mornings) == [[1, 2]]
    assert overlapping(nights, mornings_later) == []


def test_special_hours_do_not_overlap_what_they_replace() -> None:
    special = period("18:00", "22:00", "23:45", period_id=9, on_date=FRIDAY)

    assert overlapping(DINNER, special) == []


def test_special_hours_overlap_the_regular_night_before_and_morning_after() -> None:
    special = period("00:30", "00:45", "00:15", period_id=9, on_date=FRIDAY)
    mornings = period("00:00", "00:10", "00:20", period_id=7)

    assert overlapping(LATE_DINNER, special) == [[3, 9]]
    assert overlapping(special, mornings) == [[9, 7]]


def test_special_hours_of_one_date_overlap_each_other() -> None:
    first = period("10:00", "12:00", "14:00", period_id=8, on_date=FRIDAY)
    second = period("13:00", "14:00", "16:00", period_id=9, on_date=FRIDAY)
    elsewhere = period("13:00", "14:00", "16:00", period_id=10, on_date=SATURDAY)

    assert overlapping(first, second) == [[8, 9]]
    assert overlapping(first, elsewhere) == []


def test_special_hours_can_take_away_the_only_date_two_periods_share() -> None:
    early = period("17:00", "20:00", "23:00", period_id=1, valid_from=FRIDAY, valid_to=FRIDAY)
    late = period("18:00", "21:00", "23:30", period_id=2)
    special = period("12:00", "13:00", "14:00", period_id=9, on_date=FRIDAY)

    assert overlapping(early, late) == [[1, 2]]
    assert overlapping(early, late, special) == []


def test_special_hours_on_many_weeks_do_not_hide_an_overlap_after_them() -> None:
    fridays = [FRIDAY + timedelta(weeks=week) for week in range(20)]
    specials = [period("08:00", "08:30", "09:00", period_id=100 + n, on_date=day) for n, day in enumerate(fridays)]
    early = period("17:00", "20:00", "23:00", period_id=1, weekdays=frozenset({5}), valid_from=FRIDAY)
    late = period("18:00", "21:00", "23:30", period_id=2)

    assert overlapping(early, late, *specials) == [[1, 2]]


def test_special_hours_on_either_side_of_midnight_do_not_hide_an_overlap_after_them() -> None:
    fridays = [FRIDAY + timedelta(weeks=week) for week in range(20)]
    spoiled = [friday + timedelta(days=n % 2) for n, friday in enumerate(fridays)]
    specials = [period("08:00", "08:30", "09:00", period_id=100 + n, on_date=day) for n, day in enumerate(spoiled)]
    nights = period("20:00", "01:00", "03:00", period_id=1, weekdays=frozenset({5}), valid_from=FRIDAY)
    mornings = period("02:00", "03:00", "05:00", period_id=2, weekdays=frozenset({6}))

    assert overlapping(nights, mornings, *specials) == [[1, 2]]
    assert overlapping(mornings, nights, *specials) == [[2, 1]]


def test_an_endless_validity_is_no_overflow() -> None:
    first = period("20:00", "22:00", "02:00", period_id=1, valid_from=date.min, valid_to=date.max)
    second = period("01:00", "01:30", "03:00", period_id=2, valid_from=date.min, valid_to=date.max)

    assert overlapping(first, second) == [[1, 2]]
    assert overlapping(second, first) == [[2, 1]]
    assert ids(periods_on([first], FRIDAY)) == [1]


SEARCH_START = date(2027, 1, 4)
SEARCH_DAYS = 100
dates_in_search = st.integers(10, SEARCH_DAYS - 60).map(lambda day: SEARCH_START + timedelta(days=day))
quarter_hours = st.integers(0, 95).map(lambda quarter: time(quarter // 4, quarter % 4 * 15))


@st.composite
def random_periods(draw: st.DrawFn) -> list[PeriodHours]:
    return [
        PeriodHours(
            period_id=period_id,
            name=f"Period {period_id}",
            weekdays=draw(st.frozensets(st.integers(1, 7), max_size=3)),
            start_time=(start := draw(quarter_hours)),
            last_seating=start,
            end_time=draw(quarter_hours),
            valid_from=draw(st.none() | dates_in_search),
            valid_to=draw(st.none() | dates_in_search),
            on_date=draw(st.none() | st.none() | dates_in_search),
        )
        for period_id in range(draw(st.integers(2, 5)))
    ]


def spans_by_search(periods: list[PeriodHours]) -> dict[int, list[tuple[int, int]]]:
    """Return when each period is offered, in minutes since the search began, by going through every date."""
    spans: dict[int, list[tuple[int, int]]] = {period.period_id: [] for period in periods}
    for day in range(SEARCH_DAYS):
        for offered in periods_on(periods, SEARCH_START + timedelta(days=day)):
            spans[offered.period_id].append((day * 1440 + offered.start_minute, day * 1440 + offered.end_minute))
    return spans


def meet(first: list[tuple[int, int]], second: list[tuple[int, int]]) -> bool:
    return any(start < other_end and other_start < end for start, end in first for other_start, other_end in second)


@given(random_periods())
def test_overlaps_are_those_a_search_through_every_date_finds(periods: list[PeriodHours]) -> None:
    spans = spans_by_search(periods)

    assert overlapping(*periods) == [
        list(pair) for pair in combinations(spans, 2) if meet(*(spans[each] for each in pair))
    ]


# Turn times


@pytest.mark.parametrize(("party_size", "minutes"), [(1, 90), (2, 90), (3, 120), (6, 120), (7, 150), (1000, 150)])
def test_without_bands_the_defaults_hold(party_size: int, minutes: int) -> None:
    assert turn_minutes([], 1, party_size) == minutes


@pytest.mark.parametrize(
    ("party_size", "minutes"), [(1, 75), (2, 75), (3, 100), (4, 100), (5, 110), (8, 110), (9, 150)]
)
def test_bands_of_the_period_go_before_the_restaurants_before_the_defaults(party_size: int, minutes: int) -> None:
    bands = [
        TurnBand(8, 110, None),
        TurnBand(4, 100, 2),
        TurnBand(2, 75, 2),
        TurnBand(2, 60, None),
        TurnBand(12, 240, 3),
    ]

    assert turn_minutes(bands, 2, party_size) == minutes


def test_a_larger_band_of_the_period_goes_before_a_tighter_one_of_the_restaurant() -> None:
    assert turn_minutes([TurnBand(2, 60, None), TurnBand(10, 105, 2)], 2, 2) == 105


def test_without_a_period_only_the_restaurants_bands_count() -> None:
    assert turn_minutes([TurnBand(2, 60, None), TurnBand(2, 75, 2)], None, 2) == 60


@pytest.mark.parametrize(
    ("bands", "longest"),
    [
        ([], 150),
        ([TurnBand(1000, 60, None)], 60),
        ([TurnBand(999, 60, None)], 150),
        ([TurnBand(2, 240, 2)], 240),
        ([TurnBand(2, 240, 3)], 150),
        ([TurnBand(1000, 100, 2), TurnBand(1000, 200, None)], 100),
        ([TurnBand(6, 100, 2), TurnBand(1000, 130, None)], 130),
        ([TurnBand(1, 300, None), TurnBand(1000, 45, None)], 300),
    ],
)
def test_the_longest_turn_time_is_one_that_can_happen(bands: list[TurnBand], longest: int) -> None:
    assert longest_turn_minutes(tuple(bands), 2) == longest


@given(
    st.lists(st.builds(TurnBand, st.integers(1, 30), st.integers(15, 400), st.sampled_from([None, 1, 2])), max_size=6)
)
def test_the_longest_turn_time_is_the_longest_over_all_sizes(bands: list[TurnBand]) -> None:
    assert longest_turn_minutes(tuple(bands), 1) == max(turn_minutes(bands, 1, size) for size in range(1, 40))


@pytest.mark.parametrize(
    ("bands", "gaps"),
    [
        ([], []),
        ([TurnBand(8, 90, None)], []),
        ([TurnBand(7, 90, None)], [8]),
        ([TurnBand(4, 90, 2)], [5, 6, 7, 8]),
        ([TurnBand(4, 90, 2), TurnBand(6, 120, None)], [7, 8]),
        ([TurnBand(4, 90, 3)], []),
        ([TurnBand(20, 90, None)], []),
    ],
)
def test_a_gap_is_a_size_that_no_configured_band_fits(bands: list[TurnBand], gaps: list[int]) -> None:
    assert list(find_band_gaps(bands, 2, 8)) == gaps
