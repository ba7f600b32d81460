"""The guest's endpoints: exact answers, and what they leave in the database."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from bookings.choices import BookingStatus
from bookings.models import Booking, BookingEvent, TableAssignment
from bookings.models.booking import manage_token
from bookings.services import save_settings_row
from tests.helpers.contract_client import ContractClient
from tests.helpers.endpoint_house import A_DATE, bistro, count_rows, order, service_counters, slot_counters
from tests.helpers.factories import BookingFactory, ClosureFactory, RestaurantFactory, ServicePeriodFactory, materialize

pytestmark = pytest.mark.django_db(transaction=True)

NOT_FOUND = {"error": "NOT_FOUND", "message": "There is no such record."}
QUERY = {"restaurantId": "bistro", "date": "2090-06-14", "partySize": "4"}
FULL = {"code": "SERVICE_COVERS", "limit": 6, "used": 4, "asked": 4}


@pytest.fixture
def client() -> ContractClient:
    return ContractClient()


def book(client: ContractClient, *, status: int = 201, key: str | None = None, **changes: Any) -> Any:
    headers = {"idempotency-key": key} if key else {}
    answer = client.post("/api/bookings", order(**changes), content_type="application/json", headers=headers)
    assert answer.status_code == status, answer.content
    return answer


def ask(client: ContractClient, *, status: int = 200, **changes: str) -> Any:
    answer = client.get("/api/availability", {**QUERY, **changes})
    assert answer.status_code == status, answer.content
    return answer.json()


# Availability


def test_a_free_time_is_available_with_the_state_of_its_service(client: ContractClient) -> None:
    restaurant = bistro(max_covers=80, pacing_covers=20)
    BookingFactory(restaurant=restaurant, business_date=A_DATE, party_size=5)

    assert ask(client, time="19:00") == {
        "restaurantId": str(restaurant.public_id),
        "date": "2090-06-14",
        "timezone": "Europe/London",
        "time": "19:00",
        "startsAt": "2090-06-14T18:00:00Z",
        "partySize": 4,
        "available": True,
        "capacity": {
            "periodName": "Dinner",
            "maxCovers": 80,
            "bookedCovers": 5,
            "remainingCovers": 75,
            "utilizationPercent": 6,
            "fullest": {"code": "PACING_COVERS", "limit": 20, "used": 5, "percent": 25},
        },
        "reasons": [],
        "alternatives": [],
        "alternativeSlots": [],
    }


def test_a_full_time_says_why_and_names_the_nearest_others(client: ContractClient) -> None:
    restaurant = bistro(pacing_covers=6)
    BookingFactory(restaurant=restaurant, business_date=A_DATE, party_size=4)

    answer = ask(client, time="19:00")

    assert answer["available"] is False
    assert answer["reasons"] == [{"code": "PACING_COVERS", "limit": 6, "used": 4, "asked": 4}]
    assert answer["alternatives"] == ["18:45", "19:15", "18:30", "19:30", "18:15"]
    assert answer["alternativeSlots"][0] == {"time": "18:45", "startsAt": "2090-06-14T17:45:00Z", "date": "2090-06-14"}


def test_a_date_has_all_its_starts_and_services(client: ContractClient) -> None:
    restaurant = bistro(max_covers=6)
    ServicePeriodFactory(
        restaurant=restaurant, name="Lunch", start_time="12:00", last_seating="12:15", end_time="15:00"
    )
    BookingFactory(restaurant=restaurant, business_date=A_DATE, party_size=4)

    answer = ask(client)

    assert {name: answer[name] for name in answer if name != "slots"} == {
        "restaurantId": str(restaurant.public_id),
        "date": "2090-06-14",
        "timezone": "Europe/London",
        "partySize": 4,
        "available": True,
        "periods": [
            {
                "name": "Lunch",
                "startTime": "12:00",
                "endTime": "15:00",
                "maxCovers": 6,
                "bookedCovers": 0,
                "bookedParties": 0,
            },
            {
                "name": "Dinner",
                "startTime": "17:00",
                "endTime": "23:00",
                "maxCovers": 6,
                "bookedCovers": 4,
                "bookedParties": 1,
            },
        ],
        "alternatives": [],
    }
    assert answer["slots"][1:3] == [
        {
            "time": "12:15",
            "startsAt": "2090-06-14T11:15:00Z",
            "available": True,
            "utilizationPercent": 0,
            "reasons": [],
        },
        {
            "time": "17:00",
            "startsAt": "2090-06-14T16:00:00Z",
            "available": False,
            "utilizationPercent": 67,
            "reasons": [FULL],
        },
    ]
    assert len(answer["slots"]) == 2 + 19


def test_a_closed_date_is_answered_and_not_refused(client: ContractClient) -> None:
    restaurant = bistro(max_covers=80)
    ClosureFactory(restaurant=restaurant, from_date=A_DATE)

    at_seven, all_day = ask(client, time="19:00"), ask(client)

    assert (at_seven["available"], [each["code"] for each in at_seven["reasons"]]) == (False, ["CLOSED"])
    assert (all_day["available"], all_day["slots"][0]["reasons"][0]["code"]) == (False, "CLOSED")


def test_a_time_outside_service_has_no_capacity(client: ContractClient) -> None:
    bistro()

    answer = ask(client, time="03:07")

    assert (answer["available"], answer["capacity"]) == (False, None)
    assert [each["code"] for each in answer["reasons"]] == ["OUTSIDE_SERVICE"]


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"partySize": "9"}, {"code": "PARTY_TOO_LARGE", "limit": 8, "used": None, "asked": 9}),
        ({"date": "2020-06-14"}, {"code": "PAST", "limit": None, "used": None, "asked": None}),
    ],
)
def test_a_party_too_large_or_a_past_date_is_answered_and_not_refused(
    client: ContractClient, changes: dict[str, str], reason: dict[str, Any]
) -> None:
    bistro()

    answer = ask(client, time="19:00", **changes)

    assert (answer["available"], answer["reasons"]) == (False, [reason])


def test_a_time_off_the_grid_is_bad_input(client: ContractClient) -> None:
    bistro()

    assert ask(client, status=400, time="19:07") == {
        "error": "VALIDATION_ERROR",
        "message": "The input is not valid.",
        "details": {"time": [{"code": "off_grid", "message": "Start times run every 15 minutes from 17:00."}]},
    }


def test_a_time_that_the_clocks_jump_over_names_the_next_one(client: ContractClient) -> None:
    bistro()

    answer = ask(client, status=422, date="2027-03-28", time="01:30")

    assert answer == {
        "error": "NONEXISTENT_TIME",
        "message": "01:30 does not exist on that date; the next is 02:00",
        "alternatives": ["02:00"],
        "alternativeSlots": [{"time": "02:00", "startsAt": "2027-03-28T01:00:00Z", "date": "2027-03-28"}],
    }


def test_the_two_instants_of_a_repeated_hour_are_told_apart_by_starts_at(client: ContractClient) -> None:
    restaurant = bistro()
    ServicePeriodFactory(restaurant=restaurant, name="Late", start_time="00:00", last_seating="02:00", end_time="03:00")

    first = ask(client, date="2027-10-31", time="01:30")
    second = ask(client, date="2027-10-31", startsAt="2027-10-31T01:30:00Z")
    both = ask(client, date="2027-10-31", time="01:30", startsAt="2027-10-31T01:30:00+00:00")

    assert (first["startsAt"], first["time"]) == ("2027-10-31T00:30:00Z", "01:30")
    assert (second["startsAt"], second["time"]) == ("2027-10-31T01:30:00Z", "01:30")
    assert both == second


def test_an_instant_against_the_wall_time_is_bad_input(client: ContractClient) -> None:
    bistro()

    answer = ask(client, status=400, time="19:00", startsAt="2090-06-14T19:00:00Z")

    assert [each["code"] for each in answer["details"]["startsAt"]] == ["mismatch"]


@pytest.mark.parametrize("wish", [{}, {"seating": "any"}, {"seating": ""}, {"seating": "indoor"}])
def test_a_wish_that_can_be_met_changes_nothing(client: ContractClient, wish: dict[str, str]) -> None:
    bistro(tables=1)

    assert ask(client, time="19:00", **wish)["available"] is True


def test_a_wish_is_a_requirement(client: ContractClient) -> None:
    bistro(tables=1)

    answer = ask(client, time="19:00", seating="patio")

    assert answer["reasons"] == [{"code": "NO_TABLE", "limit": 0, "used": 0, "asked": 1}]


def test_availability_reads_and_never_writes(client: ContractClient) -> None:
    bistro(max_covers=80)

    ask(client, time="19:00")
    ask(client)

    assert service_counters() == []


def test_which_days_have_a_table(client: ContractClient) -> None:
    restaurant = bistro(max_covers=6)
    ClosureFactory(restaurant=restaurant, from_date=A_DATE.replace(day=15))
    BookingFactory(restaurant=restaurant, business_date=A_DATE, party_size=4)

    answer = client.get(
        "/api/availability/days",
        {"restaurantId": "bistro", "partySize": "4", "from": "2090-06-13", "to": "2090-06-15"},
    )

    assert answer.json() == {
        "days": [
            {"date": "2090-06-13", "available": True, "reasons": []},
            {"date": "2090-06-14", "available": False, "reasons": [FULL]},
            {
                "date": "2090-06-15",
                "available": False,
                "reasons": [{"code": "CLOSED", "limit": None, "used": None, "asked": None}],
            },
        ]
    }


@pytest.mark.parametrize(
    ("days", "code"), [(("2090-06-14", "2090-06-13"), "before_from"), (("2090-06-01", "2090-08-02"), "too_many_days")]
)
def test_days_are_asked_for_in_order_and_at_most_62(client: ContractClient, days: tuple[str, str], code: str) -> None:
    bistro()
    span = {"from": days[0], "to": days[1]}

    answer = client.get("/api/availability/days", {"restaurantId": "bistro", "partySize": "4", **span})

    assert (answer.status_code, answer.json()["details"]["to"][0]["code"]) == (400, code)


def test_62_days_are_answered(client: ContractClient) -> None:
    bistro()
    span = {"from": "2090-06-01", "to": "2090-08-01"}

    answer = client.get("/api/availability/days", {"restaurantId": "bistro", "partySize": "4", **span})

    assert len(answer.json()["days"]) == 62


# Booking


def test_a_booking_is_answered_in_full_and_written_once(client: ContractClient) -> None:
    restaurant = bistro(tables=3, max_covers=80)
    materialize(restaurant, A_DATE)

    answer = book(client, notes="By the window\nplease", seating="indoor", marketingOptIn=True)

    booking = Booking.objects.get()
    assert answer.json() == {
        "booking": {
            "id": str(booking.public_id),
            "reference": booking.reference,
            "status": "confirmed",
            "restaurantId": str(restaurant.public_id),
            "date": "2090-06-14",
            "timezone": "Europe/London",
            "startTime": "19:00",
            "endTime": "20:30",
            "startsAt": "2090-06-14T18:00:00Z",
            "endsAt": "2090-06-14T19:30:00Z",
            "partySize": 4,
            "name": "Ada Lovelace",
            "tables": [],
        },
        "manageToken": answer.json()["manageToken"],
        "capacity": {
            "periodName": "Dinner",
            "maxCovers": 80,
            "bookedCovers": 4,
            "remainingCovers": 76,
            "utilizationPercent": 5,
            "fullest": {"code": "SERVICE_COVERS", "limit": 80, "used": 4, "percent": 5},
        },
    }
    assert answer.headers["ETag"] == '"1"'
    assert "Idempotency-Replayed" not in answer.headers
    assert count_rows() == {"Booking": 1, "BookingEvent": 1, "TableAssignment": 1, "CapacityOverride": 0}
    assert service_counters() == [(4, 1)]
    assert slot_counters("2090-06-14T18:00:00Z") == (4, 1, 4, 1)
    assert slot_counters("2090-06-14T19:15:00Z") == (0, 0, 4, 1)
    assert slot_counters("2090-06-14T19:30:00Z") == (0, 0, 0, 0)
    assert (booking.guest_phone, booking.guest_email) == ("+442079460000", "ada@example.com")
    assert (booking.notes, booking.seating, booking.marketing_opt_in) == ("By the window\nplease", "indoor", True)


def test_a_guest_sees_the_table_only_where_the_house_shows_it(client: ContractClient) -> None:
    restaurant = bistro(tables=1)
    restaurant.shows_tables = True
    restaurant.save()

    created = book(client)
    read = read_back(client, created)

    assert created.json()["booking"]["tables"] == ["T1"]
    assert read.json()["booking"]["tables"] == ["T1"]


def test_a_refused_booking_says_why_names_others_and_writes_nothing(client: ContractClient) -> None:
    bistro(pacing_covers=6)
    book(client)
    before = count_rows(), service_counters()

    answer = book(client, status=409)

    assert answer.json() == {
        "error": "CAPACITY_EXCEEDED",
        "message": "No capacity for 4 guests at 19:00",
        "reasons": [{"code": "PACING_COVERS", "limit": 6, "used": 4, "asked": 4}],
        "alternatives": ["18:45", "19:15", "18:30", "19:30", "18:15"],
        "alternativeSlots": [
            {"time": "18:45", "startsAt": "2090-06-14T17:45:00Z", "date": "2090-06-14"},
            {"time": "19:15", "startsAt": "2090-06-14T18:15:00Z", "date": "2090-06-14"},
            {"time": "18:30", "startsAt": "2090-06-14T17:30:00Z", "date": "2090-06-14"},
            {"time": "19:30", "startsAt": "2090-06-14T18:30:00Z", "date": "2090-06-14"},
            {"time": "18:15", "startsAt": "2090-06-14T17:15:00Z", "date": "2090-06-14"},
        ],
    }
    assert (count_rows(), service_counters()) == before


@pytest.mark.parametrize(
    ("changes", "error", "reason"),
    [
        ({"time": "03:07"}, "OPERATING_HOURS_CLOSED", "OUTSIDE_SERVICE"),
        ({"date": "2020-06-14"}, "OUTSIDE_BOOKING_WINDOW", "PAST"),
        ({"partySize": 9}, "PARTY_SIZE_NOT_ACCEPTED", "PARTY_TOO_LARGE"),
        ({"partySize": 1000}, "PARTY_SIZE_NOT_ACCEPTED", "PARTY_TOO_LARGE"),
    ],
)
def test_what_asking_again_cannot_help_is_unprocessable(
    client: ContractClient, changes: dict[str, Any], error: str, reason: str
) -> None:
    bistro(max_covers=5000)

    answer = book(client, status=422, **changes).json()

    assert (answer["error"], answer["reasons"][0]["code"]) == (error, reason)
    assert set(count_rows().values()) == {0}


def test_a_time_off_the_grid_or_nowhere_books_nothing(client: ContractClient) -> None:
    bistro()

    off_grid, nowhere = (
        book(client, status=400, time="19:07"),
        book(client, status=422, date="2027-03-28", time="01:30"),
    )

    assert off_grid.json()["details"]["time"][0]["code"] == "off_grid"
    assert nowhere.json()["error"] == "NONEXISTENT_TIME"
    assert set(count_rows().values()) == {0}


@pytest.mark.parametrize("path", ["/api/bookings", "/api/bookings/"])
def test_the_last_slash_is_left_to_the_caller(client: ContractClient, path: str) -> None:
    bistro()

    answer = client.post(path, order(), content_type="application/json")

    assert answer.status_code == 201


@pytest.mark.parametrize(
    ("phone", "stored"),
    [("020 7946 0000", "+442079460000"), ("07700 900123", "+447700900123"), ("+351 912 345 678", "+351912345678")],
)
def test_a_phone_number_is_stored_as_it_is_called_from_abroad(client: ContractClient, phone: str, stored: str) -> None:
    bistro()

    book(client, phone=phone)

    assert Booking.objects.get().guest_phone == stored


def test_the_restaurant_is_named_by_its_slug_or_its_uuid(client: ContractClient) -> None:
    restaurant = bistro()

    book(client, restaurantId=str(restaurant.public_id))
    book(client, restaurantId=str(restaurant.public_id).upper())

    assert service_counters() == [(8, 2)]


def test_an_unknown_or_inactive_restaurant_is_not_found(client: ContractClient) -> None:
    RestaurantFactory(slug="closed-down", active=False)

    for identifier in ("nowhere", "closed-down", "3f0b2b9e-7c59-4c0e-9c8b-1d2f1f0a8f11", "no slug at all!"):
        assert book(client, status=404, restaurantId=identifier).json() == NOT_FOUND
        assert ask(client, status=404, restaurantId=identifier) == NOT_FOUND


# The same request twice


def test_the_same_key_and_body_give_the_same_answer_and_one_booking(client: ContractClient) -> None:
    bistro(max_covers=80)

    first, second = book(client, key="k-1"), book(client, key="k-1")

    assert second.json() == first.json()
    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.headers["ETag"] == first.headers["ETag"]
    assert service_counters() == [(4, 1)]


@pytest.mark.parametrize(
    "columns", [{"slot_minutes": 30}, {"party_size_max": 2}, {"max_days_ahead": 1}], ids=["grid", "size", "window"]
)
def test_a_replay_is_answered_whatever_the_settings_say_now(client: ContractClient, columns: dict[str, int]) -> None:
    restaurant = bistro()
    first = book(client, time="19:15", key="k1")
    for name, value in columns.items():
        setattr(restaurant, name, value)
    save_settings_row(row=restaurant)

    second = book(client, time="19:15", key="k1")

    assert second.headers["Idempotency-Replayed"] == "true"
    assert second.json() == first.json()


def test_a_replay_is_the_booking_as_it_was_made(client: ContractClient) -> None:
    bistro()
    first = book(client, key="k-1")
    cancel(client, first)

    second = book(client, key="k-1")

    assert (second.json(), second.headers["ETag"]) == (first.json(), '"1"')
    assert Booking.objects.get().status == BookingStatus.CANCELLED


def test_the_same_key_for_another_request_is_refused(client: ContractClient) -> None:
    bistro()
    book(client, key="k-1")

    answer = book(client, status=422, key="k-1", partySize=2)

    assert answer.json() == {
        "error": "IDEMPOTENCY_KEY_REUSED",
        "message": "That idempotency key belongs to a booking made with another request.",
    }
    assert service_counters() == [(4, 1)]


def test_a_refusal_is_not_remembered(client: ContractClient) -> None:
    bistro(max_covers=4)
    in_the_way = book(client)
    book(client, status=409, key="k-1")
    cancel(client, in_the_way)

    book(client, key="k-1")

    assert service_counters() == [(4, 1)]


@pytest.mark.parametrize("key", ["x" * 255, " !~"])
def test_a_key_is_any_printable_text_of_255_characters(client: ContractClient, key: str) -> None:
    bistro()

    book(client, key=key)

    assert Booking.objects.get().idempotency_key == key


# Reading and cancelling


def read_back(client: ContractClient, created: Any, **headers: str) -> Any:
    body = created.json()
    token = {"x-manage-token": body["manageToken"]}
    return client.get(f"/api/bookings/{body['booking']['reference']}", headers={**token, **headers})


def cancel(client: ContractClient, created: Any, **headers: str) -> Any:
    body = created.json()
    token = {"x-manage-token": body["manageToken"]}
    return client.post(f"/api/bookings/{body['booking']['reference']}/cancel", headers={**token, **headers})


def test_a_booking_is_read_with_its_token_in_a_header_or_a_link(client: ContractClient) -> None:
    bistro()
    created = book(client)
    body = created.json()
    path = f"/api/bookings/{body['booking']['reference']}"

    answers = [
        read_back(client, created),
        client.get(f"{path}/", {"token": body["manageToken"]}),
        client.get(path.lower(), {"token": body["manageToken"]}),
    ]

    for answer in answers:
        assert (answer.status_code, answer.json()) == (200, {"booking": body["booking"]})
        assert answer.headers["ETag"] == '"1"'


def test_an_unknown_booking_and_a_wrong_token_are_told_in_the_same_words(client: ContractClient) -> None:
    bistro()
    reference = book(client).json()["booking"]["reference"]
    token = "A" * 43

    answers = [
        client.get(f"/api/bookings/{reference}"),
        client.get(f"/api/bookings/{reference}", headers={"x-manage-token": token}),
        client.get(f"/api/bookings/{reference}", {"token": "é"}),
        client.get("/api/bookings/ABCDEFGHJK", headers={"x-manage-token": token}),
        client.post("/api/bookings/ABCDEFGHJK/cancel", headers={"x-manage-token": token}),
        client.post(f"/api/bookings/{reference}/cancel"),
    ]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json() == NOT_FOUND
    assert Booking.objects.get().status == BookingStatus.CONFIRMED


def test_cancelling_frees_covers_and_table_once_however_often_it_is_asked(client: ContractClient) -> None:
    bistro(tables=1)
    created = book(client)

    first, second = cancel(client, created), cancel(client, created)

    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == {"booking": {**created.json()["booking"], "status": "cancelled"}}
    assert second.json() == first.json()
    assert first.headers["ETag"] == second.headers["ETag"] == '"2"'
    assert service_counters() == [(0, 0)]
    assert slot_counters("2090-06-14T18:00:00Z") == (0, 0, 0, 0)
    assert TableAssignment.objects.count() == 0
    assert list(BookingEvent.objects.order_by("pk").values_list("kind", flat=True)) == ["created", "cancelled"]


@pytest.mark.parametrize("tags", ['"1"', "*", '"7", "1"'])
def test_a_cancellation_of_the_booking_as_it_was_read_is_carried_out(client: ContractClient, tags: str) -> None:
    bistro()

    answer = cancel(client, book(client), **{"if-match": tags})

    assert answer.json()["booking"]["status"] == "cancelled"


@pytest.mark.parametrize("tags", ['"2"', 'W/"1"', "1", ""])
def test_a_cancellation_of_the_booking_as_it_was_not_is_refused(client: ContractClient, tags: str) -> None:
    bistro()

    answer = cancel(client, book(client), **{"if-match": tags})

    assert answer.status_code == 412
    assert answer.json() == {"error": "STALE_EDIT", "message": "The record has changed since it was read."}
    assert service_counters() == [(4, 1)]


@pytest.mark.parametrize("status", ["seated", "completed", "no_show"])
def test_what_has_begun_cannot_be_cancelled(client: ContractClient, status: str) -> None:
    bistro()
    created = book(client)
    Booking.objects.update(status=status)

    answer = cancel(client, created)

    assert (answer.status_code, answer.json()["error"]) == (409, "INVALID_TRANSITION")
    assert Booking.objects.get().status == status


def test_what_is_sent_along_with_a_cancellation_is_not_read(client: ContractClient) -> None:
    bistro()
    body = book(client).json()
    path, token = f"/api/bookings/{body['booking']['reference']}/cancel", {"x-manage-token": body["manageToken"]}

    answer = client.post(path, "{", content_type="application/json", headers=token)

    assert (answer.status_code, answer.json()["booking"]["status"]) == (200, "cancelled")


# Restaurants


def test_active_restaurants_are_listed_page_by_page(client: ContractClient) -> None:
    for slug in ("c", "a", "b"):
        RestaurantFactory(slug=slug, name=slug.upper(), timezone="Europe/Lisbon", slot_minutes=30, party_size_max=12)
    RestaurantFactory(slug="aa", active=False)

    first = client.get("/api/restaurants", {"limit": "2"}).json()
    second = client.get(first["next"]).json()

    assert [each["slug"] for each in first["results"]] == ["a", "b"]
    assert first["next"] == "http://testserver/api/restaurants?after=b&limit=2"
    assert (second["results"][0]["slug"], second["next"]) == ("c", None)
    assert {**second["results"][0], "id": ""} == {
        "id": "",
        "slug": "c",
        "name": "C",
        "timezone": "Europe/Lisbon",
        "slotMinutes": 30,
        "partySize": {"min": 1, "max": 12},
    }


def test_a_restaurant_names_its_service_periods(client: ContractClient) -> None:
    restaurant = bistro()
    ServicePeriodFactory(restaurant=restaurant, name="Gala", weekdays=[], on_date=A_DATE, end_time="02:00")
    ServicePeriodFactory(restaurant=restaurant, name="Gone", retired_at="2026-01-01T00:00:00Z")

    answer = client.get("/api/restaurants/bistro").json()

    assert answer == client.get(f"/api/restaurants/{restaurant.public_id}/").json()
    assert answer == {
        "id": str(restaurant.public_id),
        "slug": "bistro",
        "name": "Bistro",
        "timezone": "Europe/London",
        "slotMinutes": 15,
        "partySize": {"min": 1, "max": 8},
        "servicePeriods": [
            {
                "name": "Dinner",
                "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
                "date": None,
                "validFrom": None,
                "validTo": None,
                "startTime": "17:00",
                "lastSeating": "21:30",
                "endTime": "23:00",
            },
            {
                "name": "Gala",
                "days": [],
                "date": "2090-06-14",
                "validFrom": None,
                "validTo": None,
                "startTime": "17:00",
                "lastSeating": "21:30",
                "endTime": "02:00",
            },
        ],
    }


def test_an_unknown_restaurant_is_not_found(client: ContractClient) -> None:
    RestaurantFactory(slug="closed-down", active=False)

    for slug in ("nowhere", "closed-down"):
        answer = client.get(f"/api/restaurants/{slug}")
        assert (answer.status_code, answer.json()) == (404, NOT_FOUND)


# Without numbers


def test_a_house_may_keep_its_numbers_to_itself(client: ContractClient, settings: Settings) -> None:
    settings.PUBLIC_CAPACITY_DETAILS = False
    bistro(max_covers=6)
    created = book(client)

    at_seven, all_day, refused = ask(client, time="19:00"), ask(client), book(client, status=409)

    unknown = {"limit": None, "used": None, "asked": None}
    nothing = {"periodName": "Dinner", "maxCovers": None, "bookedCovers": None, "remainingCovers": None}
    fullest = {"code": "SERVICE_COVERS", "limit": None, "used": None, "percent": None}
    capacity = {**nothing, "utilizationPercent": None, "fullest": fullest}
    assert created.json()["capacity"] == at_seven["capacity"] == capacity
    assert at_seven["reasons"] == refused.json()["reasons"] == [{"code": "SERVICE_COVERS", **unknown}]
    assert all_day["slots"][0]["utilizationPercent"] is None
    assert [all_day["periods"][0][name] for name in ("maxCovers", "bookedCovers", "bookedParties")] == [None] * 3
    assert (at_seven["available"], at_seven["partySize"], created.json()["booking"]["partySize"]) == (False, 4, 4)


def test_what_a_restaurant_publishes_anyway_stays(client: ContractClient, settings: Settings) -> None:
    settings.PUBLIC_CAPACITY_DETAILS = False
    bistro()

    answer = ask(client, time="19:00", partySize="9")

    assert answer["reasons"] == [{"code": "PARTY_TOO_LARGE", "limit": 8, "used": None, "asked": 9}]


# Bookings from before


def test_a_booking_from_before_tables_counts_is_read_and_cancelled_like_any_other(client: ContractClient) -> None:
    restaurant = bistro(tables=1, max_covers=6)
    booking = BookingFactory(restaurant=restaurant, business_date=A_DATE, party_size=3)
    path, token = f"/api/bookings/{booking.reference}", manage_token(booking.public_id, booking.token_generation)

    counted = ask(client, time="19:00")["reasons"]
    read = client.get(path, headers={"x-manage-token": token})
    cancelled = client.post(f"{path}/cancel", headers={"x-manage-token": token})

    assert counted == [
        {"code": "SERVICE_COVERS", "limit": 6, "used": 3, "asked": 4},
        {"code": "NO_TABLE", "limit": 1, "used": 1, "asked": 1},
    ]
    assert (read.status_code, read.json()["booking"]["tables"]) == (200, [])
    assert (cancelled.status_code, service_counters()) == (200, [(0, 0)])


def test_a_restaurant_without_rules_tables_or_slots_is_answered(client: ContractClient) -> None:
    RestaurantFactory(slug="bistro", max_days_ahead=30_000)

    at_seven, all_day = ask(client, time="19:00"), ask(client)

    assert (at_seven["available"], at_seven["capacity"], all_day["slots"], all_day["periods"]) == (False, None, [], [])
    assert book(client, status=422).json()["error"] == "OPERATING_HOURS_CLOSED"


# How much is asked of the database


def count_queries(call: Any) -> int:
    with CaptureQueriesContext(connection) as queries:
        call()
    return len(queries)


def test_the_number_of_queries_does_not_grow_with_the_day(client: ContractClient) -> None:
    restaurant = bistro(tables=4, max_covers=400)
    materialize(restaurant, A_DATE)
    ask(client, time="19:00")

    def asked_anew() -> tuple[int, int]:
        """Count the queries of a start and of a date, about which nothing was asked since the last booking."""
        return count_queries(lambda: ask(client, time="19:00")), count_queries(lambda: ask(client))

    ask(client)
    book(client, time="17:00")
    empty = asked_anew()
    for hour in ("18:00", "18:30", "20:00"):
        book(client, time=hour)
    busy = asked_anew()
    unchanged = asked_anew()

    # How fresh the last answer is; then, for a new one, the restaurant, the service days and the tables.
    assert empty == busy == (4, 4)
    assert unchanged == (1, 1)


def test_the_number_of_queries_of_a_booking_is_pinned(client: ContractClient) -> None:
    restaurant = bistro(tables=4, max_covers=8)
    materialize(restaurant, A_DATE)
    book(client, time="17:00")

    accepted = statements_of(lambda: book(client))
    refused = statements_of(lambda: book(client, status=409))

    assert accepted == [
        "EXECUTE active_by_name",
        "SET default_transaction_isolation",  # and the gate
        "EXECUTE stored_days",
        "EXECUTE table_uses",
        "EXECUTE lock_service_days",
        "EXECUTE write_bookings",
        "SELECT pg_advisory_unlock_all",
        "SET LOCAL",  # and the record of the decision
    ]
    assert refused == [name for name in accepted if name != "EXECUTE write_bookings"]


def statements_of(call: Any) -> list[str]:
    """Return the first words of what a call asks of the database, without the marks of transactions."""
    with CaptureQueriesContext(connection) as queries:
        call()
    named = (
        re.match(r"(?:SET LOCAL plan_.*?;)?(?:PREPARE .*?;)?(SET LOCAL|\S+ [a-z_]*[a-z])", query["sql"])
        for query in queries
    )
    return [name[1] for name in named if name]
