"""Rules, periods, turn times and closures in the admin: saved through the service, refused at the field."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from django.contrib.admin.models import LogEntry

from bookings.models import CapacityOverride
from capacity.models import BookingSlot, CapacityRule, Closure, ServiceDay, ServicePeriod, TurnTime
from config.errors import BookingConflict, InputInvalid
from tests.helpers.admin_screens import client_with, confirmed, count_queries, form_of, messages_of, text_of
from tests.helpers.factories import (
    BookingFactory,
    CapacityRuleFactory,
    ClosureFactory,
    RestaurantFactory,
    ServicePeriodFactory,
    TurnTimeFactory,
    days_ahead,
    materialize,
    open_restaurant,
)

pytestmark = pytest.mark.django_db(transaction=True)

RULES = "/admin/capacity/capacityrule/"
PERIODS = "/admin/capacity/serviceperiod/"
TURNS = "/admin/capacity/turntime/"
CLOSURES = "/admin/capacity/closure/"
SOON = days_ahead(2)


@pytest.fixture
def house():
    """A restaurant with Dinner and service days on SOON and the day after, without limits."""
    restaurant = open_restaurant(name="Bistro")
    materialize(restaurant, SOON)
    materialize(restaurant, SOON + timedelta(days=1))
    return restaurant


def add(client, url, **values):
    return confirmed(client, client.post(f"{url}add/", form_of(client.get(f"{url}add/")) | values, follow=True))


def change(client, url, row, **values):
    page = f"{url}{row.pk}/change/"
    return confirmed(client, client.post(page, form_of(client.get(page)) | values, follow=True))


def test_a_new_rule_limits_the_service_days_that_are_there(admin_client, house):
    page = add(admin_client, RULES, max_covers="40", pacing_covers="12")

    day = ServiceDay.objects.get(business_date=SOON)
    assert page.redirect_chain == [(RULES, 302)]
    assert (day.max_covers, day.version) == (40, 2)
    assert set(BookingSlot.objects.values_list("pacing_covers", flat=True)) == {12}
    assert messages_of(page)[0] == "2 future service days updated."


def test_a_changed_rule_limits_them_again_and_is_logged(admin_client, house):
    rule = CapacityRuleFactory(restaurant=house, max_covers=40)

    page = change(admin_client, RULES, rule, max_covers="60")

    assert page.redirect_chain == [(RULES, 302)]
    assert set(ServiceDay.objects.values_list("max_covers", flat=True)) == {60}
    assert LogEntry.objects.get().object_id == str(rule.pk)


def test_a_limit_below_what_is_booked_names_service_slot_limit_and_excess(admin_client, house):
    for wall_time in (time(19), time(19), time(20)):
        BookingFactory(restaurant=house, business_date=SOON, wall_time=wall_time, party_size=4)

    page = add(admin_client, RULES, max_covers="10", pacing_covers="8", pacing_parties="1")

    warning = next(message for message in messages_of(page) if "The bookings stay" in message)
    shown = f"Dinner on {SOON:%a %-d %b %Y}"
    assert f"{shown}</a>: covers per service 12 / 10, 2 over the limit, authorised" in warning
    assert f"{shown}</a> at 19:00: parties starting per slot 2 / 1, 1 over the limit, authorised" in warning
    assert warning.count("over the limit") == 2
    day = ServiceDay.objects.get(business_date=SOON)
    assert (day.booked_covers, day.max_covers, day.excess_covers) == (12, 10, 2)
    assert CapacityOverride.objects.filter(source="settings").count() == 2


def test_a_limit_lowered_again_says_how_much_is_over_in_all(admin_client, house):
    BookingFactory(restaurant=house, business_date=SOON, wall_time=time(19), party_size=12)
    add(admin_client, RULES, max_covers="10")

    page = change(admin_client, RULES, CapacityRule.objects.get(), max_covers="9")

    assert any("covers per service 12 / 9, 3 over the limit, authorised" in message for message in messages_of(page))
    assert list(CapacityOverride.objects.order_by("pk").values_list("amount", flat=True)) == [2, 1]


def test_a_refusal_is_an_error_of_the_form_with_the_input_kept_and_nothing_written(admin_client, house):
    page = add(
        admin_client,
        PERIODS,
        name="Late",
        start_time="22:00",
        last_seating="23:00",
        end_time="23:30",
        weekdays=["1", "2"],
    )

    assert page.status_code == 200
    assert page.redirect_chain == []
    errors = page.context["adminform"].form.non_field_errors()
    assert errors == ["Service periods must not overlap: Dinner and Late"]
    sent = form_of(page)
    assert (sent["name"], sent["start_time"], sent["weekdays"]) == (["Late"], ["22:00"], ["1", "2"])
    assert list(ServicePeriod.objects.values_list("name", flat=True)) == ["Dinner"]
    assert not LogEntry.objects.exists()


def test_a_refused_change_leaves_the_row_as_it_was(admin_client, house):
    drinks = ServicePeriodFactory(
        restaurant=house, name="Drinks", start_time=time(15), last_seating=time(16), end_time=time(17)
    )

    page = change(admin_client, PERIODS, drinks, end_time="17:30")

    assert page.status_code == 200
    assert form_of(page)["end_time"] == ["17:30"]
    assert "Service periods must not overlap" in text_of(page)
    drinks.refresh_from_db()
    assert drinks.end_time == time(17)


@pytest.mark.parametrize(
    ("values", "field", "message"),
    [
        ({"last_seating": "23:30"}, "last_seating", "Must lie between start and end."),
        ({"last_seating": "16:00"}, "last_seating", "Must lie between start and end."),
        ({"start_time": "17:00:30"}, "start_time", "Enter a valid time."),
        ({"weekdays": []}, "weekdays", "Tick a weekday, or give the date of special hours."),
        ({"weekdays": ["8"]}, "weekdays", "Select a valid choice. 8 is not one of the available choices."),
        ({"valid_from": "2027-02-01", "valid_to": "2027-01-31"}, "valid_to", "The last date is before the first."),
        ({"name": ""}, "name", "This field is required."),
    ],
)
def test_a_period_that_makes_no_sense_is_refused_at_its_field(admin_client, house, values, field, message):
    period = house.service_periods.get()

    page = change(admin_client, PERIODS, period, **values)

    assert page.status_code == 200
    assert page.context["adminform"].form.errors == {field: [message]}


def test_weekdays_are_checkboxes_and_stay_ticked(admin_client, house):
    period = house.service_periods.get()

    page = change(admin_client, PERIODS, period, weekdays=["5", "6"])

    period.refresh_from_db()
    assert page.redirect_chain == [(PERIODS, 302)]
    assert period.weekdays == [5, 6]
    assert form_of(admin_client.get(f"{PERIODS}{period.pk}/change/"))["weekdays"] == ["5", "6"]


def test_a_name_taken_in_the_restaurant_is_refused_at_the_name(admin_client, house):
    ServicePeriodFactory(restaurant=RestaurantFactory(), name="Lunch")
    lunch = ServicePeriodFactory(
        restaurant=house, name="Lunch", start_time=time(12), last_seating=time(14), end_time=time(15)
    )

    page = change(admin_client, PERIODS, lunch, name="Dinner")

    assert page.context["adminform"].form.errors == {
        "name": ["This restaurant has another service period with the same name."]
    }


def test_a_period_with_service_days_is_retired_by_its_delete_page(admin_client, house):
    period = house.service_periods.get()
    question = admin_client.get(f"{PERIODS}{period.pk}/delete/")
    assert "A period with service days is retired" in text_of(question)

    page = admin_client.post(f"{PERIODS}{period.pk}/delete/", form_of(question), follow=True)

    period.refresh_from_db()
    assert page.redirect_chain == [(PERIODS, 302)]
    assert period.retired_at is not None
    assert "save" not in text_of(admin_client.get(f"{PERIODS}{period.pk}/change/")).lower()


def test_a_rule_is_deleted_with_its_limits(admin_client, house):
    rule = CapacityRuleFactory(restaurant=house, max_covers=40)

    page = confirmed(admin_client, admin_client.post(f"{RULES}{rule.pk}/delete/", {"post": "yes"}, follow=True))

    assert messages_of(page)[0] == "2 future service days updated."
    assert not CapacityRule.objects.exists()
    assert LogEntry.objects.get().object_id == str(rule.pk)


@pytest.mark.parametrize(
    ("values", "errors"),
    [
        ({}, {"__all__": ["Set at least one limit: a rule without limits says nothing."]}),
        (
            {"from_date": "2027-03-02", "to_date": "2027-03-01", "max_covers": "1"},
            {"to_date": ["The last date is before the first."]},
        ),
        ({"to_date": "2027-03-01", "max_covers": "1"}, {"from_date": ["Give the first date too."]}),
        ({"from_time": "19:00", "pacing_covers": "1"}, {"to_time": ["Give both times, or neither."]}),
        (
            {"from_time": "19:00", "to_time": "20:00", "max_covers": "1"},
            {"max_covers": ["A service as a whole has no time of day: leave the times or this limit empty."]},
        ),
        ({"max_covers": "-1"}, {"max_covers": ["Ensure this value is greater than or equal to 0."]}),
    ],
)
def test_a_rule_that_makes_no_sense_is_refused_at_its_field(admin_client, house, values, errors):
    page = add(admin_client, RULES, **values)

    assert page.status_code == 200
    assert page.context["adminform"].form.errors == errors
    assert not CapacityRule.objects.exists()


def test_a_rule_with_one_date_is_for_that_day_alone(admin_client, house):
    add(admin_client, RULES, from_date="2027-12-24", max_covers="40")

    rule = CapacityRule.objects.get()
    assert rule.from_date == rule.to_date
    assert "24 Dec 2027" in text_of(admin_client.get(RULES))


def test_a_rule_cannot_name_a_period_of_another_restaurant(admin_client, house):
    stranger = ServicePeriodFactory(name="Brunch")

    page = add(admin_client, RULES, restaurant=house.pk, service_period=stranger.pk, max_covers="40")

    assert page.context["adminform"].form.errors == {"service_period": ["Not of Bistro: Brunch."]}


def offered_periods(page):
    return [label for value, label in page.context["adminform"].form.fields["service_period"].choices if value]


def test_a_retired_period_stays_on_its_rule_and_is_offered_to_no_other(admin_client, house):
    ServicePeriodFactory(restaurant=house, name="Gala", on_date=date(2027, 12, 31))
    rule = CapacityRuleFactory(restaurant=house, service_period=house.service_periods.get(name="Dinner"), max_covers=9)
    house.service_periods.filter(name="Dinner").update(retired_at=datetime.now(UTC))

    assert offered_periods(admin_client.get(f"{RULES}add/")) == ["Bistro · Gala (31 Dec 2027)"]
    assert offered_periods(admin_client.get(f"{RULES}{rule.pk}/change/")) == ["Dinner", "Gala (31 Dec 2027)"]
    change(admin_client, RULES, rule, note="kept")
    rule.refresh_from_db()
    assert (rule.note, rule.service_period.name) == ("kept", "Dinner")


def test_the_same_rule_twice_is_refused(admin_client, house):
    values = {"restaurant": house.pk, "max_covers": "40"}
    add(admin_client, RULES, **values)

    page = add(admin_client, RULES, **values)

    assert page.status_code == 200
    assert page.context["adminform"].form.non_field_errors() == ["The same capacity rule is there already."]
    assert CapacityRule.objects.count() == 1


def test_an_edit_of_what_somebody_else_changed_meanwhile_is_refused(admin_client, house):
    rule = CapacityRuleFactory(restaurant=house, max_covers=40)
    page = f"{RULES}{rule.pk}/change/"
    opened = form_of(admin_client.get(page))
    change(admin_client, RULES, rule, max_covers="50")

    late = admin_client.post(page, opened | {"max_covers": "60"})

    assert late.status_code == 200
    assert "Somebody else changed this capacity rule after you opened it." in text_of(late)
    assert form_of(late)["max_covers"] == ["60"]
    rule.refresh_from_db()
    assert rule.max_covers == 50


def test_a_conflict_that_outlasts_the_deadline_is_an_error_of_the_form(admin_client, house, monkeypatch):
    def give_up(**_):
        raise BookingConflict

    monkeypatch.setattr("bookings.admin.parts.settings_rows.save_settings_row", give_up)

    page = add(admin_client, RULES, max_covers="40")

    assert page.status_code == 200
    assert "Too many people are booking this service at once." in text_of(page)
    assert form_of(page)["max_covers"] == ["40"]


def test_a_refusal_of_a_field_is_shown_at_it(admin_client, house, monkeypatch):
    def refuse(**_):
        raise InputInvalid(
            {"note": [{"code": "long", "message": "Too long."}], "other": [{"code": "x", "message": "?"}]}
        )

    monkeypatch.setattr("bookings.admin.parts.settings_rows.save_settings_row", refuse)

    page = add(admin_client, RULES, max_covers="40")

    assert page.context["adminform"].form.errors == {"note": ["Too long."], "__all__": ["?"]}


@pytest.mark.parametrize(
    ("scope", "words"),
    [
        ({}, "Every service"),
        ({"weekday": 5}, "Every service, Friday"),
        ({"from_date": date(2027, 12, 24), "to_date": date(2027, 12, 26)}, "Every service, 24 Dec 2027 to 26 Dec 2027"),
        ({"from_time": time(19), "to_time": time(19, 30)}, "Every service, 19:00 to 19:30"),
    ],
)
def test_the_list_says_in_words_where_a_rule_applies(admin_client, house, scope, words):
    CapacityRuleFactory(restaurant=house, pacing_covers=12, pacing_parties=3, **scope)

    assert f"{words} Bistro - 12 covers, 3 parties -" in text_of(admin_client.get(RULES))


def test_the_form_and_the_message_say_what_a_limit_leaves_out(admin_client, house):
    page = add(admin_client, RULES, pacing_covers="4")

    advice = "A limit of 4 on covers starting per slot: online parties of 5 to 8 never fit."
    assert advice in messages_of(page)
    rule = CapacityRule.objects.get()
    assert advice in text_of(admin_client.get(f"{RULES}{rule.pk}/change/"))


def test_a_limit_above_the_seats_is_said_not_refused(admin_client):
    house = open_restaurant(tables=3, seats=4)

    page = add(admin_client, RULES, restaurant=house.pk, occupancy_covers="13")

    assert "A limit of 13 on covers present is above the 12 seats: it can never be reached." in messages_of(page)
    assert CapacityRule.objects.get().occupancy_covers == 13


def test_a_limit_above_the_seats_of_a_service_that_counts_numbers_alone_needs_no_word(admin_client):
    house = open_restaurant(tables=3, seats=4)
    house.service_periods.update(seating_mode="covers")

    page = add(admin_client, RULES, restaurant=house.pk, occupancy_covers="13")

    assert not any("is above the" in message for message in messages_of(page))


def test_a_gap_in_turn_times_is_said_not_refused(admin_client, house):
    page = add(admin_client, TURNS, up_to="6", minutes="120")

    assert "Dinner: no turn time for parties of 7 to 8, so the default applies." in messages_of(page)
    turn = TurnTime.objects.get()
    assert "no turn time for parties of 7 to 8" in text_of(admin_client.get(f"{TURNS}{turn.pk}/change/"))


def test_a_turn_time_band_that_is_there_is_refused_at_its_size(admin_client, house):
    TurnTimeFactory(restaurant=house, up_to=2)

    page = add(admin_client, TURNS, up_to="2", minutes="60")

    assert page.context["adminform"].form.errors == {
        "up_to": ["This restaurant has another turn time with the same parties up to."]
    }


def test_a_closure_lists_the_bookings_inside_it(admin_client, house):
    inside = BookingFactory(restaurant=house, business_date=SOON, wall_time=time(19))
    BookingFactory(restaurant=house, business_date=SOON, wall_time=time(21))

    page = add(admin_client, CLOSURES, from_date=f"{SOON}", from_time="18:00", to_time="20:00")

    closure = Closure.objects.get()
    assert closure.to_date == closure.from_date
    warning = next(message for message in messages_of(page) if "decision" in message)
    assert warning.startswith("1 booking stays in place and waits for your decision: ")
    assert (
        f'<a class="text-primary-600 underline dark:text-primary-500" href="/admin/bookings/booking/{inside.pk}/'
        in (warning)
    )
    shown = text_of(admin_client.get(f"{CLOSURES}{closure.pk}/change/"))
    assert inside.reference in shown
    assert "For a decision" in shown


def test_a_closure_for_another_service_lists_nobody(admin_client, house):
    BookingFactory(restaurant=house, business_date=SOON, wall_time=time(19))
    lunch = ServicePeriodFactory(
        restaurant=house, name="Lunch", start_time=time(12), last_seating=time(14), end_time=time(15)
    )

    page = add(admin_client, CLOSURES, from_date=f"{SOON}", service_period=lunch.pk)

    assert not any("decision" in message for message in messages_of(page))


ROWS = {
    RULES: lambda house, n: CapacityRuleFactory(restaurant=house, max_covers=10 + n),
    PERIODS: lambda house, n: ServicePeriodFactory(restaurant=house, name=f"Event {n}", on_date=days_ahead(90 + n)),
    TURNS: lambda house, n: TurnTimeFactory(
        restaurant=house, service_period=house.service_periods.first(), up_to=10 + n
    ),
    CLOSURES: lambda house, n: ClosureFactory(restaurant=house, from_date=days_ahead(60) + timedelta(days=n)),
}


@pytest.mark.parametrize("url", ROWS)
def test_a_list_takes_as_many_queries_for_ten_rows_as_for_two(admin_client, house, url):
    for n in range(2):
        ROWS[url](house, n)
    few = count_queries(admin_client, url)

    for n in range(2, 10):
        ROWS[url](house, n)

    assert count_queries(admin_client, url) == few


@pytest.mark.parametrize("url", ROWS)
def test_every_settings_screen_renders(admin_client, house, url):
    row = ROWS[url](house, 0)

    for path in ("", "add/", f"{row.pk}/change/", f"{row.pk}/delete/", f"{row.pk}/history/"):
        assert admin_client.get(f"{url}{path}").status_code == 200


def test_a_user_who_may_only_look_cannot_save(house):
    rule = CapacityRuleFactory(restaurant=house, max_covers=40)
    client = client_with("capacity.view_capacityrule")

    assert client.get(f"{RULES}{rule.pk}/change/").status_code == 200
    assert client.post(f"{RULES}{rule.pk}/change/", {"max_covers": "1"}).status_code == 403
    assert client.post(f"{RULES}{rule.pk}/delete/", {"post": "yes"}).status_code == 403
    assert client.get(PERIODS).status_code == 403
    rule.refresh_from_db()
    assert rule.max_covers == 40


def test_no_list_deletes_past_the_service(admin_client, house):
    rule = CapacityRuleFactory(restaurant=house, max_covers=40)

    admin_client.post(RULES, {"action": "delete_selected", "_selected_action": rule.pk, "post": "yes"})

    assert CapacityRule.objects.filter(pk=rule.pk).exists()
