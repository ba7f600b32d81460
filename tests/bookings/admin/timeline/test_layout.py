"""The timeline by instants: where a stay stands on the grid, on every kind of night."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from bookings.admin.timeline.axis import Columns, TimeAxis
from bookings.admin.timeline.layout import Bar, Held, Layout, Party, Place, Stretch, lay_out
from capacity.calendar import PeriodHours, service_times
from tables.spans import TimeSpan

LONDON, SANTIAGO = ZoneInfo("Europe/London"), ZoneInfo("America/Santiago")
SEVEN = datetime(2027, 1, 15, 19, tzinfo=UTC)
EVENING = TimeAxis.over(TimeSpan(SEVEN, SEVEN + timedelta(hours=5)))
T1, T2, T3, T4 = 1, 2, 3, 4
ROOM = [Place(T1, "Room"), Place(T2, "Room"), Place(T3, "Room")]


def at(minutes: int) -> datetime:
    """Return an instant so many minutes after seven."""
    return SEVEN + timedelta(minutes=minutes)


def party(booking_id: int, start: int, end: int, *table_ids: int, buffer: int = 0) -> Party:
    held = (Held(table_id, at(start), at(end + buffer)) for table_id in table_ids)
    return Party(booking_id, at(start), at(end), tuple(held))


def laid_out(*parties: Party, places: Sequence[Place] = ROOM, stretches: Sequence[Stretch] = ()) -> Layout:
    return lay_out(EVENING, places, parties, stretches)


def columns(bar: Bar) -> tuple[int, int]:
    return bar.columns.first, bar.columns.last


def test_a_stay_takes_a_column_for_every_five_minutes() -> None:
    short, long = laid_out(party(1, 0, 45, T1), party(2, 15, 255, T2)).bars

    assert (columns(short), columns(long)) == ((0, 9), (3, 51))


def test_two_bookings_in_one_hour_follow_each_other_in_one_lane() -> None:
    layout = laid_out(party(1, 0, 30, T1), party(2, 30, 60, T1))

    assert [(columns(bar), bar.line, bar.is_conflict) for bar in layout.bars] == [
        ((0, 6), 2, False),
        ((6, 12), 2, False),
    ]
    assert layout.groups[0].rows[0].lines == 1


def test_minutes_between_the_steps_never_make_parties_overlap_that_follow_each_other() -> None:
    layout = laid_out(party(1, 0, 37, T1), party(2, 37, 60, T1))

    assert [columns(bar) for bar in layout.bars] == [(0, 7), (7, 12)]
    assert layout.groups[0].rows[0].lines == 1


def test_the_buffer_belongs_to_the_table_not_to_the_stay() -> None:
    (bar,) = laid_out(party(1, 0, 90, T1, buffer=15)).bars

    assert (columns(bar), bar.ready) == ((0, 18), 21)


def test_a_combination_of_neighbours_is_one_bar_over_its_tables() -> None:
    (bar,) = laid_out(party(1, 0, 90, T1, T2)).bars

    assert (bar.table_ids, bar.line, bar.lines, bar.part, bar.parts) == ((T1, T2), 2, 2, 1, 1)


def test_a_combination_of_tables_apart_is_parts_that_say_so() -> None:
    first, second = laid_out(party(1, 0, 90, T1, T3)).bars

    assert (first.table_ids, first.line, first.part, first.parts) == ((T1,), 2, 1, 2)
    assert (second.table_ids, second.line, second.part, second.parts) == ((T3,), 4, 2, 2)


def test_a_combination_across_sections_is_parts_though_the_rows_are_next_to_each_other() -> None:
    places = [Place(T1, "Room"), Place(T2, "Terrace")]

    bars = laid_out(party(1, 0, 90, T1, T2), places=places).bars

    assert [(bar.part, bar.parts, bar.line) for bar in bars] == [(1, 2, 2), (2, 2, 4)]


def test_sections_and_tables_stand_below_each_other_in_the_order_given() -> None:
    layout = laid_out(places=[Place(T2, "Room"), Place(T1, "Room"), Place(T3, "Terrace")])

    assert [(group.section, group.line, [row.line for row in group.rows]) for group in layout.groups] == [
        ("Room", 1, [2, 3]),
        ("Terrace", 4, [5]),
    ]
    assert layout.lines == 5


def test_two_parties_on_one_table_are_both_shown_with_a_warning() -> None:
    layout = laid_out(party(1, 0, 90, T1), party(2, 60, 150, T1), party(3, 0, 90, T2))

    shown = [(bar.booking_id, bar.line, bar.is_conflict) for bar in layout.bars]
    assert shown == [(1, 2, True), (2, 3, True), (3, 4, False)]
    assert [row.lines for row in layout.groups[0].rows] == [2, 1, 1]


def test_a_table_that_is_not_ready_yet_is_a_conflict_too() -> None:
    assert [bar.is_conflict for bar in laid_out(party(1, 0, 90, T1, buffer=15), party(2, 90, 150, T1)).bars] == [
        True,
        True,
    ]


def test_a_party_that_stays_on_is_drawn_to_the_present_and_is_no_conflict() -> None:
    stays_on = Party(1, at(0), at(90), (Held(T1, at(0), at(90)),), sits_until=at(110))

    bars = laid_out(stays_on, party(2, 100, 190, T1)).bars

    assert [(columns(bar), bar.line, bar.is_conflict) for bar in bars] == [((0, 22), 2, False), ((20, 38), 3, False)]


def test_parties_without_a_table_wait_on_top_in_as_many_lanes_as_they_need() -> None:
    layout = laid_out(party(1, 0, 90), party(2, 60, 150), party(3, 90, 180), party(4, 0, 90, T1))

    assert [(bar.booking_id, bar.line) for bar in layout.waiting] == [(1, 1), (2, 2), (3, 1)]
    assert layout.waiting_lines == 2
    assert [(bar.booking_id, bar.line) for bar in layout.bars] == [(4, 4)]


def test_a_block_stands_in_the_row_of_its_table_over_all_its_lanes() -> None:
    layout = laid_out(party(1, 0, 90, T2), party(2, 60, 150, T2), stretches=[Stretch(T2, at(30), at(120), "wobbles")])

    (placed,) = layout.groups[0].rows[1].stretches
    assert (placed.stretch.words, placed.line, placed.lines, placed.columns) == ("wobbles", 3, 2, Columns(6, 24))


def test_what_goes_on_before_or_after_the_evening_is_cut_with_a_sign() -> None:
    early, late = laid_out(party(1, -60, 30, T1), party(2, 240, 360, T1)).bars

    assert (early.columns, late.columns) == (
        Columns(0, 6, is_cut_before=True),
        Columns(48, 60, is_cut_after=True),
    )


@pytest.mark.parametrize(("start", "end"), [(-90, 0), (300, 390)])
def test_what_lies_outside_the_evening_is_left_out(start: int, end: int) -> None:
    assert laid_out(party(1, start, end, T1), party(2, start, end)).bars == ()


def test_a_party_at_a_table_of_no_row_is_left_out() -> None:
    assert laid_out(party(1, 0, 90, T4)).bars == ()


def test_the_present_is_a_share_of_the_evening_while_it_lasts() -> None:
    assert [EVENING.share_of(at(minute)) for minute in (-1, 0, 75, 299, 300)] == [None, 0.0, 0.25, 299 / 300, None]


def night(zone: ZoneInfo, business_date: date, start: time, last: time, end: time) -> TimeAxis:
    """Return the axis of a service, as its slots lie on the clock of a zone."""
    hours = PeriodHours(1, "Late", frozenset(range(1, 8)), start, last, end)
    service = service_times(hours, business_date, zone, 15)
    return TimeAxis.over(TimeSpan(service.opens_at, service.closes_at))


def labels(axis: TimeAxis, zone: ZoneInfo) -> list[tuple[int, str]]:
    return [(tick.column, tick.label) for tick in axis.ticks(zone)]


def test_a_party_of_half_past_eleven_sits_past_midnight() -> None:
    axis = night(LONDON, date(2027, 1, 15), time(22), time(23, 30), time(2))
    start = datetime(2027, 1, 15, 23, 30, tzinfo=LONDON)
    stay = axis.columns_of(start, start + timedelta(minutes=120))

    assert stay == Columns(18, 42)
    assert labels(axis, LONDON) == [(0, "22:00"), (12, "23:00"), (24, "00:00"), (36, "01:00")]


def test_in_london_a_night_whose_hour_repeats_has_twelve_columns_more() -> None:
    axis = night(LONDON, date(2027, 10, 30), time(23), time(1, 30), time(3))

    assert axis.steps == 60
    assert labels(axis, LONDON) == [
        (0, "23:00 BST"),
        (12, "00:00 BST"),
        (24, "01:00 BST"),
        (36, "01:00 GMT"),
        (48, "02:00 GMT"),
    ]
    first, second = (datetime(2027, 10, 31, 1, 30, tzinfo=LONDON, fold=fold).astimezone(UTC) for fold in (0, 1))
    hour = timedelta(minutes=60)
    assert (axis.columns_of(first, first + hour), axis.columns_of(second, second + hour)) == (
        Columns(30, 42),
        Columns(42, 54),
    )


def test_in_london_a_night_that_skips_an_hour_has_twelve_columns_fewer() -> None:
    axis = night(LONDON, date(2027, 3, 27), time(23), time(2, 30), time(3))

    assert axis.steps == 36
    assert labels(axis, LONDON) == [(0, "23:00 GMT"), (12, "00:00 GMT"), (24, "02:00 BST")]
    start = datetime(2027, 3, 28, 0, 30, tzinfo=LONDON).astimezone(UTC)
    assert axis.columns_of(start, start + timedelta(minutes=90)) == Columns(18, 36)


def test_in_santiago_the_hour_before_midnight_repeats_on_saturday_evening() -> None:
    axis = night(SANTIAGO, date(2027, 4, 3), time(21), time(23, 30), time(1))

    assert axis.steps == 60
    assert labels(axis, SANTIAGO) == [
        (0, "21:00 UTC-03"),
        (12, "22:00 UTC-03"),
        (24, "23:00 UTC-03"),
        (36, "23:00 UTC-04"),
        (48, "00:00 UTC-04"),
    ]
    twice = [datetime(2027, 4, 3, 23, 30, tzinfo=SANTIAGO, fold=fold).astimezone(UTC) for fold in (0, 1)]
    assert [axis.column_of(instant) for instant in twice] == [30, 42]


def test_an_evening_that_begins_between_hours_is_labelled_at_its_first_column() -> None:
    axis = night(LONDON, date(2027, 1, 15), time(17, 30), time(19), time(20))

    assert labels(axis, LONDON) == [(0, "17:30"), (6, "18:00"), (18, "19:00")]
