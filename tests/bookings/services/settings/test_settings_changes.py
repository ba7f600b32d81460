"""Changed settings reach future service days; bookings stay, and what is above a limit has an author."""

from datetime import date, time, timedelta
from typing import Any

import pytest

from bookings.choices import OverrideSource
from bookings.errors import CapacityExceeded, PeriodsOverlap, RecordInUse, TableInUse
from bookings.models import Booking, CapacityOverride
from bookings.services import (
    GuestDetails,
    cancel_booking,
    create_booking_with_capacity_check,
    create_restaurant,
    delete_settings_row,
    materialize_service_days,
    save_settings_row,
)
from capacity.models import BookingSlot, CapacityRule, Closure, ServiceDay, ServicePeriod, TurnTime
from tables.models import Restaurant, Table
from tests.helpers.factories import (
    CapacityRuleFactory,
    RestaurantFactory,
    ServicePeriodFactory,
    TableFactory,
    TurnTimeFactory,
    UserFactory,
    days_ahead,
)
from tests.helpers.planted_faults import run_audit

pytestmark = pytest.mark.django_db(transaction=True)


def house(**columns: Any) -> Restaurant:
    restaurant = RestaurantFactory(timezone="Etc/UTC", **columns)
    ServicePeriodFactory(restaurant=restaurant)
    TurnTimeFactory(restaurant=restaurant)
    return restaurant


def open_day(restaurant: Restaurant) -> ServiceDay:
    materialize_service_days(restaurant_id=restaurant.pk, from_date=days_ahead(), to_date=days_ahead())
    return ServiceDay.objects.get(restaurant=restaurant)


def book(restaurant: Restaurant, at: str = "19:00", party_size: int = 4) -> Booking:
    return create_booking_with_capacity_check(
        restaurant_id=restaurant.pk,
        business_date=days_ahead(),
        wall_time=time.fromisoformat(at),
        party_size=party_size,
        guest=GuestDetails("Ann Lee"),
    ).booking


def day_of(restaurant: Restaurant, name: str = "Dinner") -> ServiceDay:
    return ServiceDay.objects.get(restaurant=restaurant, service_period__name=name, business_date=days_ahead())


def slots_of(restaurant: Restaurant) -> dict[str, BookingSlot]:
    slots = BookingSlot.objects.filter(restaurant=restaurant, service_day__business_date=days_ahead())
    return {f"{slot.starts_at:%H:%M}": slot for slot in slots.order_by("starts_at")}


def test_a_new_rule_limits_days_that_are_already_there() -> None:
    restaurant = house()
    open_day(restaurant)

    outcome = save_settings_row(row=CapacityRule(restaurant=restaurant, max_covers=40, pacing_covers=12))

    assert day_of(restaurant).max_covers == 40
    assert {slot.pacing_covers for slot in slots_of(restaurant).values()} == {12}
    assert outcome.service_days >= 1
    assert outcome.raised == ()


def test_a_rule_with_a_time_of_day_limits_its_slots_alone() -> None:
    restaurant = house()
    CapacityRuleFactory(restaurant=restaurant, pacing_covers=20)
    open_day(restaurant)

    save_settings_row(
        row=CapacityRule(restaurant=restaurant, from_time=time(19), to_time=time(19, 30), pacing_covers=12)
    )

    limits = {at: slot.pacing_covers for at, slot in slots_of(restaurant).items()}
    assert {at for at, limit in limits.items() if limit == 12} == {"19:00", "19:15"}
    assert limits["18:45"] == limits["19:30"] == 20


def test_a_deleted_rule_limits_nothing_any_more() -> None:
    restaurant = house()
    rule = CapacityRuleFactory(restaurant=restaurant, max_covers=4)
    book(restaurant)

    delete_settings_row(row=rule)

    assert day_of(restaurant).max_covers is None
    assert book(restaurant).pk


def test_a_limit_below_what_is_booked_keeps_the_bookings_as_authorised_excess() -> None:
    restaurant = house()
    rule = CapacityRuleFactory(restaurant=restaurant, max_covers=40, occupancy_covers=40)
    book(restaurant)
    book(restaurant)
    manager = UserFactory()

    rule.max_covers, rule.occupancy_covers = 5, 6
    outcome = save_settings_row(row=rule, actor=manager)

    day = day_of(restaurant)
    assert (day.booked_covers, day.max_covers, day.excess_covers) == (8, 5, 3)
    assert {(each.limit, each.amount) for each in outcome.raised} == {("SERVICE_COVERS", 3), ("OCCUPANCY_COVERS", 2)}
    written = CapacityOverride.objects.get(limit="SERVICE_COVERS")
    assert (written.amount, written.source, written.actor) == (3, OverrideSource.SETTINGS, manager)
    with pytest.raises(CapacityExceeded):
        book(restaurant, "17:00", 1)


