"""Explanations: every reason, what holds each table, and the smallest changes that would make room."""

from datetime import time, timedelta
from typing import Any

import pytest
from django.utils import timezone

from bookings.insight.explain import Explanation, HolderState, LeverKind, explain_availability
from bookings.insight.explain.wording import comparison_text, holder_text, seat_text, summary_text
from bookings.models import Booking, BookingEvent, TableAssignment
from capacity.models import ServiceDay
from capacity.policy import IN_HOUSE
from config.errors import InputInvalid, RecordNotFound
from tables.models import Restaurant, Table, TableBlock
from tables.seating import SeatingPlanner, SeatingRequest, SeatingUndecided, Step, TimeBudget
from tables.spans import TimeSpan
from tests.helpers.factories import (
    CapacityRuleFactory,
    ClosureFactory,
    TableCombinationFactory,
    days_ahead,
    materialize,
    open_restaurant,
)
from tests.helpers.seated_evening import bistro, instant, seat

pytestmark = pytest.mark.django_db(transaction=True)


def explain(restaurant: Restaurant, wall_time: str = "19:30", party_size: int = 6, **asked: Any) -> Explanation:
    return explain_availability(
        restaurant_id=restaurant.pk,
        business_date=days_ahead(),
        wall_time=time.fromisoformat(wall_time),
        party_size=party_size,
        **asked,
    )


def levers(explanation: Explanation) -> list[str]:
    return [lever.text for lever in explanation.levers]


def levers_of(explanation: Explanation, kind: LeverKind) -> list[str]:
    return [lever.text for lever in explanation.levers if lever.kind is kind]


# What was decided


def test_a_party_that_finds_a_free_table_is_told_which() -> None:
    explanation = explain(bistro(6, 2))

    assert explanation.plan is not None
    assert (explanation.plan.tables, explanation.plan.moves, explanation.plan.step) == (("T1",), (), Step.DIRECT)
    assert summary_text(explanation) == f"A party of 6 at 19:30 on {days_ahead()} is accepted at T1"
    assert (explanation.levers, explanation.has_all_levers) == ((), True)


def test_a_party_that_others_make_room_for_is_told_who_moves() -> None:
    house = bistro(6, 2)
    booking = seat(house, "19:30", "T1")

    explanation = explain(house)

    assert explanation.plan is not None
    (move,) = explanation.plan.moves
    assert move.text == "move the 19:30 party of 2 from T1 to T2"
    assert (move.reference, move.starts_at) == (booking.reference, booking.starts_at)
    assert summary_text(explanation).endswith("is accepted at T1; move the 19:30 party of 2 from T1 to T2")


def test_a_party_without_a_table_is_seated_along_the_way() -> None:
    house = bistro(6, 2)
    seat(house, "19:30")

    assert summary_text(explain(house)).endswith(
        "is accepted at T1; seat the 19:30 party of 2, which has no table, at T2"
    )


def test_every_reason_is_named_with_its_numbers() -> None:
    house = bistro(6)
    CapacityRuleFactory(restaurant=house, max_covers=7, pacing_parties=1)
    seat(house, "19:30", "T1", party_size=5)

    explanation = explain(house)

    assert [
        (str(each.code), each.limit, each.used, each.asked) for each in explanation.assessment.decision.reasons
    ] == [
        ("SERVICE_COVERS", 7, 5, 6),
        ("PACING_PARTIES", 1, 1, 1),
        ("NO_TABLE", 1, 1, 1),
    ]
    assert summary_text(explanation) == (
        f"A party of 6 at 19:30 on {days_ahead()} is refused: SERVICE_COVERS, PACING_PARTIES, NO_TABLE"
    )


def test_shadow_mode_accepts_and_says_what_would_have_refused() -> None:
    house = bistro(6, enforcement="shadow")
    seat(house, "19:30", "T1", party_size=5)

    explanation = explain(house)

    assert explanation.assessment.is_available
    assert "is accepted, in shadow mode; enforced it would be refused: NO_TABLE" in summary_text(explanation)
    assert levers(explanation)[0] == "90 minutes earlier, at 18:00"


def test_nothing_is_written() -> None:
    house = bistro(6)

    explain(house)

    assert not ServiceDay.objects.exists()
    assert not BookingEvent.objects.exists()


