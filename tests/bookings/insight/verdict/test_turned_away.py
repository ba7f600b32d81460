"""What refusals have cost: each guest once, no seat twice, nobody in the way of itself."""

from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

from bookings.insight.verdict.evenings import Attended, Evenings, ServiceOnDate, SlotSpan
from bookings.insight.verdict.facts import Refusals, Turned
from bookings.insight.verdict.hindsight import Case, KnownCase, PartySeen, ReasonMet
from bookings.insight.verdict.refusals import count_turned
from capacity.policy import ReasonCode

ON = date(2026, 11, 20)
DINNER = ServiceOnDate(2, ON)
QUARTER = timedelta(minutes=15)
STAY = timedelta(minutes=90)
NUMBERS = count(1)


def at(hour: int, minute: int = 0) -> datetime:
    return datetime(2026, 11, 20, hour, minute, tzinfo=UTC)


def stay(start: datetime, covers: int) -> Attended:
    return Attended(DINNER, start, start + STAY, covers, 1)


def evenings(*stays: Attended) -> Evenings:
    slots = [SlotSpan(DINNER, at(19) + number * QUARTER, at(19) + (number + 1) * QUARTER) for number in range(12)]
    return Evenings(ends={DINNER: at(23)}, slots=slots, attended=stays)


def refused(
    party_size: int, *reasons: tuple[ReasonCode, int], start: datetime | None = None, **known: Any
) -> KnownCase:
    starts_at, asked_at = start or at(20), known.pop("asked_at", at(10))
    met = tuple(ReasonMet(code, limit) for code, limit in reasons or ((ReasonCode.SERVICE_COVERS, 10),))
    other = known.pop("other_limits", ())
    values = {"booking_id": None, "is_refused": True, "is_change": False, "source": "web", "seating": ""}
    case = Case(party_size, starts_at, starts_at + STAY, DINNER, met, other)
    return KnownCase(**{"decision_id": next(NUMBERS), "decided_at": asked_at, "case": case, **values, **known})


def turned(
    *cases: KnownCase,
    came: Evenings,
    answered: frozenset[int] = frozenset(),
    parties: dict[int, PartySeen] | None = None,
) -> Turned:
    return count_turned(cases, answered=answered, parties=parties or {}, evenings=came, now=at(23))[0]


def apart(asked: int) -> datetime:
    """Return times of asking at which nobody is taken for the guest before."""
    return at(10) + timedelta(minutes=20 * asked)


def test_five_guests_cannot_have_had_the_two_seats_that_stayed_empty() -> None:
    five = [refused(2, asked_at=apart(number)) for number in range(5)]

    assert turned(*five, came=evenings(stay(at(19), 8))) == Turned(
        decisions=5, covers=10, stayed_empty=1, covers_empty=2, filled=4
    )


def test_a_later_and_smaller_party_has_what_a_larger_one_could_not() -> None:
    two = [refused(3, asked_at=apart(0)), refused(2, asked_at=apart(1))]

    assert turned(*two, came=evenings(stay(at(19), 8))) == Turned(
        decisions=2, covers=5, stayed_empty=1, covers_empty=2, filled=1
    )


def test_pacing_is_empty_slot_by_slot() -> None:
    pacing = (ReasonCode.PACING_COVERS, 4)
    three = [refused(4, pacing, start=start, asked_at=apart(n)) for n, start in enumerate((at(20), at(20), at(20, 15)))]

    assert turned(*three, came=evenings()) == Turned(decisions=3, covers=12, stayed_empty=2, covers_empty=8, filled=1)


def test_what_pacing_refused_had_no_seat_either_where_the_service_filled_up() -> None:
    pacing, service = (ReasonCode.PACING_COVERS, 4), (ReasonMet(ReasonCode.SERVICE_COVERS, 10),)
    two = [refused(2, pacing, start=at(20, minute), other_limits=service) for minute in (0, 15)]

    assert turned(*two, came=evenings(stay(at(19), 8))) == Turned(
        decisions=2, covers=4, stayed_empty=1, covers_empty=2, filled=1
    )


def test_those_present_at_once_are_counted_with_who_was_let_in_before() -> None:
    present = (ReasonCode.OCCUPANCY_COVERS, 10)
    two = [refused(2, present, start=at(20, minute), asked_at=apart(minute)) for minute in (0, 30)]

    assert turned(*two, came=evenings(stay(at(19, 30), 8))) == Turned(
        decisions=2, covers=4, stayed_empty=1, covers_empty=2, filled=1
    )


def test_who_asks_for_the_same_within_a_quarter_of_an_hour_is_one_guest() -> None:
    minutes = (0, 1, 15, 16)
    clicks = [refused(2, asked_at=at(10, minute)) for minute in minutes]

    assert turned(*clicks, came=evenings(stay(at(19), 8))) == Turned(
        decisions=2, covers=4, stayed_empty=1, covers_empty=2, filled=1, repeated=2
    )


def test_another_size_start_way_in_or_seating_is_another_guest() -> None:
    different = [
        refused(2),
        refused(3),
        refused(2, start=at(20, 15)),
        refused(2, source="phone"),
        refused(2, seating="patio"),
    ]

    assert (turned(*different, came=evenings()).decisions, turned(*different, came=evenings()).repeated) == (5, 0)


def test_who_took_another_start_is_no_loss() -> None:
    first, again, other = refused(2), refused(2, asked_at=at(10, 1)), refused(4)

    found = turned(first, again, other, came=evenings(), answered=frozenset({again.decision_id}))

    assert found == Turned(
        decisions=1, covers=4, stayed_empty=1, covers_empty=4, repeated=1, answered=1, answered_covers=2
    )


def test_a_change_asks_for_what_it_has_not_and_is_not_in_its_own_way() -> None:
    own = PartySeen(stay=stay(at(20), 4), came=True)
    change = refused(5, is_change=True, booking_id=7)

    full = turned(change, came=evenings(stay(at(19), 6), stay(at(20), 4)), parties={7: own})
    empty = turned(change, came=evenings(stay(at(19), 4), stay(at(20), 4)), parties={7: own})

    assert full == Turned(changes=Refusals(decisions=1, covers=1, filled=1))
    assert empty == Turned(changes=Refusals(decisions=1, covers=1, stayed_empty=1, covers_empty=1))


def test_a_change_to_fewer_covers_elsewhere_asks_for_none() -> None:
    own = PartySeen(stay=stay(at(19), 4), came=True)
    move = refused(3, (ReasonCode.PACING_COVERS, 2), is_change=True, booking_id=7)

    assert turned(move, came=evenings(stay(at(19), 4)), parties={7: own}).changes == Refusals(decisions=1, filled=1)


def test_a_booking_that_is_changed_twice_comes_once() -> None:
    own = PartySeen(stay=stay(at(20), 4), came=True)
    five, six = (
        refused(size, is_change=True, booking_id=7, asked_at=apart(number)) for number, size in enumerate((5, 6))
    )

    found = turned(five, six, refused(4, asked_at=apart(2)), came=evenings(stay(at(20), 4)), parties={7: own})

    assert found == Turned(
        decisions=1,
        covers=4,
        stayed_empty=1,
        covers_empty=4,
        changes=Refusals(decisions=2, covers=3, stayed_empty=2, covers_empty=3),
    )


def test_an_evening_that_is_not_over_is_open() -> None:
    found, services = count_turned([refused(2)], answered=frozenset(), parties={}, evenings=evenings(), now=at(22))

    assert (found, services) == (Turned(decisions=1, covers=2, open=1), frozenset())
