"""What an evening said about a refusal: exact at every limit."""

from datetime import UTC, date, datetime, timedelta

import pytest

from bookings.insight.verdict.evenings import Attended, Evenings, ServiceOnDate, SlotSpan, Turnout
from bookings.insight.verdict.hindsight import (
    GONE,
    Aftermath,
    Case,
    Hindsight,
    PartySeen,
    ReasonMet,
    look_back,
    look_back_at_refusal,
)
from capacity.policy import ReasonCode

ON = date(2026, 11, 20)
DRINKS, DINNER = ServiceOnDate(1, ON), ServiceOnDate(2, ON)
QUARTER = timedelta(minutes=15)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 20, hour, minute, tzinfo=UTC)


def attended(
    service: ServiceOnDate, hour: int, minute: int, covers: int, *, until: datetime, parties: int = 1
) -> Attended:
    return Attended(service, at(hour, minute), until, covers, parties)


def evenings(*stays: Attended) -> Evenings:
    slots = [
        SlotSpan(service, first + number * QUARTER, first + (number + 1) * QUARTER)
        for service, first, count in ((DRINKS, at(17), 8), (DINNER, at(19), 12))
        for number in range(count)
    ]
    return Evenings(ends={DRINKS: at(19), DINNER: at(23)}, slots=slots, attended=stays)


def case(*reasons: tuple[ReasonCode, int | None], party_size: int = 4, start: datetime | None = None) -> Case:
    starts_at = start or at(20)
    met = tuple(ReasonMet(code, limit) for code, limit in reasons)
    return Case(party_size, starts_at, starts_at + timedelta(minutes=90), DINNER, met)


def party(*, start: datetime | None = None, service: ServiceOnDate = DINNER, **seen: bool) -> PartySeen:
    """Return a party of four whose booking stands where it was let in, unless moved."""
    starts_at = start or at(20)
    stay = Attended(service, starts_at, starts_at + timedelta(minutes=90), 4, 1)
    return PartySeen(**{"stay": stay, "came": True, "had_table": True, **seen})


CAME, STAYED_AWAY = party(), party(came=False, had_table=False)

# Of dinner 10 covers of 3 parties, of whom 7 start at 20:00; at 20:15 a drinks party of 2 is still there.
EVENING = evenings(
    attended(DRINKS, 18, 30, 2, until=at(20, 20)),
    attended(DINNER, 19, 0, 3, until=at(20)),
    attended(DINNER, 20, 0, 4, until=at(21, 30)),
    attended(DINNER, 20, 10, 3, until=at(21)),
)


@pytest.mark.parametrize(
    ("code", "came"),
    [
        (ReasonCode.SERVICE_COVERS, 10),
        (ReasonCode.SERVICE_PARTIES, 3),
        (ReasonCode.PACING_COVERS, 7),
        (ReasonCode.PACING_PARTIES, 2),
        (ReasonCode.OCCUPANCY_COVERS, 9),
        (ReasonCode.OCCUPANCY_PARTIES, 3),
    ],
)
def test_a_waived_refusal_is_right_as_soon_as_the_limit_was_passed_by_who_came(code: ReasonCode, came: int) -> None:
    def judged(limit: int) -> Hindsight:
        return look_back(case((code, limit)), CAME, EVENING, at(23))

    assert [judged(came - 1), judged(came), judged(came + 1)] == [
        Hindsight.RIGHT,
        Hindsight.NOT_NEEDED,
        Hindsight.NOT_NEEDED,
    ]


def test_of_several_reasons_one_that_held_is_enough() -> None:
    both = case((ReasonCode.SERVICE_COVERS, 50), (ReasonCode.PACING_COVERS, 6))

    assert look_back(both, CAME, EVENING, at(23)) is Hindsight.RIGHT


def test_a_party_that_stayed_away_proves_nothing_unless_the_limit_was_passed_without_it() -> None:
    assert look_back(case((ReasonCode.PACING_COVERS, 7)), STAYED_AWAY, EVENING, at(23)) is Hindsight.DID_NOT_COME
    assert look_back(case((ReasonCode.PACING_COVERS, 6)), STAYED_AWAY, EVENING, at(23)) is Hindsight.RIGHT


@pytest.mark.parametrize(
    ("seen", "hindsight"),
    [
        (party(), Hindsight.NOT_NEEDED),
        (party(had_table=False), Hindsight.RIGHT),
        (party(came=False, had_table=False, is_cancelled=True, left_unseated=True), Hindsight.RIGHT),
        (STAYED_AWAY, Hindsight.DID_NOT_COME),
        (GONE, Hindsight.DID_NOT_COME),
        (party(had_table=False, start=at(19)), Hindsight.DID_NOT_COME),
    ],
)
def test_a_missing_table_is_told_by_the_table_that_the_party_had_in_the_end(
    seen: PartySeen, hindsight: Hindsight
) -> None:
    # `used` of `limit` tables says nothing that covers could be held against.
    assert look_back(case((ReasonCode.NO_TABLE, 1)), seen, EVENING, at(23)) is hindsight