# What holds the tables


def test_tables_that_could_take_the_party_are_listed_with_what_holds_them() -> None:
    house = bistro(6, 6, 4, 4, 2)
    TableCombinationFactory(
        restaurant=house, min_party_size=5, max_party_size=8, tables=list(house.tables.filter(number__in=["T3", "T4"]))
    )
    movable, pinned = seat(house, "19:00", "T1", party_size=5), seat(house, "20:00", "T4", is_pinned=True)
    Table.objects.filter(number="T2").update(status="out_of_service")

    explanation = explain(house)

    held = [(each.tables, [(holder.reference, holder.state) for holder in each.holders]) for each in explanation.seats]
    assert held == [
        (("T1",), [(movable.reference, HolderState.MOVABLE)]),
        (("T3", "T4"), [(pinned.reference, HolderState.PINNED)]),
    ]
    assert [seat_text(each, explanation.names) for each in explanation.seats] == [
        f"T1 (1 to 6): T1 {movable.reference}, party of 5, 19:00 to 20:30, may be moved",
        f"T3 + T4 (5 to 8): T4 {pinned.reference}, party of 2, 20:00 to 21:30, pinned",
    ]


def test_the_buffer_is_a_part_of_what_holds_a_table() -> None:
    house = bistro(6, buffer_minutes=15)
    seat(house, "18:00", "T1", buffer_minutes=15)

    (held,) = explain(house).seats
    assert [holder.ends_at for holder in held.holders] == [instant(house, "19:45")]
    assert explain(house, "19:45").seats[0].is_free


def test_a_block_holds_a_table_with_its_reason() -> None:
    house = bistro(6)
    TableBlock.objects.create(
        restaurant=house,
        table=house.tables.get(),
        starts_at=instant(house, "17:00"),
        ends_at=instant(house, "22:00"),
        reason="carpenter",
    )

    explanation = explain(house)

    (held,) = explanation.seats
    assert [holder_text(each, explanation.names) for each in held.holders] == ["T1 blocked 17:00 to 22:00 (carpenter)"]
    assert levers_of(explanation, LeverKind.UNBLOCK) == ["lift the block of T1 from 17:00 to 22:00 (carpenter)"]


@pytest.mark.parametrize(("status", "state"), [("arrived", HolderState.ARRIVED), ("seated", HolderState.SEATED)])
def test_who_is_there_already_is_not_moved(status: str, state: HolderState) -> None:
    house = bistro(6, 2)
    seat(house, "19:30", "T1", status=status)

    explanation = explain(house)

    assert [holder.state for holder in explanation.seats[0].holders] == [state]
    assert levers_of(explanation, LeverKind.RELEASE) == []


def test_a_stay_that_reaches_into_what_is_not_known_is_not_moved() -> None:
    house = bistro(6, 2)
    seat(house, "19:30", "T1", turn_minutes=600)

    explanation = explain(house)

    assert [holder.state for holder in explanation.seats[0].holders] == [HolderState.OTHER_DAY]
    assert explanation.assessment.is_refused


def test_a_hold_that_is_over_holds_nothing() -> None:
    house = bistro(6)
    seat(house, "19:30", "T1", status="held", expires_at=timezone.now() - timedelta(minutes=1))

    assert explain(house).seats[0].is_free


# What would make room


def test_the_nearest_earlier_and_later_starts_are_named() -> None:
    house = bistro(6)
    seat(house, "19:00", "T1", party_size=6)

    explanation = explain(house)

    assert levers_of(explanation, LeverKind.OTHER_START) == [
        "60 minutes later, at 20:30",
        "120 minutes earlier, at 17:30",
    ]
    assert [lever.steps for lever in explanation.levers if lever.kind is LeverKind.OTHER_START] == [4, 8]


def test_of_a_limit_it_is_said_how_much_more_would_do() -> None:
    house = bistro(6, 6)
    CapacityRuleFactory(restaurant=house, pacing_covers=8)
    seat(house, "19:30", "T1", party_size=4)

    first, *_ = explain(house).levers
    explanation = explain(house)

    assert "2 more pacing covers" in levers(explanation)
    (lever,) = [each for each in explanation.levers if each.kind is LeverKind.LIMITS]
    assert [(str(each.code), each.limit, each.more) for each in lever.limits] == [("PACING_COVERS", 8, 2)]
    assert lever.plan is not None
    assert lever.plan.tables == ("T2",)
    assert first.text == "15 minutes earlier, at 19:15"


