"""Rolling enforcement out and back: what acts, who is recorded for it, and why."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.models import Decision, RolloutChange, RolloutNote
from bookings.restaurant_file import export_restaurant, read_restaurant_file
from bookings.selectors.modes import Mode, get_enforcement_standing
from bookings.selectors.rollout import (
    RestaurantRollout,
    RolloutStatus,
    count_restaurants_taken_off_enforcement,
    get_rollout_status,
    plan_rollout_percent,
)
from bookings.services import (
    add_rollout_note,
    change_settings,
    resume_enforcement,
    roll_back_enforcement,
    save_settings_row,
    set_restaurant_mode,
    set_rollout_percent,
)
from bookings.services.settings.file_import import import_restaurant
from capacity.models import EnforcementSwitch, ServiceDay
from capacity.selectors import get_service_settings, read_clock
from config.errors import InputInvalid, RecordNotFound
from tables.models import Restaurant
from tests.helpers.dining_room import book
from tests.helpers.factories import RestaurantFactory, UserFactory, days_ahead, materialize, open_restaurant

pytestmark = pytest.mark.django_db(transaction=True)


def in_shadow(count: int, **row: Any) -> list[Restaurant]:
    return RestaurantFactory.create_batch(count, enforcement="shadow", **row)


def set_to(restaurant: Restaurant, mode: str, **signed: Any) -> RolloutChange | None:
    return set_restaurant_mode(restaurant_id=restaurant.pk, mode=mode, **({"reason": "Trial"} | signed))


def enforcing() -> set[int]:
    return set(Restaurant.objects.filter(enforcement="enforce").values_list("pk", flat=True))


# One restaurant


def test_a_mode_is_set_and_recorded_with_who_and_why() -> None:
    restaurant, owner = open_restaurant(enforcement="shadow"), UserFactory(username="ada")

    change = set_to(restaurant, "enforce", reason="  Partner agreed ", actor=owner)

    restaurant.refresh_from_db()
    assert restaurant.enforcement == "enforce"
    assert RolloutChange.objects.get() == change
    assert (change.restaurant, change.action, change.from_value, change.to_value, change.percent) == (
        *(restaurant, "set", "shadow", "enforce"),
        None,
    )
    assert (change.actor_id, change.actor_label, change.reason) == (owner.pk, "ada", "Partner agreed")


def test_a_mode_acts_at_the_next_booking_of_every_service_day_and_fits_none_of_them() -> None:
    restaurant = open_restaurant(enforcement="shadow")
    (day,) = materialize(restaurant, days_ahead())

    set_to(restaurant, "enforce")

    assert get_service_settings(restaurant.pk).is_enforced
    changed = ServiceDay.objects.get()
    assert changed.version == day.version + 1
    assert (changed.max_covers, changed.booked_covers) == (day.max_covers, day.booked_covers)


def test_setting_what_is_so_already_writes_nothing_and_says_so() -> None:
    restaurant = open_restaurant()
    (day,) = materialize(restaurant, days_ahead())

    assert set_to(restaurant, "enforce") is None

    assert not RolloutChange.objects.exists()
    assert ServiceDay.objects.get().version == day.version


def test_who_acts_from_a_shell_is_named_by_a_label() -> None:
    change = set_to(RestaurantFactory(), "shadow", label="ops@host")

    assert change is not None
    assert (change.actor, change.actor_label) == (None, "ops@host")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"reason": ""}, "reason"),
        ({"reason": " \n "}, "reason"),
        ({"reason": "x" * 201}, "reason"),
        ({"mode": "off"}, "mode"),
    ],
)
def test_without_a_reason_or_with_a_mode_that_is_none_nothing_is_written(wrong: dict[str, str], field: str) -> None:
    restaurant = RestaurantFactory()

    with pytest.raises(InputInvalid) as refused:
        set_restaurant_mode(restaurant_id=restaurant.pk, **({"mode": "shadow", "reason": "Trial"} | wrong))

    assert list(refused.value.details) == [field]
    assert not RolloutChange.objects.exists()
    assert enforcing() == {restaurant.pk}


def test_an_unknown_restaurant_is_refused() -> None:
    with pytest.raises(RecordNotFound):
        set_restaurant_mode(restaurant_id=0, mode="shadow", reason="Trial")


def test_a_change_whose_entry_cannot_be_written_does_not_act(monkeypatch: pytest.MonkeyPatch) -> None:
    restaurant = RestaurantFactory()

    def broken(**_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(RolloutChange.objects, "create", broken)
    with pytest.raises(ZeroDivisionError):
        set_to(restaurant, "shadow")
    with pytest.raises(ZeroDivisionError):
        roll_back_enforcement(reason="Trial")

    assert enforcing() == {restaurant.pk}
    assert not EnforcementSwitch.objects.exists()


# A percentage of them


def test_ten_percent_are_the_beta_partners_first() -> None:
    in_shadow(18)
    partners = in_shadow(2, beta_partner=True)

    changes = set_rollout_percent(percent=10, reason="Stage 1", label="ops")

    assert enforcing() == {each.pk for each in partners}
    assert {
        (each.action, each.from_value, each.to_value, each.percent, each.reason, each.actor_label) for each in changes
    } == {("percent", "shadow", "enforce", 10, "Stage 1", "ops")}
    assert RolloutChange.objects.count() == 2


def test_a_larger_percentage_drops_nobody_and_a_smaller_one_the_last_to_join() -> None:
    in_shadow(9)
    by_hand = in_shadow(1)[0]
    set_to(by_hand, "enforce")

    set_rollout_percent(percent=10, reason="Stage 1")
    assert enforcing() == {by_hand.pk}
    set_rollout_percent(percent=50, reason="Stage 2")
    half = enforcing()
    assert (len(half), by_hand.pk in half) == (5, True)
    set_rollout_percent(percent=100, reason="Stage 3")
    assert len(enforcing()) == 10

    back = set_rollout_percent(percent=10, reason="Too many complaints")

    assert {(each.from_value, each.to_value) for each in back} == {("enforce", "shadow")}
    assert (len(back), len(enforcing())) == (9, 1)


def test_the_same_percentage_again_changes_nothing() -> None:
    in_shadow(4)
    set_rollout_percent(percent=50, reason="Stage 2")

    assert set_rollout_percent(percent=50, reason="Stage 2") == ()
    assert RolloutChange.objects.count() == 2


def test_inactive_restaurants_neither_count_nor_change() -> None:
    in_shadow(3, active=False)
    active = in_shadow(2)

    set_rollout_percent(percent=50, reason="Stage 2")

    assert len(enforcing() & {each.pk for each in active}) == len(enforcing()) == 1


def test_the_plan_is_what_happens() -> None:
    in_shadow(7)
    plan = plan_rollout_percent(50)

    set_rollout_percent(percent=50, reason="Stage 2")

    assert (plan.total, plan.wanted, plan.leaving) == (7, 4, ())
    assert {each.pk for each in plan.joining} == enforcing()


def test_after_an_error_the_changes_so_far_stay_and_a_second_call_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    in_shadow(4)
    plan = plan_rollout_percent(100)
    calls = iter([None, ZeroDivisionError()])

    def lock(restaurant_id: int, **_: object) -> None:
        if error := next(calls):
            raise error

    with monkeypatch.context() as patch:
        patch.setattr("bookings.services.rollout.lock_future_service_days", lock)
        with pytest.raises(ZeroDivisionError):
            set_rollout_percent(percent=100, reason="Stage 3")
    assert enforcing() == {plan.joining[0].pk}

    assert len(set_rollout_percent(percent=100, reason="Stage 3")) == 3
    assert len(enforcing()) == 4


@pytest.mark.parametrize("percent", [0, 25, 99, 101, -10])
def test_only_the_stages_of_the_plan_are_taken(percent: int) -> None:
    in_shadow(2)

    with pytest.raises(InputInvalid) as refused:
        set_rollout_percent(percent=percent, reason="Stage")

    assert list(refused.value.details) == ["percent"]
    assert enforcing() == set()


# All of them at once


def test_a_rollback_and_a_resumption_act_on_all_and_are_recorded() -> None:
    restaurant, owner = RestaurantFactory(), UserFactory(username="ada")

    back = roll_back_enforcement(reason="Guests turned away", actor=owner)
    standing = get_enforcement_standing()
    assert not get_service_settings(restaurant.pk).is_enforced
    assert (standing.is_on, standing.changed_by, standing.reason) == (False, "ada", "Guests turned away")
    assert standing.obstacles == ("the enforcement switch is off: Guests turned away",)

    on = resume_enforcement(reason="Mended", label="ops")
    standing = get_enforcement_standing()
    assert get_service_settings(restaurant.pk).is_enforced
    assert (standing.is_on, standing.changed_by, standing.reason) == (True, "ops", "Mended")

    assert [
        (each.restaurant, each.action, each.from_value, each.to_value, each.actor_label, each.reason)
        for each in RolloutChange.objects.order_by("pk")
    ] == [
        (None, "rollback", "on", "off", "ada", "Guests turned away"),
        (None, "resume", "off", "on", "ops", "Mended"),
    ]
    assert [back, on] == list(RolloutChange.objects.order_by("pk"))


def test_turning_the_switch_to_where_it_stands_writes_nothing() -> None:
    assert resume_enforcement(reason="Mended") is None
    assert not EnforcementSwitch.objects.exists()

    roll_back_enforcement(reason="First")
    assert roll_back_enforcement(reason="Second") is None

    assert EnforcementSwitch.objects.get().reason == "First"
    assert RolloutChange.objects.count() == 1


def test_a_rollback_locks_no_service_day_and_no_restaurant() -> None:
    restaurant = open_restaurant()
    materialize(restaurant, days_ahead())

    with CaptureQueriesContext(connection) as queries:
        roll_back_enforcement(reason="Guests turned away")

    said = " ".join(query["sql"] for query in queries)
    assert "capacity_serviceday" not in said
    assert "tables_restaurant" not in said
    assert 'FROM "capacity_enforcementswitch"' in said


@pytest.mark.parametrize("turn", [roll_back_enforcement, resume_enforcement])
def test_the_switch_is_not_turned_without_a_reason(turn: Any) -> None:
    with pytest.raises(InputInvalid):
        turn(reason="  ")

    assert not EnforcementSwitch.objects.exists()


# Other ways to another mode


def test_a_restaurant_file_with_another_mode_leaves_an_entry() -> None:
    restaurant = open_restaurant(slug="bistro")
    text = export_restaurant(slug="bistro").replace("enforcement: enforce", "enforcement: shadow")

    import_restaurant(file=read_restaurant_file(text.encode()), label="ops")

    restaurant.refresh_from_db()
    change = RolloutChange.objects.get()
    assert restaurant.enforcement == "shadow"
    assert (change.restaurant, change.action, change.from_value, change.to_value) == (
        *(restaurant, "set", "enforce"),
        "shadow",
    )
    assert (change.actor_label, change.reason) == ("ops", "Import of bistro")


def test_any_change_of_settings_that_changes_the_mode_leaves_an_entry() -> None:
    restaurant, owner = open_restaurant(name="Bistro"), UserFactory(username="ada")
    restaurant.enforcement = "shadow"

    save_settings_row(row=restaurant, actor=owner)
    save_settings_row(row=restaurant, actor=owner)

    assert RolloutChange.objects.values_list("from_value", "to_value", "actor_label", "reason").get() == (
        *("enforce", "shadow", "ada"),
        "restaurant saved: Bistro",
    )


def test_a_change_of_settings_that_fails_leaves_no_entry() -> None:
    restaurant = open_restaurant()

    def change() -> None:
        Restaurant.objects.update(enforcement="shadow", slot_minutes=1)

    with pytest.raises(Exception, match="restaurant_slot_minutes_in_range"):
        change_settings(restaurant_id=restaurant.pk, change=change, reason="Trial")

    assert not RolloutChange.objects.exists()


# What people noticed


def test_a_note_says_how_many_tickets_and_what_about() -> None:
    restaurant, owner = RestaurantFactory(), UserFactory(username="ada")

    note = add_rollout_note(restaurant_id=restaurant.pk, tickets=3, text=" No table at 19:00 ", actor=owner)

    assert RolloutNote.objects.get() == note
    assert (note.restaurant, note.tickets, note.text, note.actor_label) == (restaurant, 3, "No table at 19:00", "ada")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"tickets": -1}, "tickets"),
        ({"tickets": 100_001}, "tickets"),
        ({"tickets": 0}, "text"),
        ({"tickets": 1, "text": "x" * 501}, "text"),
    ],
)
def test_a_note_that_says_nothing_or_too_much_is_refused(values: dict[str, Any], field: str) -> None:
    with pytest.raises(InputInvalid) as refused:
        add_rollout_note(restaurant_id=RestaurantFactory().pk, **values)

    assert list(refused.value.details) == [field]
    assert not RolloutNote.objects.exists()


@pytest.mark.parametrize("text", ["line1\nEnforced: 2 of 2", "\x1b[31mred", "line1\u2028line2", "half \ud800"])
def test_what_would_forge_a_line_or_a_colour_is_no_reason_no_note_and_no_name(text: str) -> None:
    restaurant = RestaurantFactory()
    attempts: list[tuple[str, Callable[[], object]]] = [
        ("reason", lambda: set_to(restaurant, "shadow", reason=text)),
        ("reason", lambda: roll_back_enforcement(reason=text)),
        ("label", lambda: roll_back_enforcement(reason="Trial", label=text)),
        ("text", lambda: add_rollout_note(restaurant_id=restaurant.pk, tickets=1, text=text)),
    ]

    for field, attempt in attempts:
        with pytest.raises(InputInvalid) as refused:
            attempt()
        assert refused.value.details == {
            field: [{"code": "control_characters", "message": "One line, without control characters."}]
        }
    assert not RolloutChange.objects.exists()
    assert not RolloutNote.objects.exists()


def test_a_note_for_an_unknown_restaurant_is_refused() -> None:
    with pytest.raises(RecordNotFound):
        add_rollout_note(restaurant_id=0, tickets=1)


# Where it stands


def decide(restaurant: Restaurant, verdict: str, *, days_ago: int = 0) -> None:
    now = read_clock()
    Decision.objects.create(
        restaurant=restaurant,
        decided_at=now - timedelta(days=days_ago),
        operation="create",
        mode="shadow",
        verdict=verdict,
        party_size=2,
        business_date=days_ahead(),
        starts_at=now,
        ends_at=now,
        source="web",
    )


def test_the_status_names_what_decides_each_restaurant_and_what_was_seen_of_it() -> None:
    alpha, beta = RestaurantFactory(name="Alpha"), RestaurantFactory(name="Beta", enforcement="shadow")
    RestaurantFactory(name="Gone", active=False)
    set_to(alpha, "shadow")
    change = set_to(alpha, "enforce")
    for verdict, days_ago in (("waived", 0), ("waived", 6), ("accepted", 1), ("waived", 8)):
        decide(beta, verdict, days_ago=days_ago)
    add_rollout_note(restaurant_id=beta.pk, tickets=2)
    add_rollout_note(restaurant_id=beta.pk, tickets=1)

    status = get_rollout_status()

    assert [(each.restaurant, each.mode.is_enforced, each.last_change) for each in status.restaurants] == [
        (alpha, True, change),
        (beta, False, None),
    ]
    assert [(each.decisions, each.would_be_refusals, each.tickets) for each in status.restaurants] == [
        (0, 0, 0),
        (3, 2, 3),
    ]
    assert (status.enforcing, status.set_to_enforce, status.percent) == (1, 1, 50)


def test_with_the_switch_off_nobody_enforces_whatever_is_set() -> None:
    RestaurantFactory()
    roll_back_enforcement(reason="Guests turned away", label="ops")

    status = get_rollout_status()

    assert (status.enforcing, status.set_to_enforce, status.percent) == (0, 1, 0)
    assert status.restaurants[0].mode.decided_by == "the enforcement switch is off: Guests turned away"


def test_only_all_are_a_hundred_per_cent_and_only_none_is_zero() -> None:
    standing = get_enforcement_standing()

    def percent(enforcing: int, total: int) -> int:
        modes = [Mode(number < enforcing, "") for number in range(total)]
        rows = tuple(RestaurantRollout(Restaurant(), mode, None, 0, 0, 0) for mode in modes)
        return RolloutStatus(read_clock(), standing, rows).percent

    assert [percent(*of) for of in ((199, 200), (200, 200), (1, 300), (0, 300), (1, 3), (2, 3))] == [
        *(99, 100, 1, 0),
        *(33, 66),
    ]


def test_without_restaurants_nothing_enforces() -> None:
    assert (get_rollout_status().percent, plan_rollout_percent(100).wanted) == (0, 0)


def test_the_status_takes_six_queries_however_many_restaurants(django_assert_num_queries: Any) -> None:
    RestaurantFactory()
    with django_assert_num_queries(6):
        get_rollout_status()
    for restaurant in RestaurantFactory.create_batch(4):
        set_to(restaurant, "shadow")

    with django_assert_num_queries(6):
        get_rollout_status()


def test_what_was_taken_off_enforcement_is_counted_in_one_query(django_assert_num_queries: Any) -> None:
    off, again, gone, unbooked, _never, promoted = (*[open_restaurant() for _ in range(4)], *in_shadow(2))
    for restaurant in (off, again, gone):
        book(restaurant)
    set_to(unbooked, "shadow")
    for restaurant in (off, again, gone):
        set_to(restaurant, "shadow")
    set_to(again, "enforce")
    set_to(promoted, "enforce")
    Restaurant.objects.filter(pk=gone.pk).update(active=False)

    with django_assert_num_queries(1):
        assert count_restaurants_taken_off_enforcement() == 1


def test_an_owner_who_is_deleted_stays_in_the_history_by_name() -> None:
    owner = UserFactory(username="ada")
    roll_back_enforcement(reason="Guests turned away", actor=owner)

    User.objects.all().delete()

    assert RolloutChange.objects.values_list("actor", "actor_label").get() == (None, "ada")
    assert get_enforcement_standing().changed_by == "ada"
