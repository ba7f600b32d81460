"""Which spans share time, at their edges above all."""

from datetime import UTC, datetime, timedelta

import pytest

from tables.spans import TimeSpan

NOON = datetime(2027, 1, 15, 12, 0, tzinfo=UTC)


def span(first: int, last: int) -> TimeSpan:
    """Return the span from some minutes after noon to some others."""
    return TimeSpan(NOON + timedelta(minutes=first), NOON + timedelta(minutes=last))


@pytest.mark.parametrize(
    ("other", "overlaps", "touches"),
    [
        (span(-30, -1), False, False),
        (span(-30, 0), False, True),
        (span(-30, 1), True, True),
        (span(0, 60), True, True),
        (span(20, 40), True, True),
        (span(59, 90), True, True),
        (span(60, 90), False, True),
        (span(61, 90), False, False),
        (span(0, 0), False, True),
        (span(30, 30), True, True),
    ],
)
def test_spans_that_meet_at_an_end_touch_and_do_not_overlap(other: TimeSpan, overlaps: bool, touches: bool) -> None:
    hour = span(0, 60)

    assert (hour.overlaps(other), other.overlaps(hour)) == (overlaps, overlaps)
    assert (hour.touches(other), other.touches(hour)) == (touches, touches)


def test_the_span_around_some_is_the_shortest_that_holds_them_all() -> None:
    assert TimeSpan.around([span(10, 20), span(-5, 0), span(12, 15)]) == span(-5, 20)
    assert TimeSpan.around(iter([span(10, 20)])) == span(10, 20)