def test_the_amount_is_the_least_that_is_accepted() -> None:
    house = bistro(6, 6)
    CapacityRuleFactory(restaurant=house, pacing_covers=8)
    seat(house, "19:30", "T1", party_size=4)
    day = ServiceDay.objects.get()

    day.slots.update(pacing_covers=9)
    assert not explain(house).assessment.is_available
    day.slots.update(pacing_covers=10)
    assert explain(house).assessment.is_available


def test_limits_that_refuse_together_are_one_lever() -> None:
    house = bistro(6, 6)
    CapacityRuleFactory(restaurant=house, max_parties=1, occupancy_covers=9)
    seat(house, "19:30", "T1", party_size=4)

    assert levers_of(explain(house), LeverKind.LIMITS) == ["1 more service party and 1 more occupancy cover"]


def test_a_limit_alone_is_no_lever_where_tables_refuse_too() -> None:
    house = bistro(6, 6)
    Table.objects.filter(number="T2").update(audience=["in_house"])
    CapacityRuleFactory(restaurant=house, max_covers=8)
    seat(house, "19:30", "T1", party_size=6)

    explanation = explain(house)

    assert levers_of(explanation, LeverKind.LIMITS) == []
    assert levers_of(explanation, LeverKind.AUDIENCE) == ["4 more service covers and allow T2 for online"]


def test_a_table_that_is_closed_to_the_way_in_could_be_opened() -> None:
    house = bistro(6, 6, 6)
    Table.objects.filter(number="T3").update(audience=["in_house", "walk_in"])
    seat(house, "19:30", "T1", party_size=6)
    seat(house, "19:30", "T2", party_size=6)

    explanation = explain(house)

    (lever,) = [each for each in explanation.levers if each.kind is LeverKind.AUDIENCE]
    assert (lever.text, lever.tables, lever.steps) == ("allow T3 for online", ("T3",), 1)
    assert levers_of(explanation, LeverKind.CHANNEL) == ["book it in house instead of online"]
    assert explain(house, channel=IN_HOUSE).plan is not None


def test_a_wish_could_be_given_up() -> None:
    house = bistro(6, 6)
    Table.objects.filter(number="T2").update(seating_type="private_room")
    seat(house, "19:30", "T2", party_size=6, seating="private_room")

    explanation = explain(house, seating="private_room")

    assert levers_of(explanation, LeverKind.SEATING_WISH) == ["give up the wish for private room"]


def test_a_pinned_party_could_be_unpinned_and_moves() -> None:
    house = bistro(6, 2)
    booking = seat(house, "20:00", "T1", is_pinned=True)

    explanation = explain(house)

    (lever,) = [each for each in explanation.levers if each.kind is LeverKind.RELEASE]
    assert lever.text == f"unpin {booking.reference} (party of 2 at 20:00, T1)"
    assert lever.plan is not None
    assert lever.plan.text == "T1 (move the 20:00 party of 2 from T1 to T2)"
    assert lever.references == (booking.reference,)


def test_two_pinned_parties_at_one_combination_are_one_lever() -> None:
    house = bistro(4, 4, 2, 2)
    TableCombinationFactory(
        restaurant=house, min_party_size=5, max_party_size=8, tables=list(house.tables.filter(number__in=["T1", "T2"]))
    )
    bookings = [seat(house, "19:30", number, is_pinned=True) for number in ("T1", "T2")]

    (lever,) = [each for each in explain(house).levers if each.kind is LeverKind.RELEASE]

    assert lever.references == tuple(booking.reference for booking in bookings)
    assert lever.steps == 2


def test_a_party_that_is_about_to_come_could_still_be_re_seated() -> None:
    house = bistro(6, 2, reseat_freeze_minutes=24 * 60)
    now = timezone.now().astimezone(house.zone)
    soon = (now + timedelta(hours=3)).replace(minute=0, second=0, microsecond=0)
    house.service_periods.update(start_time=time(0), last_seating=time(23, 45), end_time=time(23, 59))
    booking = seat(house, f"{soon:%H:%M}", "T1", business_date=soon.date())

    explanation = explain_availability(
        restaurant_id=house.pk, business_date=soon.date(), wall_time=soon.time(), party_size=6
    )

    assert [holder.state for holder in explanation.seats[0].holders] == [HolderState.FROZEN]
    assert levers_of(explanation, LeverKind.RELEASE) == [
        f"re-seat {booking.reference} (party of 2 at {soon:%H:%M}, T1) although it is about to come"
    ]


