"""Every address of the admin, with wrong ids and filters: the answer is a page, never an error of ours."""

from contextlib import suppress
from itertools import product
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import User
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.sessions.backends.db import SessionStore
from django.http import Http404
from django.test import Client, RequestFactory

from bookings.admin.parts.bases import FilterNotUnderstood
from bookings.models import Booking
from tests.helpers.admin_addresses import (
    HUGE,
    NUL,
    WRONG_QUERIES,
    AdminAddress,
    list_admin_addresses,
    list_models,
    wrong_filters_of,
    wrong_lookups_of,
)
from tests.helpers.admin_screens import messages_of, text_of
from tests.helpers.factories import BookingFactory, TableFactory

ADDRESSES = list_admin_addresses()
BOOKINGS = "/admin/bookings/booking/"
PARAMETERS = ("restaurant", "table", "days", "next", "s", "term", "q", "_popup", "_to_field", "_changelist_filters")
# The pages that a row has beside Django's own.
ROW_PAGES = [
    address
    for address in ADDRESSES
    if address.parts == ("object_id",)
    and not address.name.endswith(("_change", "_delete", "_history"))
    and address.name
]


@pytest.fixture
def client(admin_user: User) -> Client:
    """Return the owner's browser, which is shown an error as a page instead of raising it."""
    client = Client(raise_request_exception=False)
    client.force_login(admin_user)
    return client


def failures(client: Client, urls: Any, **body: Any) -> dict[str, int]:
    """Return the addresses that answer with an error of ours."""
    answers = {url: client.post(url, body) if body else client.get(url) for url in urls}
    return {url: answer.status_code for url, answer in answers.items() if answer.status_code >= 500}


def list_of(model: Any) -> str:
    return f"/admin/{model._meta.app_label}/{model._meta.model_name}/"


# As a list is read: what the database says of a filter ends no transaction.
outside_transactions = pytest.mark.django_db(transaction=True)
every_model = pytest.mark.parametrize("model", list_models(), ids=lambda model: model._meta.label)


def test_the_resolver_is_asked_for_all_of_it() -> None:
    found = {address.name for address in ADDRESSES}

    assert {"bookings_booking_arrive", "tables_restaurant_rollout_report", "bookings_booking_walk_in"} <= found
    assert {"auth_user_password_change", "autocomplete", "view_on_site", "percent", "login", "app_list"} <= found


@pytest.mark.django_db
@pytest.mark.parametrize("address", [address for address in ADDRESSES if address.parts], ids=str)
def test_no_wrong_id_is_an_error_of_ours(client: Client, address: AdminAddress) -> None:
    BookingFactory()

    assert failures(client, address.wrongly_filled()) == {}
    assert failures(client, list(address.wrongly_filled())[:2], post="yes") == {}


@pytest.mark.django_db
@pytest.mark.parametrize("address", ROW_PAGES, ids=str)
def test_a_page_of_no_row_is_not_found(client: Client, address: AdminAddress) -> None:
    BookingFactory()

    assert {client.get(url).status_code for url in address.wrongly_filled()} == {404}
    assert {client.post(url, {"expected_version": "1"}).status_code for url in address.wrongly_filled()} == {404}


@pytest.mark.django_db
@pytest.mark.parametrize("address", [address for address in ADDRESSES if not address.parts], ids=str)
def test_no_parameter_is_an_error_of_ours(client: Client, address: AdminAddress) -> None:
    BookingFactory()
    # A page reads few of them, and no page of ours stops at the first.
    wrong = ["&".join(f"{name}={value}" for name in PARAMETERS) for value in ("abc", "%00", HUGE)]

    assert failures(client, [str(address), *(f"{address}?{query}" for query in wrong)]) == {}


@outside_transactions
@every_model
def test_no_filter_of_a_list_is_an_error_of_ours(rf: RequestFactory, admin_user: User, model: Any) -> None:
    BookingFactory()
    model_admin = admin.site.get_model_admin(model)

    for query in (*WRONG_QUERIES, *wrong_filters_of(model_admin), *wrong_lookups_of(model)):
        request = rf.get(f"{list_of(model)}?{query}")
        request.user, request.session = admin_user, SessionStore()
        # The view tells the user of these, and the tests below see that; an error of any other kind ends here.
        request._messages = CookieStorage(request)  # type: ignore[attr-defined]
        with suppress(FilterNotUnderstood, Http404):
            model_admin.get_changelist_instance(request)


