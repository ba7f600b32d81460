"""A table over an evening, cut wherever somebody takes it or leaves it."""

from datetime import UTC, datetime, timedelta

from bookings.admin.floor_plan.claims import Claim, ClaimKind, spans_of
from tables.spans import TimeSpan

SEVEN = datetime(2026, 11, 28, 19, tzinfo=UTC)


def at(minutes: int) -> datetime:
    return SEVEN + timedelta(minutes=minutes)


def claim(kind: ClaimKind, first: int, last: int, key: int = 1) -> Claim:
    return Claim(kind, key, at(first), at(last))


EVENING = TimeSpan(at(0), at(240))


def told(*claims: Claim) -> list[tuple[int, int, list[tuple[str, int]]]]:
    """Return the spans in minutes, with the claims of each."""
    return [
        (
            (span.starts_at - SEVEN).seconds // 60,
            (span.ends_at - SEVEN).seconds // 60,
            [(each.kind.value, each.key) for each in span.claims],
        )
        for span in spans_of(EVENING, claims)
    ]


def test_a_table_that_nobody_wants_is_free_all_evening() -> None:
    assert told() == [(0, 240, [])]


def test_a_stay_its_reset_and_the_next_follow_each_other() -> None:
    spans = told(
        claim(ClaimKind.PARTY, 30, 120), claim(ClaimKind.RESET, 120, 135), claim(ClaimKind.PARTY, 135, 240, key=2)
    )

    assert spans == [
        (0, 30, []),
        (30, 120, [("party", 1)]),
        (120, 135, [("reset", 1)]),
        (135, 240, [("party", 2)]),
    ]


def test_what_begins_before_the_evening_or_ends_after_it_is_cut() -> None:
    assert told(claim(ClaimKind.PARTY, -60, 300)) == [(0, 240, [("party", 1)])]
    assert told(claim(ClaimKind.PARTY, -60, 0), claim(ClaimKind.BLOCK, 240, 300)) == [(0, 240, [])]


def test_a_party_that_stays_on_is_said_before_the_one_that_waits_and_is_no_conflict() -> None:
    (_, _, later, _, _) = spans_of(EVENING, [claim(ClaimKind.PARTY, 60, 150, key=2), claim(ClaimKind.OVER, 30, 90)])
    (first, second) = later.claims

    assert (first.kind, second.kind) == (ClaimKind.OVER, ClaimKind.PARTY)
    assert not later.is_conflict


def test_two_parties_at_a_time_are_a_conflict_also_while_the_table_is_reset() -> None:
    together = list(spans_of(EVENING, [claim(ClaimKind.PARTY, 0, 240), claim(ClaimKind.PARTY, 60, 120, key=2)]))
    too_early = list(spans_of(EVENING, [claim(ClaimKind.RESET, 0, 30), claim(ClaimKind.PARTY, 15, 240, key=2)]))

    assert [span.is_conflict for span in together] == [False, True, False]
    assert [span.is_conflict for span in too_early] == [False, True, False]


def test_a_party_at_a_table_out_of_service_is_said_first() -> None:
    spans = told(claim(ClaimKind.OUT_OF_SERVICE, 0, 240, key=9), claim(ClaimKind.PARTY, 30, 60))

    assert spans == [(0, 30, [("out", 9)]), (30, 60, [("party", 1), ("out", 9)]), (60, 240, [("out", 9)])]