def test_a_smaller_party_could_fit() -> None:
    house = bistro(6, 5)
    seat(house, "19:30", "T1", party_size=6)

    explanation = explain(house)

    assert levers(explanation)[0] == "a party of 5 fits"
    assert explanation.levers[0].plan is not None
    assert explanation.levers[0].plan.tables == ("T2",)


def test_a_shorter_stay_could_do() -> None:
    house = bistro(6)
    seat(house, "20:30", "T1", party_size=6)

    assert levers_of(explain(house), LeverKind.SHORTER_STAY) == ["a stay of 60 instead of 90 minutes"]


def test_a_stay_is_not_cut_by_more_than_half() -> None:
    house = bistro(6)
    seat(house, "20:00", "T1", party_size=6)

    assert levers_of(explain(house), LeverKind.SHORTER_STAY) == []


def test_levers_come_the_smallest_first_and_are_few() -> None:
    house = bistro(6, 6, 6, 6, 6, 2, 2)
    for number in ("T1", "T2", "T3", "T4", "T5"):
        seat(house, "19:30", number, is_pinned=True, party_size=2)

    found = explain(house).levers

    assert len(found) <= 8
    assert [lever.steps for lever in found] == sorted(lever.steps for lever in found)
    assert sum(lever.kind is LeverKind.RELEASE for lever in found) == 3


def test_every_lever_is_accepted_by_the_decision() -> None:
    house = bistro(6, 6, 4, 2)
    CapacityRuleFactory(restaurant=house, max_covers=20)
    seat(house, "19:00", "T1", is_pinned=True)
    seat(house, "20:00", "T2", party_size=6)

    assert [lever.assessment.is_available for lever in explain(house).levers] == [True] * len(explain(house).levers)
    assert explain(house).levers


def test_where_time_runs_out_it_is_said_that_there_may_be_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bookings.insight.explain.explaining.LEVER_SECONDS", 0.0)
    house = bistro(6)
    seat(house, "19:30", "T1", party_size=6)

    explanation = explain(house)

    assert (explanation.levers, explanation.has_all_levers) == ((), False)


def test_a_closure_is_answered_by_other_starts_alone() -> None:
    house = bistro(6)
    ClosureFactory(restaurant=house, from_time=time(19), to_time=time(20), channel="all")

    explanation = explain(house)

    assert summary_text(explanation).endswith("is refused: CLOSED")
    assert levers(explanation) == ["30 minutes later, at 20:00", "45 minutes earlier, at 18:45"]


def test_a_party_too_large_online_is_taken_in_house() -> None:
    house = bistro(12)

    explanation = explain(house, party_size=10)

    assert levers(explanation) == ["book it in house instead of online", "a party of 8 fits"]


def test_where_numbers_alone_decide_no_table_is_named() -> None:
    house = open_restaurant()
    CapacityRuleFactory(restaurant=house, max_covers=4)

    explanation = explain(house, compare="first-fit")

    assert (explanation.seats, explanation.plan, explanation.comparison) == ((), None, None)
    assert levers(explanation) == ["2 more service covers", "a party of 4 fits"]


def test_what_was_not_decided_in_time_is_no_refusal(monkeypatch: pytest.MonkeyPatch) -> None:
    def run_out_of_time(_: SeatingPlanner, request: SeatingRequest, *, budget: TimeBudget) -> SeatingUndecided:
        return SeatingUndecided(TimeSpan(request.starts_at, request.ends_at))

    monkeypatch.setattr(SeatingPlanner, "plan", run_out_of_time)

    explanation = explain(bistro(6), compare="first-fit")

    assert summary_text(explanation).endswith(
        "was not decided in time: neither a plan nor a proof that there is none was found"
    )
    assert (explanation.assessment.decision.reasons, explanation.levers) == ((), ())
    assert comparison_text(explanation) == "First-fit seats them at T1."


# What others would say