def test_excess_falls_when_guests_cancel_and_is_not_authorised_twice() -> None:
    restaurant = house()
    rule = CapacityRuleFactory(restaurant=restaurant, max_covers=40)
    first = book(restaurant)
    book(restaurant)
    rule.max_covers = 5
    save_settings_row(row=rule)

    cancel_booking(booking_id=first.pk)
    save_settings_row(row=rule)

    assert day_of(restaurant).excess_covers == 0
    assert CapacityOverride.objects.filter(limit="SERVICE_COVERS").count() == 1


def test_a_raised_limit_takes_the_excess_away() -> None:
    restaurant = house()
    rule = CapacityRuleFactory(restaurant=restaurant, max_covers=40)
    book(restaurant)
    for limit, excess in ((1, 3), (3, 1), (4, 0), (None, 0)):
        rule.max_covers = limit
        save_settings_row(row=rule)

        assert (day_of(restaurant).max_covers, day_of(restaurant).excess_covers) == (limit, excess)


def test_a_past_day_keeps_the_limits_of_its_time() -> None:
    restaurant = house()
    day = open_day(restaurant)
    ServiceDay.objects.filter(pk=day.pk).update(business_date=date(2026, 1, 5))

    save_settings_row(row=CapacityRule(restaurant=restaurant, max_covers=40))

    assert ServiceDay.objects.get(pk=day.pk).max_covers is None


def test_a_later_start_closes_slots_and_keeps_those_with_guests() -> None:
    restaurant = house()
    booking = book(restaurant, "17:00")

    period = restaurant.service_periods.get()
    period.start_time = time(18)
    save_settings_row(row=period)

    slots = slots_of(restaurant)
    assert [at for at, slot in slots.items() if not slot.bookable] == [
        "17:00",
        "17:15",
        "17:30",
        "17:45",
    ]
    assert (slots["17:00"].starting_covers, slots["18:15"].present_covers) == (4, 4)
    cancel_booking(booking_id=booking.pk)
    assert all(slot.present_covers == slot.starting_covers == 0 for slot in slots_of(restaurant).values())


def test_an_empty_slot_that_is_not_offered_any_more_is_gone() -> None:
    restaurant = house()
    open_day(restaurant)

    period = restaurant.service_periods.get()
    period.last_seating = time(20)
    save_settings_row(row=period)

    assert list(slots_of(restaurant))[-1] == "20:00"


def test_a_finer_grid_counts_the_guests_who_are_there() -> None:
    restaurant = house(slot_minutes=30)
    book(restaurant, "19:00")

    restaurant.slot_minutes = 15
    save_settings_row(row=restaurant)

    slots = slots_of(restaurant)
    assert {at: slot.present_covers for at, slot in slots.items() if slot.present_covers} == dict.fromkeys(
        ("19:00", "19:15", "19:30", "19:45", "20:00", "20:15"), 4
    )
    assert {at: slot.starting_covers for at, slot in slots.items() if slot.starting_covers} == {"19:00": 4}


def test_a_longer_turn_time_lets_the_service_end_later() -> None:
    restaurant = house()
    before = open_day(restaurant).ends_at

    save_settings_row(row=TurnTime(restaurant=restaurant, up_to=8, minutes=240))

    assert day_of(restaurant).ends_at - before == timedelta(minutes=150)


def test_a_new_period_beside_bookings_starts_with_the_guests_who_reach_into_it() -> None:
    restaurant = house()
    book(restaurant, "21:00")

    late = ServicePeriodFactory.build(
        restaurant=restaurant,
        name="Late",
        start_time=time(23),
        last_seating=time(23, 30),
        end_time=time(1),
    )
    restaurant.turn_times.update(minutes=150)
    reaching = book(restaurant, "21:00", 3)
    save_settings_row(row=late)

    slots = slots_of(restaurant)
    assert (slots["23:00"].present_covers, slots["23:15"].present_covers) == (3, 3)
    assert slots["23:30"].present_covers == 0
    assert day_of(restaurant, "Late").booked_covers == 0
    assert reaching.service_day == day_of(restaurant)


def test_special_hours_replace_the_hours_of_their_date_alone() -> None:
    restaurant = house()
    booking = book(restaurant, "19:00")
    materialize_service_days(restaurant_id=restaurant.pk, from_date=days_ahead(31), to_date=days_ahead(31))

    outcome = save_settings_row(
        row=ServicePeriodFactory.build(
            restaurant=restaurant,
            name="Gala",
            weekdays=[],
            on_date=days_ahead(),
            start_time=time(18),
            last_seating=time(20),
            end_time=time(23),
        )
    )

    assert [found.booking for found in outcome.unnamed] == [booking]
    assert [at for at, slot in slots_of(restaurant).items() if slot.bookable] == [
        f"{18 + quarter // 4}:{quarter % 4 * 15:02}" for quarter in range(9)
    ]
    assert day_of(restaurant, "Dinner").booked_covers == 4
    assert slots_of(restaurant)["19:00"].service_day == day_of(restaurant, "Gala")
    assert book(restaurant, "18:00").service_day == day_of(restaurant, "Gala")
    other = ServiceDay.objects.get(restaurant=restaurant, business_date=days_ahead(31))
    assert other.service_period.name == "Dinner"