def test_a_table_in_the_end_does_not_undo_a_limit_that_was_passed() -> None:
    both = case((ReasonCode.PACING_COVERS, 6), (ReasonCode.NO_TABLE, None))

    assert look_back(both, CAME, EVENING, at(23)) is Hindsight.RIGHT


def test_nothing_is_said_before_the_service_is_over() -> None:
    full = case((ReasonCode.PACING_COVERS, 0))
    until_late = case((ReasonCode.PACING_COVERS, 0), start=at(22))

    assert look_back(full, CAME, EVENING, at(22, 59)) is Hindsight.OPEN
    assert look_back(full, CAME, EVENING, at(23)) is Hindsight.RIGHT
    assert look_back(until_late, CAME, EVENING, at(23, 29)) is Hindsight.OPEN


@pytest.mark.parametrize("moved", [party(start=at(20, 15)), party(service=DRINKS)])
def test_a_party_that_moved_its_booking_elsewhere_did_not_come_to_where_it_was_let_in(moved: PartySeen) -> None:
    assert look_back(case((ReasonCode.PACING_COVERS, 7)), moved, EVENING, at(23)) is Hindsight.DID_NOT_COME
    assert look_back(case((ReasonCode.PACING_COVERS, 6)), moved, EVENING, at(23)) is Hindsight.RIGHT


def test_a_party_that_moved_within_its_slot_came() -> None:
    within = party(start=at(20, 10))

    assert look_back(case((ReasonCode.PACING_COVERS, 7)), within, EVENING, at(23)) is Hindsight.NOT_NEEDED


def test_a_party_that_cancelled_is_settled_before_its_evening_is_over() -> None:
    cancelled = party(came=False, had_table=False, is_cancelled=True)
    full = case((ReasonCode.PACING_COVERS, 6))

    assert look_back(full, cancelled, EVENING, at(12)) is Hindsight.DID_NOT_COME
    assert look_back(full, STAYED_AWAY, EVENING, at(12)) is Hindsight.OPEN
    assert look_back(full, cancelled, EVENING, at(23)) is Hindsight.RIGHT


@pytest.mark.parametrize(
    ("code", "came", "asked"),
    [
        (ReasonCode.SERVICE_COVERS, 10, 4),
        (ReasonCode.SERVICE_PARTIES, 3, 1),
        (ReasonCode.PACING_COVERS, 7, 4),
        (ReasonCode.OCCUPANCY_COVERS, 9, 4),
        (ReasonCode.OCCUPANCY_PARTIES, 3, 1),
    ],
)
def test_seats_stayed_empty_where_who_came_and_the_refused_party_keep_the_limit(
    code: ReasonCode, came: int, asked: int
) -> None:
    def judged(limit: int) -> Aftermath:
        return look_back_at_refusal(case((code, limit)), EVENING, at(23))

    assert [judged(came + asked - 1), judged(came + asked)] == [Aftermath.FILLED, Aftermath.STAYED_EMPTY]


def test_of_a_refusal_for_want_of_a_table_only_full_limits_are_certain() -> None:
    alone = case((ReasonCode.NO_TABLE, None))
    beside = case((ReasonCode.PACING_COVERS, 10), (ReasonCode.NO_TABLE, None))

    assert look_back_at_refusal(alone, EVENING, at(23)) is Aftermath.TABLES_UNKNOWN
    assert look_back_at_refusal(beside, EVENING, at(23)) is Aftermath.FILLED
    assert look_back_at_refusal(alone, EVENING, at(22)) is Aftermath.OPEN


def test_a_start_off_the_grid_belongs_to_the_latest_slot_before_it() -> None:
    assert EVENING.starting_at(DINNER, at(20, 10)) == Turnout(covers=7, parties=2)
    assert EVENING.starting_at(DINNER, at(20, 15)) == Turnout()


def test_a_stay_is_present_in_every_slot_that_it_touches_and_in_no_other() -> None:
    assert EVENING.fullest_moment(at(20, 15), at(20, 30)) == Turnout(covers=9, parties=3)
    assert EVENING.fullest_moment(at(20, 30), at(21)) == Turnout(covers=7, parties=2)
    assert EVENING.fullest_moment(at(21), at(22)) == Turnout(covers=4, parties=1)
    assert EVENING.fullest_moment(at(19, 45), at(20)) == Turnout(covers=5, parties=2)
