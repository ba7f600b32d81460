"""A person with the right answers for a party beyond a limit, out of hours or without a table."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from prometheus_client import REGISTRY

from bookings.choices import Role
from bookings.decision.record import decode_state
from bookings.errors import CapacityExceeded, OperatingHoursClosed, OutsideBookingWindow, OverrideForbidden
from bookings.insight.replay.decisions import DecisionScope, replay_decisions
from bookings.insight.verdict.reading.decisions import DecisionSpan, list_cases
from bookings.models import Booking, CapacityOverride, Decision, Membership
from bookings.selectors import get_utilization
from bookings.selectors.undecided import find_undecided
from bookings.services import Override, cancel_booking, change_booking, save_settings_row
from config.errors import InputInvalid
from tables.models import Restaurant
from tests.helpers.dining_room import at_tables, book, everything_written, faults, latest, room
from tests.helpers.factories import (
    CapacityRuleFactory,
    ClosureFactory,
    MembershipFactory,
    UserFactory,
    days_ahead,
    materialize,
    open_restaurant,
)
from tests.helpers.planted_faults import run_audit

pytestmark = pytest.mark.django_db(transaction=True)

REGULAR = "A regular with a birthday"


@pytest.fixture
def manager() -> User:
    """Somebody who has the right."""
    user: User = UserFactory(username="manager", is_staff=True)
    return user


@pytest.fixture
def full() -> Restaurant:
    """A house of numbers that takes 4 covers a service, all of them booked."""
    house = open_restaurant(timezone="Etc/UTC")
    CapacityRuleFactory(restaurant=house, max_covers=4)
    book(house, party_size=4)
    return house


def squeeze(house: Restaurant, person: User, confirmed: dict[str, int], **asked: Any) -> Booking:
    if person and person.username == "manager":
        Membership.objects.get_or_create(user=person, restaurant=house, role=Role.MANAGER)
    return book(house, **{"source": "phone", "actor": person, "override": Override(REGULAR, confirmed), **asked})


def written_for(booking: Booking) -> set[tuple[str, int, str, str, str]]:
    rows = CapacityOverride.objects.filter(booking=booking).select_related("actor")
    return {(row.limit, row.amount, row.source, str(row.actor), row.reason) for row in rows}


def refused(house: Restaurant, person: User, confirmed: dict[str, int], **asked: Any) -> dict[str, int]:
    """Return by how much a party would go beyond, and hold that nothing was written."""
    materialize(house, days_ahead())
    before = everything_written(house)
    with pytest.raises((CapacityExceeded, OperatingHoursClosed)) as refusal:
        squeeze(house, person, confirmed, **asked)
    assert everything_written(house) == before
    return {reason.code: reason.beyond for reason in refusal.value.reasons}


def test_a_party_beyond_a_limit_is_counted_apart_with_person_and_reason(full: Restaurant, manager: User) -> None:
    party = squeeze(full, manager, {"SERVICE_COVERS": 2})

    day = full.service_days.get()
    assert (day.booked_covers, day.max_covers, day.excess_covers) == (6, 4, 2)
    assert written_for(party) == {("SERVICE_COVERS", 2, "staff", "manager", REGULAR)}
    assert (latest(party).kind, latest(party).actor_label, latest(party).reason) == ("created", "manager", REGULAR)
    assert not get_utilization(restaurant_id=full.pk, business_date=days_ahead()).has_overbooking
    report = run_audit(full)
    assert (faults(full), report.has_overbooking, len(report.authorised_excess)) == ([], False, 1)


@pytest.mark.parametrize(("confirmed", "is_enough"), [(1, False), (2, True), (3, True)])
def test_what_needs_more_than_was_confirmed_is_refused_and_asked_again(
    full: Restaurant, manager: User, confirmed: int, is_enough: bool
) -> None:
    if is_enough:
        assert written_for(squeeze(full, manager, {"SERVICE_COVERS": confirmed})) == {
            ("SERVICE_COVERS", 2, "staff", "manager", REGULAR)
        }
    else:
        assert refused(full, manager, {"SERVICE_COVERS": confirmed}) == {"SERVICE_COVERS": 2}


def test_who_answers_for_one_limit_has_not_answered_for_another(full: Restaurant, manager: User) -> None:
    full.service_days.update(max_parties=1)
    CapacityRuleFactory(restaurant=full, max_parties=1)

    assert refused(full, manager, {"SERVICE_COVERS": 2}) == {"SERVICE_COVERS": 2, "SERVICE_PARTIES": 1}


def test_where_there_is_room_nobody_has_to_answer(full: Restaurant, manager: User) -> None:
    cancel_booking(booking_id=Booking.objects.get().pk)

    party = squeeze(full, manager, {"SERVICE_COVERS": 2})

    assert written_for(party) == set()
    assert Decision.objects.latest("pk").verdict == "accepted"


def test_with_the_booking_goes_its_excess(full: Restaurant, manager: User) -> None:
    party = squeeze(full, manager, {"SERVICE_COVERS": 2})

    cancel_booking(booking_id=party.pk)

    assert full.service_days.get().excess_covers == 0
    assert faults(full) == []


def test_occupancy_is_answered_for_in_every_slot_of_the_stay(manager: User) -> None:
    house = open_restaurant(timezone="Etc/UTC")
    CapacityRuleFactory(restaurant=house, occupancy_covers=3)
    book(house, "19:00")

    party = squeeze(house, manager, {"OCCUPANCY_COVERS": 1}, at="20:00")

    rows = CapacityOverride.objects.filter(booking=party).order_by("slot_starts_at")
    assert [(f"{row.slot_starts_at:%H:%M}", row.amount) for row in rows] == [("20:00", 1), ("20:15", 1)]
    assert faults(house) == []


def test_a_party_without_a_table_gets_none_and_nobody_elses(manager: User) -> None:
    house = room(2)
    first = book(house)

    party = squeeze(house, manager, {"NO_TABLE": 1})

    assert (at_tables(first), at_tables(party)) == (["T1"], [])
    assert written_for(party) == {("NO_TABLE", 1, "staff", "manager", REGULAR)}
    assert faults(house) == []


def test_a_party_beyond_a_limit_gets_the_table_that_is_free(manager: User) -> None:
    house = room(2, 2)
    CapacityRuleFactory(restaurant=house, pacing_parties=1)
    book(house)

    party = squeeze(house, manager, {"PACING_PARTIES": 1})

    assert at_tables(party) == ["T2"]
    assert written_for(party) == {("PACING_PARTIES", 1, "staff", "manager", REGULAR)}


@pytest.mark.parametrize("at", ["15:00", "22:30"])
def test_out_of_hours_a_party_counts_in_the_nearest_service(manager: User, at: str) -> None:
    house = room(2)

    assert refused(house, manager, {}, at=at) == {"OUTSIDE_SERVICE": 1}
    party = squeeze(house, manager, {"OUTSIDE_SERVICE": 1}, at=at)

    assert written_for(party) == {("OUTSIDE_SERVICE", 1, "staff", "manager", REGULAR)}
    assert (f"{party.wall_time:%H:%M}", at_tables(party)) == (at, ["T1"])
    assert house.service_days.get().booked_covers == 2
    assert faults(house) == []


def test_out_of_hours_the_tables_are_looked_at_too(manager: User) -> None:
    house = room(2)
    squeeze(house, manager, {"OUTSIDE_SERVICE": 1}, at="15:00")

    assert refused(house, manager, {"OUTSIDE_SERVICE": 1}, at="15:30") == {"OUTSIDE_SERVICE": 1, "NO_TABLE": 1}


def test_on_a_closed_date_a_person_may_open_for_one_party(manager: User) -> None:
    house = room(2)
    ClosureFactory(restaurant=house)

    party = squeeze(house, manager, {"CLOSED": 1})

    assert written_for(party) == {("CLOSED", 1, "staff", "manager", REGULAR)}
    assert faults(house) == []


def test_a_date_without_any_service_takes_nobody(manager: User) -> None:
    house = room(2)
    house.service_periods.update(weekdays=[days_ahead().isoweekday() % 7 + 1])

    assert refused(house, manager, {"CLOSED": 1, "OUTSIDE_SERVICE": 1}) == {"CLOSED": 1}


def test_nobody_books_into_the_past(manager: User, full: Restaurant) -> None:
    with pytest.raises(OutsideBookingWindow):
        squeeze(full, manager, {"PAST": 1, "SERVICE_COVERS": 9}, business_date=days_ahead(-1))


def test_whoever_has_not_the_right_may_not(full: Restaurant) -> None:
    host = MembershipFactory(restaurant=full, role=Role.HOST).user
    manager_elsewhere = MembershipFactory(role=Role.MANAGER).user
    before = everything_written(full)

    for person in (host, manager_elsewhere, UserFactory(is_staff=True), None):
        with pytest.raises(OverrideForbidden):
            squeeze(full, person, {"SERVICE_COVERS": 2})

    assert everything_written(full) == before


@pytest.mark.parametrize("source", ["web", "partner"])
def test_no_guest_is_booked_beyond_a_limit_by_itself(full: Restaurant, manager: User, source: str) -> None:
    with pytest.raises(OverrideForbidden):
        squeeze(full, manager, {"SERVICE_COVERS": 2}, source=source)


@pytest.mark.parametrize("reason", ["", "  ", "x" * 201])
def test_nobody_answers_without_a_reason_that_fits(reason: str) -> None:
    with pytest.raises(InputInvalid) as refusal:
        Override(reason, {})

    assert list(refusal.value.details) == ["overrideReason"]


def test_the_same_key_is_answered_once(full: Restaurant, manager: User) -> None:
    first = squeeze(full, manager, {"SERVICE_COVERS": 2}, idempotency_key="a")

    assert squeeze(full, manager, {"SERVICE_COVERS": 2}, idempotency_key="a") == first
    assert full.service_days.get().booked_covers == 6


def test_the_ledger_tells_it_apart_and_replays_it(manager: User) -> None:
    house = room(2)
    CapacityRuleFactory(restaurant=house, max_covers=2)
    book(house, "19:00")
    samples = ("SERVICE_COVERS", "OUTSIDE_SERVICE")
    before = [REGISTRY.get_sample_value("booking_overridden_total", {"reason": code}) or 0 for code in samples]

    squeeze(house, manager, {"SERVICE_COVERS": 2, "OUTSIDE_SERVICE": 1}, at="15:00")

    decision = Decision.objects.latest("pk")
    after = [REGISTRY.get_sample_value("booking_overridden_total", {"reason": code}) for code in samples]
    assert (decision.verdict, decision.error) == ("overridden", "")
    assert [reason["code"] for reason in decision.reasons] == ["OUTSIDE_SERVICE", "SERVICE_COVERS"]
    assert decision.limits[0] | {"ruleId": 0} == {
        "code": "SERVICE_COVERS",
        "limit": 2,
        "before": 2,
        "after": 4,
        "slotAt": None,
        "ruleId": 0,
        "ruleVersion": 1,
    }
    assert after == [count + 1 for count in before]
    assert decode_state(bytes(decision.state)).case.request.is_outside_hours
    replayed = [str(found.replayed.verdict) for found in replay_decisions(DecisionScope(house.pk)) if found.replayed]
    assert replayed == ["agree", "agree"]


def test_in_shadow_mode_limits_are_waived_and_only_hours_answered_for(manager: User) -> None:
    house = room(2, enforcement="shadow")
    CapacityRuleFactory(restaurant=house, max_covers=1)

    party = squeeze(house, manager, {"OUTSIDE_SERVICE": 1}, at="15:00")

    assert {row[:3] for row in written_for(party)} == {
        ("SERVICE_COVERS", 1, "shadow"),
        ("OUTSIDE_SERVICE", 1, "staff"),
    }
    assert faults(house) == []


def test_a_change_of_size_keeps_the_word_for_the_hours(manager: User) -> None:
    house = room(4)
    party = squeeze(house, manager, {"OUTSIDE_SERVICE": 1}, at="15:00")

    change_booking(booking_id=party.pk, party_size=3, actor=manager)

    assert {row[0] for row in written_for(party)} == {"OUTSIDE_SERVICE"}
    assert faults(house) == []


def test_nobody_answers_for_a_chosen_table_that_somebody_has(manager: User) -> None:
    house = room(2)
    chosen = [house.tables.get().pk]
    book(house)

    assert refused(house, manager, {"NO_TABLE": 1}, table_ids=chosen) == {"NO_TABLE": 1}


def test_a_party_that_was_refused_first_is_not_turned_away(full: Restaurant, manager: User) -> None:
    span = DecisionSpan(full.pk, datetime(2020, 1, 1, tzinfo=UTC))
    refused(full, manager, {}, party_size=3)
    refused(full, manager, {}, party_size=2)
    before = [known.case.party_size for known in list_cases(span)]

    squeeze(full, manager, {"SERVICE_COVERS": 2})

    assert (before, [known.case.party_size for known in list_cases(span)]) == ([3, 2], [3])


def test_who_answered_for_a_party_is_not_asked_about_it_again(manager: User) -> None:
    house = room(2)
    squeeze(house, manager, {"OUTSIDE_SERVICE": 1}, at="15:00")
    book(house)
    squeeze(house, manager, {"NO_TABLE": 1})

    assert find_undecided((house.pk,)) == {}
    assert "COULD_NOT_BE_MADE_AGAIN" not in {note.kind for note in run_audit().notes}

    house.active = False
    save_settings_row(row=house)

    assert set(find_undecided((house.pk,))) == set(Booking.objects.values_list("pk", flat=True))
