"""Which booking answered which refusal, reckoned from the ledger."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bookings.insight.replay.alternatives import AlternativeRow, match_alternatives

ASKED_AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
SEVEN, QUARTER_PAST, HALF_PAST = (datetime(2026, 11, 27, 19, minute, tzinfo=UTC) for minute in (0, 15, 30))


def refused(
    pk: int, *, after: int = 0, offering: tuple[datetime, ...] = (QUARTER_PAST,), **changes: Any
) -> AlternativeRow:
    """Return a refusal of four at seven, so many seconds after the first question."""
    row = AlternativeRow(
        pk,
        ASKED_AT + timedelta(seconds=after),
        date(2026, 11, 27),
        4,
        SEVEN,
        offering,
        is_accepted=False,
        is_refused=True,
    )
    return row._replace(**changes)


def accepted(pk: int, *, after: int, at: datetime = QUARTER_PAST, **changes: Any) -> AlternativeRow:
    """Return a booking of four, so many seconds after the first question."""
    return refused(pk, after=after, offering=(), starts_at=at, is_accepted=True, is_refused=False)._replace(**changes)


def test_whoever_takes_an_offered_start_answers_the_refusal() -> None:
    rows = [refused(1, offering=(QUARTER_PAST, HALF_PAST)), accepted(2, after=60, at=HALF_PAST)]

    assert match_alternatives(rows) == {1: 2}


def test_the_order_of_the_rows_does_not_matter() -> None:
    assert match_alternatives([accepted(2, after=60), refused(1)]) == {1: 2}


@pytest.mark.parametrize(("seconds", "answers"), [(899, {1: 2}), (900, {1: 2}), (901, {})])
def test_an_answer_comes_within_a_quarter_of_an_hour(seconds: int, answers: dict[int, int]) -> None:
    assert match_alternatives([refused(1), accepted(2, after=seconds)]) == answers


def test_a_booking_made_before_the_refusal_answers_nothing() -> None:
    assert match_alternatives([refused(1, after=60), accepted(2, after=0)]) == {}


def test_of_two_at_the_same_moment_the_lower_id_was_first() -> None:
    assert match_alternatives([refused(1), accepted(2, after=0)]) == {1: 2}
    assert match_alternatives([refused(2), accepted(1, after=0)]) == {}


@pytest.mark.parametrize(
    "changes",
    [
        {"starts_at": HALF_PAST},
        {"party_size": 5},
        {"business_date": date(2026, 11, 28)},
        {"is_accepted": False},
    ],
    ids=["a start that was not offered", "another size", "another date", "not accepted"],
)
def test_another_party_answers_nothing(changes: dict[str, Any]) -> None:
    assert match_alternatives([refused(1), accepted(2, after=60)._replace(**changes)]) == {}


def test_each_booking_answers_one_refusal_the_latest() -> None:
    rows = [refused(1), refused(2, after=30), accepted(3, after=60)]

    assert match_alternatives(rows) == {2: 3}


def test_each_refusal_is_answered_once() -> None:
    rows = [refused(1), accepted(2, after=30), accepted(3, after=60)]

    assert match_alternatives(rows) == {1: 2}


def test_several_parties_are_told_apart_by_what_they_were_offered() -> None:
    rows = [
        refused(1, offering=(QUARTER_PAST,)),
        refused(2, after=10, offering=(HALF_PAST,)),
        accepted(3, after=20, at=QUARTER_PAST),
        accepted(4, after=30, at=HALF_PAST),
    ]

    assert match_alternatives(rows) == {1: 3, 2: 4}


def test_a_refusal_that_offered_nothing_stays_unanswered() -> None:
    assert match_alternatives([refused(1, offering=()), accepted(2, after=60)]) == {}


def test_nothing_asked_is_nothing_answered() -> None:
    assert match_alternatives([]) == {}
