"""A party calls: one page, the starts of its date beside it, and what would take it where it is refused."""

from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.test import Client

from bookings.models import Booking
from bookings.services import pin_tables
from tables.models import Restaurant
from tests.helpers.admin_screens import client_with, count_queries, form_of, messages_of, text_of
from tests.helpers.dining_room import at_tables, book, everything_written, faults, room
from tests.helpers.factories import CapacityRuleFactory, days_ahead

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/admin/bookings/booking/telephone/"


@pytest.fixture
def house() -> Restaurant:
    """A house with T1 for two and T2 for four, dinner from 17:00 to 21:30."""
    return room(2, 4, name="Bistro")


def filled_in(client: Client, **values: Any) -> dict[str, Any]:
    asked = {"business_date": days_ahead().isoformat(), "wall_time": "19:00", "name": "Ada Lovelace"}
    return {**form_of(client.get(PAGE)), **asked, **values}


def call(client: Client, **values: Any) -> Any:
    return client.post(PAGE, filled_in(client, **values), follow=True)


def starts_of(page: Any) -> dict[str, str]:
    return {start.wall_time: start.words for service in page.context["beside"].services for start in service.starts}


def test_a_party_is_booked_by_telephone_without_any_contact(
    admin_client: Client, admin_user: Any, house: Restaurant
) -> None:
    page = call(admin_client, notes="By the window")

    booking = Booking.objects.get()
    assert page.redirect_chain == [(f"/admin/bookings/booking/{booking.pk}/change/", 302)]
    (said,) = messages_of(page)
    assert said.startswith("Ada Lovelace, party of 2, is booked on ")
    assert " from 19:00 to 20:30: T1 (<a " in said
    assert (booking.source, booking.guest_email, booking.guest_phone) == ("phone", "", "")
    assert (booking.notes, booking.turn_minutes, at_tables(booking)) == ("By the window", 90, ["T1"])
    assert booking.events.get().actor == admin_user
    assert faults(house) == []


def test_the_staff_names_stay_wish_and_contact(admin_client: Client, house: Restaurant) -> None:
    house.timezone = "Europe/London"
    house.save()

    call(admin_client, minutes="45", seating="indoor", phone="020 7946 0000", email="ada@example.com")

    booking = Booking.objects.get()
    assert (booking.turn_minutes, booking.seating) == (45, "indoor")
    assert (booking.guest_phone, booking.guest_email) == ("+442079460000", "ada@example.com")


def test_a_double_click_books_one_party(admin_client: Client, house: Restaurant) -> None:
    form = filled_in(admin_client)

    first, second = admin_client.post(PAGE, form), admin_client.post(PAGE, form)

    assert first["Location"] == second["Location"]
    assert Booking.objects.count() == 1


def test_a_page_that_has_booked_a_party_books_no_other(admin_client: Client, house: Restaurant) -> None:
    form = filled_in(admin_client)
    admin_client.post(PAGE, form)

    page = admin_client.post(PAGE, {**form, "party_size": "3"})

    assert "This page has booked a party already. Open it again for the next one." in text_of(page)
    assert Booking.objects.count() == 1


def test_the_starts_of_the_date_stand_beside_the_form(admin_client: Client, house: Restaurant) -> None:
    book(house, party_size=4)
    asked = f"?business_date={days_ahead().isoformat()}&party_size=4"

    page = admin_client.get(PAGE + asked)

    words = starts_of(page)
    assert (words["17:30"], words["17:45"], words["20:15"], words["20:30"]) == (
        "free",
        "full: no table",
        "full: no table",
        "free",
    )
    assert "4 covers booked" in text_of(page)


def test_the_starts_are_those_of_the_stay_that_is_asked_for(admin_client: Client, house: Restaurant) -> None:
    book(house, party_size=4)
    asked = f"?business_date={days_ahead().isoformat()}&party_size=4&minutes=60"

    words = starts_of(admin_client.get(PAGE + asked))

    assert (words["18:00"], words["18:15"]) == ("free", "full: no table")


@pytest.mark.parametrize("asked", ["?business_date=nonsense", "?party_size=0", "?minutes=x"])
def test_a_question_without_sense_shows_no_starts(admin_client: Client, house: Restaurant, asked: str) -> None:
    page = admin_client.get(PAGE + asked)

    assert page.status_code == 200
    assert page.context["beside"] is None


def test_a_start_that_is_picked_fills_in_the_form_and_books_nothing(admin_client: Client, house: Restaurant) -> None:
    page = admin_client.post(PAGE, filled_in(admin_client, name="", notes="Nuts", pick="wall_time=18:15"))

    form = form_of(page)
    assert (form["wall_time"], form["notes"], form["name"]) == (["18:15"], ["Nuts"], [""])
    assert "This field is required" not in text_of(page)
    assert not Booking.objects.exists()


