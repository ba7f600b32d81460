"""The staff's endpoints about the floor: explanations, parties past their time, numbers for partners."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.models.booking import manage_token
from bookings.services.upkeep.api_keys import create_api_key
from tables.models import Restaurant
from tests.helpers.contract_client import ContractClient
from tests.helpers.endpoint_house import A_DATE, bistro
from tests.helpers.factories import BookingFactory, CapacityRuleFactory, RestaurantFactory, TableFactory, UserFactory
from tests.helpers.seated_evening import give, seat

pytestmark = pytest.mark.django_db(transaction=True)

EXPLAIN, OVERRUNS, TABLES = "/api/ops/explain", "/api/ops/overruns", "/api/ops/capacity/tables"
QUESTION = {"restaurantId": "bistro", "date": "2090-06-14", "time": "19:30", "partySize": "6"}
QUERIES = {
    EXPLAIN: QUESTION,
    OVERRUNS: {"restaurantId": "bistro"},
    TABLES: {"restaurantId": "bistro", "date": "2090-06-14"},
}
every_endpoint = pytest.mark.parametrize("path", QUERIES)


@pytest.fixture
def client() -> ContractClient:
    return ContractClient()


@pytest.fixture
def house() -> Restaurant:
    """T1 and T2 for six, T3 for two; T1 is taken by six at 19:30, T2 by two who could sit at T3."""
    house = bistro()
    house.service_periods.update(seating_mode="tables")
    for number, capacity in (("T1", 6), ("T2", 6), ("T3", 2)):
        TableFactory(restaurant=house, number=number, capacity=capacity)
    seat(house, "19:30", "T1", business_date=A_DATE, party_size=6)
    seat(house, "19:30", "T2", business_date=A_DATE)
    return house


@pytest.fixture
def staff(client: ContractClient) -> ContractClient:
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    return client


def bearer(restaurant: Restaurant) -> dict[str, str]:
    return {"authorization": f"Bearer {create_api_key(restaurant_id=restaurant.pk, name='till').secret}"}


# Who may ask


@every_endpoint
def test_nobody_in_particular_is_told_nothing(client: ContractClient, house: Restaurant, path: str) -> None:
    answer = client.get(path, QUERIES[path])

    assert (answer.status_code, answer.json()["error"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="maitre"'


@every_endpoint
def test_a_user_who_is_no_staff_is_turned_away(client: ContractClient, house: Restaurant, path: str) -> None:
    client.force_login(UserFactory())

    assert client.get(path, QUERIES[path]).status_code == 403


@every_endpoint
def test_a_key_opens_its_own_restaurant_only(client: ContractClient, house: Restaurant, path: str) -> None:
    headers = bearer(house)
    RestaurantFactory(slug="other")

    asked = [client.get(path, {**QUERIES[path], "restaurantId": slug}, headers=headers) for slug in ("bistro", "other")]

    assert [answer.status_code for answer in asked] == [200, 403]


@every_endpoint
def test_an_unknown_restaurant_is_not_found(staff: ContractClient, path: str) -> None:
    assert staff.get(path, QUERIES[path]).json()["error"] == "NOT_FOUND"


@every_endpoint
def test_no_cache_keeps_an_answer(staff: ContractClient, house: Restaurant, path: str) -> None:
    assert staff.get(path, QUERIES[path]).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize(
    ("path", "changes", "field", "code"),
    [
        (EXPLAIN, {"time": None}, "time", "required"),
        (EXPLAIN, {"partySize": None}, "partySize", "required"),
        (EXPLAIN, {"partySize": "0"}, "partySize", "min_value"),
        (EXPLAIN, {"time": "19:31"}, "time", "off_grid"),
        (EXPLAIN, {"channel": "carrier pigeon"}, "channel", "invalid_choice"),
        (EXPLAIN, {"compare": "best-fit"}, "compare", "invalid_choice"),
        (EXPLAIN, {"seating": "roof"}, "seating", "invalid_choice"),
        (EXPLAIN, {"week": "24"}, "week", "unknown_field"),
        (OVERRUNS, {"date": "2090-06-14"}, "date", "unknown_field"),
        (TABLES, {"date": None}, "date", "required"),
        (TABLES, {"partySize": "many"}, "partySize", "invalid"),
    ],
)
def test_what_is_asked_is_read_strictly(
    staff: ContractClient, house: Restaurant, path: str, changes: dict[str, str | None], field: str, code: str
) -> None:
    query = {name: value for name, value in {**QUERIES[path], **changes}.items() if value is not None}

    answer = staff.get(path, query)

    assert (answer.status_code, answer.json()["details"][field][0]["code"]) == (400, code)


# Explanations


def test_an_accepted_party_is_explained_with_its_plan(staff: ContractClient, house: Restaurant) -> None:
    moved = house.bookings.get(party_size=2)

    answer = staff.get(EXPLAIN, QUESTION | {"compare": "first-fit"}).json()

    assert answer == {
        "restaurantId": str(house.public_id),
        "date": "2090-06-14",
        "timezone": "Europe/London",
        "time": "19:30",
        "startsAt": "2090-06-14T18:30:00Z",
        "endsAt": "2090-06-14T20:00:00Z",
        "tableUntil": "2090-06-14T20:00:00Z",
        "partySize": 6,
        "seating": None,
        "channel": "online",
        "available": True,
        "undecided": False,
        "enforced": True,
        "summary": "A party of 6 at 19:30 on 2090-06-14 is accepted at T2; move the 19:30 party of 2 from T2 to T3",
        "reasons": [],
        "waived": [],
        "plan": {
            "tables": ["T2"],
            "step": "chain",
            "spareSeats": 0,
            "moves": [
                {
                    "reference": moved.reference,
                    "partySize": 2,
                    "time": "19:30",
                    "startsAt": "2090-06-14T18:30:00Z",
                    "from": ["T2"],
                    "to": ["T3"],
                    "text": "move the 19:30 party of 2 from T2 to T3",
                }
            ],
        },
        "tables": [
            {
                "tables": [number],
                "minPartySize": 1,
                "maxPartySize": 6,
                "free": False,
                "heldBy": [
                    {
                        "table": number,
                        "state": "movable",
                        "reference": house.bookings.get(party_size=size).reference,
                        "partySize": size,
                        "from": "19:30",
                        "until": "21:00",
                        "startsAt": "2090-06-14T18:30:00Z",
                        "endsAt": "2090-06-14T20:00:00Z",
                        "reason": None,
                    }
                ],
            }
            for number, size in (("T1", 6), ("T2", 2))
        ],
        "levers": [],
        "allLeversTried": True,
        "firstFit": {
            "available": False,
            "tables": [],
            "suitableTables": 2,
            "suitableCombinations": 0,
            "text": "First-fit refuses: all 2 tables for 6 are taken; this engine seats them at T2 and moves others: "
            "move the 19:30 party of 2 from T2 to T3.",
        },
    }


def test_a_refused_party_is_explained_with_what_would_make_room(staff: ContractClient, house: Restaurant) -> None:
    CapacityRuleFactory(restaurant=house, max_covers=12)
    house.service_days.update(max_covers=12)

    answer = staff.get(EXPLAIN, QUESTION).json()

    assert (answer["available"], answer["plan"]["tables"], answer["firstFit"]) == (False, ["T2"], None)
    assert answer["reasons"] == [{"code": "SERVICE_COVERS", "limit": 12, "used": 8, "asked": 6}]
    first, second = answer["levers"]
    assert first == {
        "kind": "limits",
        "text": "2 more service covers",
        "steps": 2,
        "time": "19:30",
        "startsAt": "2090-06-14T18:30:00Z",
        "partySize": 6,
        "turnMinutes": 90,
        "seating": None,
        "channel": "online",
        "limits": [{"code": "SERVICE_COVERS", "limit": 12, "more": 2}],
        "freedTables": [],
        "releasedReferences": [],
        "plan": answer["plan"],
    }
    assert (second["kind"], second["text"], second["partySize"]) == ("party_size", "a party of 4 fits", 4)


def test_an_instant_and_a_way_in_may_be_named(staff: ContractClient, house: Restaurant) -> None:
    question = {**QUESTION, "startsAt": "2090-06-14T18:30:00Z", "channel": "in_house", "seating": "any"}
    del question["time"]

    answer = staff.get(EXPLAIN, question).json()

    assert (answer["time"], answer["channel"], answer["seating"]) == ("19:30", "in_house", None)


def test_a_time_that_the_clocks_jump_over_is_named(staff: ContractClient, house: Restaurant) -> None:
    answer = staff.get(EXPLAIN, {**QUESTION, "date": "2090-03-26", "time": "01:30"})

    assert (answer.status_code, answer.json()["error"]) == (422, "NONEXISTENT_TIME")


@every_endpoint
def test_no_guest_is_named(staff: ContractClient, house: Restaurant, path: str) -> None:
    text = staff.get(path, QUERIES[path]).content.decode()

    for booking in house.bookings.all():
        secrets = [booking.guest_name, booking.guest_email, booking.guest_phone, str(booking.public_id)]
        assert [said for said in [*secrets, manage_token(booking.public_id, 1)] if said in text] == []


def test_the_number_of_queries_is_pinned(client: ContractClient, house: Restaurant) -> None:
    headers = bearer(house)
    client.get(EXPLAIN, QUESTION, headers=headers)

    with CaptureQueriesContext(connection) as queries:
        client.get(EXPLAIN, QUESTION, headers=headers)

    # The key, the restaurant, and what `explain_availability` asks.
    assert len(queries) == 9


# Parties past their time


def test_parties_past_their_time_are_shown_with_what_saves_the_next(staff: ContractClient) -> None:
    house = bistro()
    for number in ("T1", "T2"):
        TableFactory(restaurant=house, number=number, capacity=2)
    now = datetime.now(UTC)
    today: dict[str, Any] = {"restaurant": house, "business_date": now.astimezone(house.zone).date()}
    late = BookingFactory(**today, starts_at=now - timedelta(minutes=95), status="seated")
    following = BookingFactory(**today, starts_at=now + timedelta(minutes=5))
    give(late, "T1")
    give(following, "T1")

    answer = staff.get(OVERRUNS, {"restaurantId": "bistro"}).json()

    (overrun,) = answer["overruns"]
    assert (overrun["reference"], overrun["over"], overrun["minutesOver"]) == (late.reference, True, 5)
    (hit,) = overrun["later"]
    assert (hit["reference"], hit["hasLostTable"], hit["rescue"], hit["newTables"]) == (
        following.reference,
        False,
        "reseated",
        ["T2"],
    )
    assert [(move["reference"], move["from"], move["to"]) for move in answer["moves"]] == [
        (following.reference, ["T1"], ["T2"])
    ]


def test_where_nobody_is_late_the_lists_are_empty(staff: ContractClient, house: Restaurant) -> None:
    answer = staff.get(OVERRUNS, {"restaurantId": "bistro"}).json()

    assert (answer["overruns"], answer["moves"]) == ([], [])


# Numbers for partners


def test_partners_see_total_and_free_of_every_size(staff: ContractClient, house: Restaurant) -> None:
    answer = staff.get(TABLES, QUERIES[TABLES]).json()

    assert (answer["channel"], len(answer["slots"])) == ("online", 19)
    slot = next(each for each in answer["slots"] if each["time"] == "19:00")
    assert {name: value for name, value in slot.items() if name != "counts"} == {
        "time": "19:00",
        "startsAt": "2090-06-14T18:00:00Z",
        "periodName": "Dinner",
        "closed": False,
    }
    assert slot["counts"] == [
        *({"partySize": size, "total": 3, "free": 1} for size in (1, 2)),
        *({"partySize": size, "total": 2, "free": 0} for size in (3, 4, 5, 6)),
        *({"partySize": size, "total": 0, "free": 0} for size in (7, 8)),
    ]


def test_partners_may_ask_for_one_size(staff: ContractClient, house: Restaurant) -> None:
    answer = staff.get(TABLES, QUERIES[TABLES] | {"partySize": "6"}).json()

    assert {len(slot["counts"]) for slot in answer["slots"]} == {1}
    assert answer["slots"][0]["counts"] == [{"partySize": 6, "total": 2, "free": 2}]
