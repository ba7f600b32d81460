"""The forms of the admin, sent with fields that are missing, over-long, doubled or no text at all: the form says so."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from bookings.models import Booking
from capacity.rollout_order import PERCENTAGES
from tests.helpers.admin_addresses import HUGE, NUL
from tests.helpers.admin_screens import form_of
from tests.helpers.factories import (
    BookingFactory,
    CapacityRuleFactory,
    ClosureFactory,
    SectionFactory,
    TableFactory,
    TurnTimeFactory,
    open_restaurant,
)

pytestmark = pytest.mark.django_db(transaction=True)

WRONG: tuple[Any, ...] = (None, NUL, "x" * 300, HUGE, ["1", "x"])


@pytest.fixture
def client(admin_user: User) -> Client:
    """Return the owner's browser, which is shown an error as a page instead of raising it."""
    client = Client(raise_request_exception=False)
    client.force_login(admin_user)
    return client


def failures(client: Client, address: str) -> dict[str, int]:
    """Send the form of a page once for each field and everything wrong in it; return what was an error of ours."""
    page = client.get(address)
    assert page.status_code == 200
    body = form_of(page)
    failed = {}
    for name in body:
        for wrong in WRONG:
            sent = {**body, name: wrong} if wrong is not None else {key: body[key] for key in body if key != name}
            status = client.post(address, sent).status_code
            if status >= 500:
                failed[f"{name}={str(wrong)[:30]!r}"] = status
    return failed


@pytest.mark.parametrize("name", ["walk_in", "arrive", "seat", "rebook", "assign", "swap", "no_show", "cancel"])
def test_no_body_to_a_page_of_a_booking_is_an_error_of_ours(client: Client, name: str) -> None:
    booking = BookingFactory()
    TableFactory(restaurant=booking.restaurant)
    args = [] if name == "walk_in" else [booking.pk]

    assert failures(client, reverse(f"admin:bookings_booking_{name}", args=args)) == {}


def test_no_proposal_is_an_error_of_ours(client: Client) -> None:
    open_restaurant()

    assert failures(client, reverse("admin:capacity_capacityrule_what_if")) == {}


@pytest.mark.parametrize("name", ["rollback", "resume", "set", "note", "percent"])
def test_no_body_to_a_step_of_the_rollout_is_an_error_of_ours(client: Client, name: str) -> None:
    restaurant = open_restaurant()
    args = {"set": [restaurant.pk], "note": [restaurant.pk], "percent": [PERCENTAGES[0]]}.get(name, [])

    assert failures(client, reverse(f"rollout:{name}", args=args)) == {}


@pytest.mark.parametrize(
    "factory", [CapacityRuleFactory, ClosureFactory, SectionFactory, TableFactory, TurnTimeFactory]
)
def test_no_body_to_a_form_of_settings_is_an_error_of_ours(client: Client, factory: Any) -> None:
    row: Model = factory()

    assert failures(client, reverse(f"admin:{row._meta.app_label}_{row._meta.model_name}_change", args=[row.pk])) == {}


def test_a_walk_in_whose_key_is_too_long_is_told_so(client: Client) -> None:
    TableFactory(restaurant=open_restaurant())
    address = reverse("admin:bookings_booking_walk_in")
    body = {**form_of(client.get(address)), "party_size": "2", "idempotency_key": "k" * 256}

    answer = client.post(address, body)

    assert answer.status_code == 200
    assert "at most 255 characters" in answer.content.decode()
    assert not Booking.objects.exists()
