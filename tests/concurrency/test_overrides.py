"""Two people answer for a party beyond the limit while guests book: what was confirmed is what is written."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Sum

from bookings.choices import Role
from bookings.insight.audit import AuditScope, audit
from bookings.models import CapacityOverride, Membership, TableAssignment
from bookings.services import Override
from tests.helpers.crowd import BOOKED, Crowd, tally
from tests.helpers.factories import UserFactory
from tests.helpers.missing_protections import Protections
from tests.helpers.race_houses import House, dinner_house
from tests.helpers.race_verdict import watched
from tests.helpers.stopping_points import Points

FULL = "CAPACITY_EXCEEDED"
GUESTS = 10


@pytest.fixture
def manager(transactional_db: None) -> User:
    """Somebody who has the right."""
    user: User = UserFactory(username="manager", is_staff=True)
    return user


def beyond(house: House, manager: User, party_size: int, **confirmed: int) -> Callable[[], Any]:
    """Return the act of answering for a party."""
    Membership.objects.get_or_create(user=manager, restaurant=house.restaurant, role=Role.MANAGER)
    word = Override("A regular", confirmed)
    # A user remembers its roles: this one is read anew for the house of the round.
    manager = User.objects.get(pk=manager.pk)
    return house.booking(party_size, source="phone", actor=manager, override=word)


def authorised(house: House) -> int:
    found = CapacityOverride.objects.filter(restaurant=house.restaurant, limit="SERVICE_COVERS")
    return found.aggregate(sum=Sum("amount"))["sum"] or 0


def test_overrides_and_guests_at_once_never_pass_the_limit_and_what_is_authorised(
    crowd: Crowd, rounds: range, isolation: str, manager: User
) -> None:
    for _ in rounds:
        house = dinner_house(max_covers=8)
        house.booking()()

        with watched(house.restaurant):
            outcomes = crowd.run([beyond(house, manager, 8, SERVICE_COVERS=4)] * 2 + [house.booking()] * GUESTS)

        # Whoever comes first leaves no room to the guests, and to the other more than it has confirmed.
        assert tally(outcomes) == {BOOKED: 1, FULL: GUESTS + 1}
        assert house.days[0].booked_covers == 8 + authorised(house)


def test_two_who_confirmed_enough_are_both_written_with_their_own_part(
    crowd: Crowd, rounds: range, isolation: str, manager: User
) -> None:
    for _ in rounds:
        house = dinner_house(max_covers=4)
        house.booking()()

        with watched(house.restaurant):
            outcomes = crowd.run([beyond(house, manager, 4, SERVICE_COVERS=4)] * 2 + [house.booking()] * GUESTS)

        assert tally(outcomes) == {BOOKED: 2, FULL: GUESTS}
        assert (house.days[0].booked_covers, house.days[0].excess_covers, authorised(house)) == (12, 8, 8)


def test_two_overrides_and_guests_never_share_a_table(
    crowd: Crowd, rounds: range, isolation: str, manager: User
) -> None:
    for _ in rounds:
        house = dinner_house(tables=1)

        with watched(house.restaurant):
            outcomes = crowd.run([beyond(house, manager, 4, NO_TABLE=1)] * 2 + [house.booking()] * GUESTS)

        # Guests are refused; of the two who are answered for, one may have come first and got the table.
        assert outcomes[0].code == outcomes[1].code == BOOKED
        assert TableAssignment.objects.filter(restaurant=house.restaurant).count() == 1
        without_table = CapacityOverride.objects.filter(restaurant=house.restaurant, limit="NO_TABLE").count()
        assert without_table == tally(outcomes)[BOOKED] - 1


@pytest.mark.usefixtures("read_committed")
def test_without_lock_and_constraint_two_overrides_pass_what_is_authorised(
    crowd: Crowd, points: Points, without: Protections, manager: User
) -> None:
    house = dinner_house(max_covers=8)
    house.booking()()
    without.service_day_lock()
    without.constraints("service_day_covers_within_limit")
    points.meet_before("bookings.services.booking.write_bookings", clients=2)

    outcomes = crowd.run([beyond(house, manager, 8, SERVICE_COVERS=4)] * 2)

    assert tally(outcomes) == {BOOKED: 2}
    assert (house.days[0].booked_covers, authorised(house)) == (20, 8)
    assert audit(AuditScope(restaurant_id=house.restaurant.pk)).has_overbooking


def test_what_is_not_compared_under_the_lock_is_written_beyond_what_was_confirmed(
    crowd: Crowd, monkeypatch: pytest.MonkeyPatch, manager: User
) -> None:
    house = dinner_house(max_covers=8)
    house.booking()()
    monkeypatch.setattr(Override, "covers", lambda self, assessment: True)

    outcomes = crowd.run([beyond(house, manager, 8, SERVICE_COVERS=4)] * 2)

    assert tally(outcomes) == {BOOKED: 2}
    assert sorted(CapacityOverride.objects.values_list("amount", flat=True)) == [4, 8]
