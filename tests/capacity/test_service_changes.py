"""Changes of limits and starts: only what is another number, joined as people read it."""

from datetime import date

from capacity.limits import PACING_LIMITS, SERVICE_LIMITS
from capacity.service_changes import ChangedSpan, in_spans, limit_changes, start_change

FRIDAY, SATURDAY, NEXT_FRIDAY = date(2027, 3, 5), date(2027, 3, 6), date(2027, 3, 12)


def pacing(on: date, minute: int, before: int | None = 20, after: int | None = 12):
    return list(limit_changes("Dinner", on, minute, PACING_LIMITS, (before, None), (after, None)))


def test_only_what_is_another_number_is_a_change() -> None:
    (found,) = limit_changes("Dinner", FRIDAY, None, SERVICE_LIMITS, (80, 30), (None, 30))

    assert found == ("Dinner", FRIDAY, None, "covers per service", "80", "no limit")


def test_neighbouring_starts_are_one_span_and_a_start_between_that_stays_parts_them() -> None:
    changes = [change for minute in (1140, 1155, 1185) for change in pacing(FRIDAY, minute)]

    spans = in_spans(changes, slot_minutes=15)

    assert [span.times for span in spans] == [("19:00", "19:15"), ("19:45",)]


def test_the_same_on_several_dates_is_one_span_with_its_weekdays() -> None:
    changes = [change for on in (NEXT_FRIDAY, FRIDAY, SATURDAY) for change in pacing(on, 1500)]

    assert in_spans(changes, slot_minutes=15) == (
        ChangedSpan(
            "Dinner",
            "covers starting per slot",
            "20",
            "12",
            1500,
            1500,
            (FRIDAY, SATURDAY, NEXT_FRIDAY),
        ),
    )
    (span,) = in_spans(changes, slot_minutes=15)
    assert (span.weekdays, span.times) == ((5, 6), ("01:00",))


def test_other_numbers_are_other_spans_the_whole_service_first_and_starts_last() -> None:
    whole = limit_changes("Dinner", FRIDAY, None, SERVICE_LIMITS, (80, None), (40, None))
    changes = [
        start_change("Dinner", FRIDAY, 1290, is_offered=False),
        *pacing(FRIDAY, 1140),
        *pacing(SATURDAY, 1140, before=16),
        *whole,
    ]

    spans = in_spans(changes, slot_minutes=15)

    assert [(span.what, span.before, span.after, span.times) for span in spans] == [
        ("covers per service", "80", "40", ()),
        ("covers starting per slot", "20", "12", ("19:00",)),
        ("covers starting per slot", "16", "12", ("19:00",)),
        ("start times", "offered", "not offered", ("21:30",)),
    ]
