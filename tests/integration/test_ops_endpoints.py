"""The staff's endpoint: who may look, and what is seen."""

from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from bookings.choices import Role
from bookings.models import ApiKey
from bookings.services.upkeep.api_keys import create_api_key, revoke_api_keys
from capacity.models import ServiceDay
from tables.models import Restaurant
from tests.helpers.contract_client import ContractClient
from tests.helpers.endpoint_house import A_DATE, bistro
from tests.helpers.factories import BookingFactory, MembershipFactory, RestaurantFactory, UserFactory, materialize

pytestmark = pytest.mark.django_db(transaction=True)

PATH = "/api/ops/capacity/utilization"
QUERY = {"restaurantId": "bistro", "date": "2090-06-14"}


@pytest.fixture
def client() -> ContractClient:
    return ContractClient()


def bearer(secret: str) -> dict[str, str]:
    return {"authorization": f"Bearer {secret}"}


def user_with(*codenames: str) -> Any:
    """Make a member of the staff with permissions to look."""
    user = UserFactory(is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    return user


def key_of(restaurant: Restaurant, name: str = "till") -> str:
    return create_api_key(restaurant_id=restaurant.pk, name=name).secret


def test_staff_sees_every_service_and_slot_of_a_date(client: ContractClient) -> None:
    restaurant = bistro(max_covers=80, max_parties=30, pacing_covers=20, occupancy_parties=9)
    BookingFactory(restaurant=restaurant, business_date=A_DATE, party_size=5)
    client.force_login(MembershipFactory(restaurant=restaurant).user)

    answer = client.get(PATH, QUERY).json()

    assert {name: answer[name] for name in answer if name != "slots"} == {
        "restaurantId": str(restaurant.public_id),
        "date": "2090-06-14",
        "timezone": "Europe/London",
        "hasOverbooking": False,
        "periods": [
            {
                "name": "Dinner",
                "startTime": "17:00",
                "endTime": "23:00",
                "maxCovers": 80,
                "bookedCovers": 5,
                "bookedParties": 1,
                "maxParties": 30,
                "utilizationPercent": 6,
            }
        ],
    }
    assert len(answer["slots"]) == 19
    assert answer["slots"][8] == {
        "time": "19:00",
        "startsAt": "2090-06-14T18:00:00Z",
        "periodName": "Dinner",
        "bookable": True,
        "startingCovers": 5,
        "startingParties": 1,
        "presentCovers": 5,
        "presentParties": 1,
        "pacingCovers": 20,
        "pacingParties": None,
        "occupancyCovers": None,
        "occupancyParties": 9,
    }


def test_a_limit_that_is_passed_is_overbooking(client: ContractClient) -> None:
    restaurant = bistro(max_covers=80)
    BookingFactory(restaurant=restaurant, business_date=A_DATE, party_size=5)
    ServiceDay.objects.update(max_covers=4, excess_covers=1)

    answer = client.get(PATH, QUERY, headers=bearer(key_of(restaurant)))

    assert answer.json()["hasOverbooking"] is True


def test_numbers_are_shown_to_staff_where_guests_see_none(client: ContractClient, settings: object) -> None:
    settings.PUBLIC_CAPACITY_DETAILS = False  # type: ignore[attr-defined]
    restaurant = bistro(max_covers=80)
    materialize(restaurant, A_DATE)

    answer = client.get(PATH, QUERY, headers=bearer(key_of(restaurant)))

    assert answer.json()["periods"][0]["maxCovers"] == 80


@pytest.mark.parametrize(
    "headers", [{}, bearer("mtr_nonsense"), bearer(""), {"authorization": "Basic b3BzOm9wcw=="}, bearer("é" * 300)]
)
def test_nobody_in_particular_is_told_how_to_come_in(client: ContractClient, headers: dict[str, str]) -> None:
    bistro()

    answer = client.get(PATH, QUERY, headers=headers)

    assert (answer.status_code, answer.json()["error"]) == (401, "UNAUTHENTICATED")
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="maitre"'


def test_a_user_who_is_no_staff_is_turned_away(client: ContractClient) -> None:
    bistro()
    client.force_login(UserFactory())

    answer = client.get(PATH, QUERY)

    assert (answer.status_code, answer.json()) == (
        403,
        {"error": "FORBIDDEN", "message": "This is for the staff of the restaurant."},
    )


CALLS = {
    PATH: QUERY,
    "/api/ops/capacity/tables": QUERY,
    "/api/ops/explain": {**QUERY, "time": "19:00", "partySize": 2},
    "/api/ops/overruns": {"restaurantId": "bistro"},
}


@pytest.mark.parametrize("path", CALLS)
def test_staff_without_a_role_reads_nothing(client: ContractClient, path: str) -> None:
    bistro()
    client.force_login(UserFactory(is_staff=True))

    answer = client.get(path, CALLS[path])

    assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN")


@pytest.mark.parametrize("path", CALLS)
def test_the_restaurant_of_others_is_as_one_that_does_not_exist(client: ContractClient, path: str) -> None:
    restaurant = bistro()
    client.force_login(MembershipFactory(role=Role.OWNER).user)

    names = ("bistro", str(restaurant.public_id), "nowhere")
    answers = [client.get(path, {**CALLS[path], "restaurantId": name}) for name in names]

    assert [answer.status_code for answer in answers] == [404] * 3
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize(
    ("role", "statuses"),
    [
        (Role.HOST, [200, 200, 200, 200]),
        (Role.ENGINEER, [200, 200, 200, 403]),
        (Role.CUSTOM, [403, 403, 403, 403]),
    ],
)
def test_staff_reads_what_the_role_permits(client: ContractClient, role: Role, statuses: list[int]) -> None:
    client.force_login(MembershipFactory(restaurant=bistro(tables=1), role=role).user)

    assert [client.get(path, query).status_code for path, query in CALLS.items()] == statuses


def test_an_owner_of_all_reads_every_restaurant(client: ContractClient) -> None:
    bistro()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    assert client.get(PATH, QUERY).status_code == 200


def test_a_key_opens_its_own_restaurant_only(client: ContractClient) -> None:
    own, other = bistro(), RestaurantFactory(slug="other")
    headers = bearer(key_of(own))

    answers = [client.get(PATH, {**QUERY, "restaurantId": each.slug}, headers=headers) for each in (own, other)]

    assert [answer.status_code for answer in answers] == [200, 403]
    assert answers[1].json()["error"] == "FORBIDDEN"


def test_a_revoked_key_opens_nothing(client: ContractClient) -> None:
    restaurant = bistro()
    secret = key_of(restaurant)
    revoke_api_keys(restaurant_id=restaurant.pk, name="till")

    assert client.get(PATH, QUERY, headers=bearer(secret)).status_code == 401


def test_a_new_key_of_a_name_takes_the_place_of_the_old_one(client: ContractClient) -> None:
    restaurant = bistro()
    old, new, other = key_of(restaurant), key_of(restaurant), key_of(restaurant, "screen")

    statuses = [client.get(PATH, QUERY, headers=bearer(secret)).status_code for secret in (old, new, other)]

    assert statuses == [401, 200, 200]


def test_the_secret_of_a_key_is_stored_nowhere() -> None:
    secret = key_of(bistro())

    [row] = ApiKey.objects.values()

    assert len(secret) == len("mtr_") + 43
    assert not any(secret in str(value) for value in row.values())


def test_the_use_of_a_key_is_noted_but_not_every_time(client: ContractClient) -> None:
    secret = key_of(bistro())

    client.get(PATH, QUERY, headers=bearer(secret))
    first = ApiKey.objects.get().last_used_at
    client.get(PATH, QUERY, headers=bearer(secret))
    second = ApiKey.objects.get().last_used_at
    long_ago = timezone.now() - timedelta(hours=1)
    ApiKey.objects.update(last_used_at=long_ago)
    client.get(PATH, QUERY, headers=bearer(secret))

    assert first is not None
    assert second == first
    assert ApiKey.objects.get().last_used_at > long_ago


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ({"restaurantId": "bistro"}, "date", "required"),
        ({"date": "2090-06-14"}, "restaurantId", "required"),
        ({**QUERY, "date": "14.6.2090"}, "date", "invalid"),
        ({**QUERY, "week": "24"}, "week", "unknown_field"),
    ],
)
def test_what_the_staff_asks_is_read_strictly_too(
    client: ContractClient, query: dict[str, str], field: str, code: str
) -> None:
    answer = client.get(PATH, query, headers=bearer(key_of(bistro())))

    assert (answer.status_code, answer.json()["details"][field][0]["code"]) == (400, code)