def test_a_refusal_offers_other_starts_that_one_click_books(admin_client: Client, house: Restaurant) -> None:
    book(house, party_size=4)

    refused = call(admin_client, party_size="4")
    first = refused.context["remedies"].starts[0]
    admin_client.post(PAGE, {**form_of(refused), "lever": first.value})

    assert "no table: 1 of the 1 that would suit are taken, and no moves make room" in text_of(refused)
    assert (first.text, first.value) == ("17:30", "wall_time=17:30&starts_at=")
    assert Booking.objects.latest("pk").wall_time.isoformat("minutes") == "17:30"
    assert faults(house) == []


def test_other_starts_take_the_party_for_the_stay_that_it_asked_for(admin_client: Client, house: Restaurant) -> None:
    book(house, "18:00", party_size=4)
    book(house, "21:15", party_size=4)
    usual = call(admin_client, party_size="4", wall_time="18:30")
    longer = call(admin_client, party_size="4", wall_time="18:30", minutes="120")

    assert [start.text for start in usual.context["remedies"].starts] == ["19:30", "19:45"]
    assert longer.context["remedies"].starts == ()


def test_a_lever_books_a_shorter_stay(admin_client: Client, house: Restaurant) -> None:
    book(house, "19:00", party_size=4)

    refused = call(admin_client, party_size="4", wall_time="18:00")
    lever = next(change for change in refused.context["remedies"].changes if change.value.startswith("minutes"))
    admin_client.post(PAGE, {**form_of(refused), "lever": lever.value})

    assert (lever.text, lever.value) == ("a stay of 60 instead of 90 minutes", "minutes=60")
    assert Booking.objects.latest("pk").turn_minutes == 60


def test_a_limit_in_the_way_is_a_link_to_a_rule_that_is_filled_in(admin_client: Client, house: Restaurant) -> None:
    CapacityRuleFactory(restaurant=house, pacing_covers=2)
    book(house)

    refused = call(admin_client)
    (setting,) = refused.context["remedies"].settings

    url = urlsplit(setting.url)
    day = days_ahead().isoformat()
    assert setting.text == "Raise covers starting per slot from 2 to 4"
    assert url.path == "/admin/capacity/capacityrule/add/"
    assert dict(parse_qsl(url.query)) == {
        "restaurant": str(house.pk),
        "service_period": str(house.service_periods.get().pk),
        "from_date": day,
        "to_date": day,
        "from_time": "19:00",
        "to_time": "19:15",
        "pacing_covers": "4",
    }


def test_a_pinned_party_in_the_way_is_a_link_to_its_pin(admin_client: Client, house: Restaurant) -> None:
    small = book(house, party_size=2, table_ids=[house.tables.get(number="T2").pk])
    pin_tables(booking_id=small.pk)

    settings = call(admin_client, party_size="4").context["remedies"].settings

    assert [(each.text, each.url) for each in settings] == [
        (f"Unpin {small.reference}, Ann Lee, party of 2", f"/admin/bookings/booking/{small.pk}/unpin/")
    ]


def test_whoever_may_not_change_limits_is_told_and_not_led_there(house: Restaurant) -> None:
    CapacityRuleFactory(restaurant=house, pacing_covers=2)
    book(house)
    host = client_with("bookings.view_booking", "bookings.change_booking")

    (setting,) = call(host).context["remedies"].settings

    assert (setting.text, setting.url) == ("Raise covers starting per slot from 2 to 4", "")


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"party_size": "0"}, "party_size"),
        ({"party_size": "1001"}, "party_size"),
        ({"wall_time": "25:00"}, "wall_time"),
        ({"wall_time": "19:07"}, "wall_time"),
        ({"business_date": ""}, "business_date"),
        ({"name": ""}, "name"),
        ({"name": "Ada\x1b"}, "name"),
        ({"phone": "twelve"}, "phone"),
        ({"email": "ada"}, "email"),
        ({"minutes": "1441"}, "minutes"),
    ],
)
def test_what_makes_no_sense_is_said_at_the_field(
    admin_client: Client, house: Restaurant, values: dict[str, Any], field: str
) -> None:
    before = everything_written(house)

    page = call(admin_client, **values)

    assert list(page.context["form"].errors) == [field]
    assert everything_written(house) == before


def test_whoever_only_looks_may_not_book(house: Restaurant) -> None:
    looking = client_with("bookings.view_booking")

    assert looking.get(PAGE).status_code == 403
    assert looking.post(PAGE, {"party_size": "2"}).status_code == 403
    assert not Booking.objects.exists()