def test_first_fit_refuses_where_a_move_makes_room() -> None:
    house = bistro(6, 6, 2)
    seat(house, "19:30", "T1", party_size=6)
    seat(house, "19:30", "T2")

    explanation = explain(house, compare="first-fit")

    assert explanation.comparison is not None
    assert not explanation.comparison.is_accepted
    assert comparison_text(explanation) == (
        "First-fit refuses: all 2 tables for 6 are taken; this engine seats them at T2 and moves others: "
        "move the 19:30 party of 2 from T2 to T3."
    )


def test_first_fit_takes_the_first_free_table_by_number() -> None:
    house = bistro(8, 6)

    explanation = explain(house, compare="first-fit")

    assert explanation.plan is not None
    assert explanation.plan.tables == ("T2",)
    assert comparison_text(explanation) == "First-fit seats them at T1."


def test_first_fit_takes_a_combination_where_no_table_is_free() -> None:
    house = bistro(4, 4, 6)
    TableCombinationFactory(restaurant=house, tables=list(house.tables.filter(number__in=["T1", "T2"])))
    seat(house, "19:30", "T3", party_size=6)

    explanation = explain(house, compare="first-fit")

    assert comparison_text(explanation) == "First-fit seats them at T1 + T2."
    seat(house, "19:30", "T1", is_pinned=True)
    assert comparison_text(explain(house, compare="first-fit")) == (
        "First-fit refuses: the only table and the only combination for 6 are taken; this engine finds no room either."
    )


def test_first_fit_is_bound_by_limits_too() -> None:
    house = bistro(6)
    CapacityRuleFactory(restaurant=house, max_covers=5)

    explanation = explain(house, compare="first-fit")

    assert explanation.comparison is not None
    assert not explanation.comparison.is_accepted
    assert comparison_text(explanation) == "First-fit would find T1 free; the limits refuse all the same."


@pytest.mark.parametrize(
    ("seats", "said"),
    [
        ((2, 2), "First-fit refuses: no table is for 6; this engine finds no room either."),
        ((6, 2), "First-fit refuses: the only table for 6 is taken; this engine finds no room either."),
    ],
)
def test_first_fit_says_how_many_tables_are_taken(seats: tuple[int, ...], said: str) -> None:
    house = bistro(*seats)
    if 6 in seats:
        seat(house, "19:30", "T1", party_size=6)

    assert comparison_text(explain(house, compare="first-fit")) == said


def test_without_being_asked_nothing_is_compared() -> None:
    assert explain(bistro(6)).comparison is None


# How it is asked


def test_an_instant_may_stand_for_the_time() -> None:
    house = bistro(6)

    explanation = explain_availability(
        restaurant_id=house.pk, business_date=days_ahead(), starts_at=instant(house, "19:30"), party_size=6
    )

    assert explanation.assessment.wish.wall_time == time(19, 30)


def test_a_time_off_the_grid_is_refused() -> None:
    with pytest.raises(InputInvalid):
        explain(bistro(6), "19:31")


def test_an_unknown_restaurant_is_not_found() -> None:
    with pytest.raises(RecordNotFound):
        explain_availability(restaurant_id=0, business_date=days_ahead(), wall_time=time(19), party_size=2)


def test_there_is_one_query_more_for_a_day_not_yet_there_and_one_for_any_number_of_bookings(
    django_assert_num_queries: Any,
) -> None:
    house = bistro(6, 6, 4, 2, 2)
    with django_assert_num_queries(9):
        explain(house)
    materialize(house, days_ahead())
    with django_assert_num_queries(7):
        explain(house)
    for number, wall_time in (("T1", "19:30"), ("T2", "19:00"), ("T3", "20:00"), ("T4", "19:30"), ("T5", "18:30")):
        seat(house, wall_time, number, is_pinned=number == "T1", party_size=2)

    with django_assert_num_queries(7):
        explain(house, compare="first-fit")


def test_guests_are_not_named() -> None:
    house = bistro(6)
    seat(house, "19:30", "T1", guest_name="Zenobia Quill", guest_phone="+447700900123")

    assert "Zenobia" not in repr(explain(house))
    assert "900123" not in repr(explain(house))
    assert Booking.objects.filter(guest_name="Zenobia Quill").exists()
    assert TableAssignment.objects.count() == 1