def test_an_unknown_restaurant_is_not_found(client: ContractClient) -> None:
    answer = client.get(PATH, {**QUERY, "restaurantId": "nowhere"}, headers=bearer(key_of(bistro())))

    assert (answer.status_code, answer.json()["error"]) == (404, "NOT_FOUND")


def test_the_number_of_queries_is_pinned(client: ContractClient) -> None:
    restaurant = bistro(tables=4, max_covers=80)
    BookingFactory(restaurant=restaurant, business_date=A_DATE)
    headers = bearer(key_of(restaurant))
    client.get(PATH, QUERY, headers=headers)

    with CaptureQueriesContext(connection) as queries:
        client.get(PATH, QUERY, headers=headers)

    assert len(queries) == 5


# The command


def run(*arguments: str) -> tuple[str, str]:
    stdout, stderr = StringIO(), StringIO()
    call_command("create_api_key", *arguments, stdout=stdout, stderr=stderr)
    return stdout.getvalue().strip(), stderr.getvalue()


def test_the_command_prints_a_key_that_works(client: ContractClient) -> None:
    bistro()

    secret, hint = run("--restaurant", "bistro", "--name", "till")

    assert client.get(PATH, QUERY, headers=bearer(secret)).status_code == 200
    assert "only time" in hint


def test_the_command_stops_a_key(client: ContractClient) -> None:
    bistro()
    secret, _ = run("--restaurant", "bistro", "--name", "till")

    run("--restaurant", "bistro", "--name", "till", "--revoke")

    assert client.get(PATH, QUERY, headers=bearer(secret)).status_code == 401
    with pytest.raises(CommandError, match="no working key 'till'"):
        run("--restaurant", "bistro", "--name", "till", "--revoke")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--restaurant", "nowhere", "--name", "till"), "no active restaurant 'nowhere'"),
        (("--restaurant", "bistro", "--name", " "), "--name"),
        (("--restaurant", "bistro", "--name", "x" * 81), "--name"),
        (("--name", "till"), "--restaurant"),
    ],
)
def test_the_command_says_what_is_wrong(arguments: tuple[str, ...], message: str) -> None:
    bistro()

    with pytest.raises(CommandError, match=message):
        run(*arguments)

    assert ApiKey.objects.count() == 0