def test_the_page_takes_no_query_per_start_or_party(admin_client: Client, house: Restaurant) -> None:
    url = f"{PAGE}?business_date={days_ahead().isoformat()}&party_size=2"
    book(house)
    few = count_queries(admin_client, url)

    for at in ("17:00", "19:00", "21:00"):
        book(house, at)

    assert count_queries(admin_client, url) == few


def test_a_misspelt_name_is_corrected_on_a_page_of_its_own(admin_client: Client, house: Restaurant) -> None:
    booking = book(house)
    url = f"/admin/bookings/booking/{booking.pk}/correct/"

    page = admin_client.post(url, {**form_of(admin_client.get(url)), "name": "Anne Leigh"}, follow=True)

    assert messages_of(page) == [f"The details of {booking.reference} are those of Anne Leigh."]
    assert "name: Ann Lee name: Anne Leigh" in text_of(page)
    assert Booking.objects.get().guest_name == "Anne Leigh"


@pytest.fixture
def manager(house: Restaurant) -> Client:
    """Somebody who may book here and has the right to answer for more."""
    return client_with("bookings.view_booking", "bookings.change_booking", "bookings.override_capacity")


def test_beyond_a_limit_a_party_is_booked_with_a_reason_and_a_second_click(manager: Client, house: Restaurant) -> None:
    CapacityRuleFactory(restaurant=house, max_covers=3)
    book(house)

    refused = call(manager)
    asked = manager.post(PAGE, {**form_of(refused), "override_reason": "A regular", "override": ""})
    unconfirmed = Booking.objects.count()
    question = asked.context["override"]
    done = manager.post(PAGE, {**form_of(asked), "override": question.value}, follow=True)

    assert refused.context["override"].lines == ("covers per service: 4 of 3, 1 more above the limit",)
    assert (unconfirmed, question.value, question.is_to_confirm) == (1, "SERVICE_COVERS:1", True)
    assert "Do you answer for this?" in text_of(asked)
    assert messages_of(done)[1] == "Authorised: 1 above the limit on covers per service."
    override = Booking.objects.latest("pk").overrides.get()
    assert (override.limit, override.amount, override.source, override.reason) == (
        *("SERVICE_COVERS", 1, "staff"),
        "A regular",
    )
    assert faults(house) == []


def test_what_has_grown_since_the_first_click_is_asked_again(manager: Client, house: Restaurant) -> None:
    CapacityRuleFactory(restaurant=house, max_covers=3)
    book(house, party_size=1)
    form = {**form_of(call(manager, party_size="3")), "override_reason": "A regular"}
    asked = manager.post(PAGE, {**form, "override": ""})
    book(house, "17:00", party_size=1)

    page = manager.post(PAGE, {**form, "override": asked.context["override"].value})

    assert asked.context["override"].value == "SERVICE_COVERS:1"
    assert page.context["override"].value == "SERVICE_COVERS:2"
    assert "It takes more now than you confirmed" in text_of(page)
    assert Booking.objects.count() == 2


def test_out_of_hours_and_without_a_table_are_asked_for_together(manager: Client, house: Restaurant) -> None:
    refused = call(manager, wall_time="15:00", party_size="6")
    asked = manager.post(PAGE, {**form_of(refused), "override_reason": "Staff dinner", "override": ""})
    done = manager.post(PAGE, {**form_of(asked), "override": asked.context["override"].value}, follow=True)

    assert asked.context["override"].value == "OUTSIDE_SERVICE:1,NO_TABLE:1"
    assert len(messages_of(done)) == 3
    assert faults(house) == []


def test_nobody_answers_without_a_reason(manager: Client, house: Restaurant) -> None:
    CapacityRuleFactory(restaurant=house, max_covers=1)

    page = call(manager, override="")

    assert page.context["form"].errors["override_reason"] == ["Say why: the list of overrides names it."]
    assert not Booking.objects.exists()


def test_whoever_has_not_the_right_is_neither_asked_nor_heard(house: Restaurant) -> None:
    CapacityRuleFactory(restaurant=house, max_covers=1)
    host = client_with("bookings.view_booking", "bookings.change_booking")

    page = call(host)
    forced = call(host, override="SERVICE_COVERS:1", override_reason="A regular")

    assert page.context["override"] is None
    assert "takes a right that this person does not have" in text_of(forced)
    assert not Booking.objects.exists()


def test_on_a_date_without_any_service_nobody_is_asked_twice(manager: Client, house: Restaurant) -> None:
    house.service_periods.update(weekdays=[days_ahead().isoweekday() % 7 + 1])
    refused = call(manager)
    asked = manager.post(PAGE, {**form_of(refused), "override_reason": "Friends", "override": ""})

    page = manager.post(PAGE, {**form_of(asked), "override": asked.context["override"].value})

    assert asked.context["override"].value == "CLOSED:1"
    assert page.context["override"] is None
    assert not Booking.objects.exists()