@outside_transactions
@pytest.mark.parametrize("address", [BOOKINGS, "/admin/tables/table/"])
def test_no_list_is_an_error_of_ours_whatever_it_is_asked(client: Client, address: str) -> None:
    BookingFactory()

    assert failures(client, [f"{address}?{query}" for query in WRONG_QUERIES]) == {}


@pytest.mark.django_db
@every_model
def test_no_action_on_wrong_rows_is_an_error_of_ours(client: Client, model: Any) -> None:
    TableFactory()
    request = RequestFactory().get(list_of(model))
    request.user, request.session = User.objects.get(), SessionStore()
    actions = (*admin.site.get_model_admin(model).get_actions(request), "abc")
    wrong = product(actions, ("abc", "0", HUGE, NUL, ("1", "x"), ""), ("0", HUGE, None))

    answers = {chosen: client.post(list_of(model), _action(*chosen)).status_code for chosen in wrong}

    assert {chosen: status for chosen, status in answers.items() if status >= 500} == {}


def _action(action: str, chosen: Any, index: str | None) -> dict[str, Any]:
    body = {"action": action, "_selected_action": chosen, "select_across": "abc"}
    return body if index is None else {**body, "index": index}


@pytest.mark.django_db
def test_no_search_of_the_widgets_is_an_error_of_ours(client: Client) -> None:
    wanted = "/admin/autocomplete/?app_label={}&model_name={}&field_name={}&term={}&page={}"
    sources = [
        ("bookings", "booking", "restaurant"),
        ("auth", "user", "groups"),
        ("abc", "%00", ""),
        ("admin", "logentry", "user"),
    ]
    urls = [
        wanted.format(*source, term, page)
        for source in sources
        for term in ("", "%00", "((", "%25")
        for page in ("", "1", "0", "abc", HUGE, "last")
    ]

    assert failures(client, urls) == {}


@outside_transactions
@pytest.mark.parametrize(
    "query",
    [
        *("guest_name__regex=(", "guest_name=%00", "starts_at__year=99999", "party_size__range=1", "status__exact=%00"),
        *(
            "restaurant__id__exact=abc",
            "business_date__year=9999",
            "service_day__bookings__guest_name=Ada",
            "abc=1",
        ),
    ],
)
def test_a_list_says_that_it_does_not_understand_a_filter_and_shows_itself(client: Client, query: str) -> None:
    # By a restaurant a list is narrowed where there are two.
    booking, _ = BookingFactory(), BookingFactory()

    answer = client.get(f"{BOOKINGS}?{query}", follow=True)

    assert answer.redirect_chain == [(BOOKINGS, 302)]
    assert answer.status_code == 200
    (message,) = messages_of(answer)
    assert message.startswith("This list cannot be narrowed so (")
    assert query.partition("=")[0] in message
    assert booking.reference in text_of(answer)


@pytest.mark.django_db
def test_a_list_is_narrowed_by_what_it_understands(client: Client) -> None:
    two, four = BookingFactory(party_size=2), BookingFactory(party_size=4)

    shown = text_of(client.get(f"{BOOKINGS}?party_size__gt=3"))

    assert four.reference in shown
    assert two.reference not in shown


@pytest.mark.django_db
@pytest.mark.parametrize(
    "hidden", ["restaurant__api_keys__key_hash__startswith=a", "events__actor__password__startswith=p"]
)
def test_no_list_tells_a_secret_by_what_it_finds(client: Client, hidden: str) -> None:
    BookingFactory()

    answer = client.get(f"{BOOKINGS}?{hidden}", follow=True)

    assert answer.redirect_chain == [(BOOKINGS, 302)]


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "/admin/auth/user/?password__startswith=m",
        "/admin/bookings/capacityoverride/?actor__password__startswith=m",
        "/admin/tables/tableblock/?created_by__password__startswith=m",
    ],
)
def test_no_list_tells_a_password_by_what_it_finds(client: Client, address: str) -> None:
    assert client.get(address).status_code == 302


@pytest.mark.django_db
def test_an_action_on_no_row_says_so(client: Client) -> None:
    table = TableFactory()

    answer = client.post("/admin/tables/table/", _action("retire", ["abc", str(table.pk)], "0"), follow=True)

    assert messages_of(answer) == ["Nothing was done: choose rows of this list."]
    table.refresh_from_db()
    assert table.status == "active"
    assert Booking.objects.count() == 0