def test_periods_that_overlap_are_refused_and_nothing_is_written() -> None:
    restaurant = house()

    with pytest.raises(PeriodsOverlap, match="Dinner and Supper"):
        save_settings_row(
            row=ServicePeriodFactory.build(
                restaurant=restaurant,
                name="Supper",
                start_time=time(22),
                last_seating=time(23),
                end_time=time(1),
            )
        )

    assert restaurant.service_periods.count() == 1


def test_a_closure_names_the_bookings_that_stay() -> None:
    restaurant = house()
    booking = book(restaurant, "19:00")
    book(restaurant, "17:00")

    outcome = save_settings_row(
        row=Closure(
            restaurant=restaurant,
            from_date=days_ahead(),
            to_date=days_ahead(),
            from_time=time(18),
            to_time=time(20),
        )
    )

    assert [found.booking for found in outcome.unnamed] == [booking]
    assert Booking.objects.filter(status="confirmed").count() == 2


def test_a_period_with_a_history_is_retired_and_one_without_is_deleted() -> None:
    used, unused = house(), house()
    book(used)

    delete_settings_row(row=used.service_periods.get())
    delete_settings_row(row=unused.service_periods.get())

    assert ServicePeriod.objects.get(restaurant=used).retired_at is not None
    assert not ServicePeriod.objects.filter(restaurant=unused).exists()
    assert not any(slot.bookable for slot in slots_of(used).values())
    assert day_of(used).booked_covers == 4


def test_a_table_with_future_assignments_cannot_be_deleted_and_names_them() -> None:
    restaurant = house()
    restaurant.service_periods.update(seating_mode="tables")
    table = TableFactory(restaurant=restaurant, number="T1")
    booking = book(restaurant)

    with pytest.raises(TableInUse, match=booking.reference) as refused:
        delete_settings_row(row=table)

    assert refused.value.bookings == (booking,)
    assert Table.objects.filter(pk=table.pk).exists()
    cancel_booking(booking_id=booking.pk)
    delete_settings_row(row=table)
    assert not Table.objects.filter(pk=table.pk).exists()


def test_a_section_with_tables_cannot_be_deleted() -> None:
    restaurant = house()
    table = TableFactory(restaurant=restaurant)
    section = restaurant.sections.create(name="Main Floor")
    Table.objects.filter(pk=table.pk).update(section=section)

    with pytest.raises(RecordInUse):
        delete_settings_row(row=section)


def test_a_change_of_settings_does_not_hide_a_counter_that_is_wrong() -> None:
    restaurant = house()
    rule = CapacityRuleFactory(restaurant=restaurant, max_covers=40)
    book(restaurant)
    ServiceDay.objects.filter(restaurant=restaurant).update(booked_covers=7)

    rule.max_covers = 30
    save_settings_row(row=rule)

    assert ServiceDay.objects.get(restaurant=restaurant, business_date=days_ahead()).booked_covers == 7


def test_a_restaurant_is_created_with_its_rows_or_not_at_all() -> None:
    restaurant = Restaurant(slug="new", name="New", timezone="Etc/UTC")

    def add_overlapping_periods() -> None:
        for name in ("Dinner", "Supper"):
            ServicePeriodFactory(restaurant=restaurant, name=name)

    with pytest.raises(PeriodsOverlap):
        create_restaurant(restaurant=restaurant, change=add_overlapping_periods)

    assert not Restaurant.objects.filter(slug="new").exists()
    assert create_restaurant(restaurant=restaurant).pk


def test_materializing_twice_makes_nothing_twice_and_touches_no_counter() -> None:
    restaurant = house()
    booking = book(restaurant)
    before = list(BookingSlot.objects.order_by("pk").values())

    again = materialize_service_days(restaurant_id=restaurant.pk, from_date=days_ahead(), to_date=days_ahead())

    assert (again.days_created, again.slots_created) == (0, 0)
    assert list(BookingSlot.objects.order_by("pk").values()) == before
    assert booking.service_day.booked_covers == 4


def test_a_start_that_another_service_takes_over_has_the_limits_of_that_service() -> None:
    restaurant = house()
    dinner = ServicePeriod.objects.get(restaurant=restaurant)
    save_settings_row(row=CapacityRule(restaurant=restaurant, service_period=dinner, pacing_parties=3))
    open_day(restaurant)
    book(restaurant, party_size=4)
    delete_settings_row(row=dinner)

    again = ServicePeriodFactory.build(restaurant=restaurant, name="Supper")
    save_settings_row(row=again)
    assert day_of(restaurant, "Supper").booked_parties == 0
    assert {slot.pacing_parties for slot in slots_of(restaurant).values()} == {None}

    save_settings_row(row=CapacityRule(restaurant=restaurant, service_period=again, pacing_covers=3))
    later = ServicePeriod.objects.get(pk=again.pk)
    later.start_time = time(20)
    save_settings_row(row=later)
    hours = {"last_seating": time(19, 30), "end_time": time(20)}
    save_settings_row(row=ServicePeriodFactory.build(restaurant=restaurant, name="Early", **hours))
    assert {slot.pacing_covers for slot in slots_of(restaurant).values()} == {None, 3}
    assert run_audit().problems == []
