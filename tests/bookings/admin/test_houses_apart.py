"""Every address of the admin and of the staff's API, asked by everybody: nothing of a stranger's restaurant comes out.

The addresses are those of the URL resolver: one that is new, and not covered here, fails.
"""

import re
from itertools import product
from typing import Any
from urllib.parse import unquote

import pytest
from django.apps import apps
from django.contrib import admin
from django.db.models import ForeignKey
from django.forms import model_to_dict
from django.test import Client

from bookings.choices import Role
from tests.helpers.addresses_of_rows import (
    ADMIN_ADDRESSES,
    NOWHERE,
    OPS,
    OPS_ADDRESSES,
    OPS_QUERY,
    filled,
    label_of,
    told,
)
from tests.helpers.admin_screens import form_of, member_of
from tests.helpers.factories import UserFactory
from tests.helpers.two_houses import Rows, furnished

pytestmark = pytest.mark.django_db(transaction=True)

OWN, OTHER = "Jjkown", "Xqzother"
STRANGERS = ("anonymous", "guest", "without", *Role.values)
EVERYBODY = (*STRANGERS, "owner of all")


OF_ROWS = [path for path in ADMIN_ADDRESSES if re.search(r"<(path:object_id|id|slug:slug|int:[a-z]+_id)>", path)]
# Django's way from a row to its page on the site, of which there is none here.
OF_ROWS.remove("admin/r/<path:content_type_id>/<path:object_id>/")
OF_LISTS = [path for path in ADMIN_ADDRESSES if path.count("/") == 3 and "<" not in path and "rollout" not in path]


@pytest.fixture
def own() -> Rows:
    return furnished(OWN)


@pytest.fixture
def other() -> Rows:
    return furnished(OTHER)


@pytest.fixture
def client(request, own) -> Client:
    house: Any = own["tables.restaurant"]
    if request.param in Role.values:
        return member_of(house, role=Role(request.param))
    client = member_of() if request.param == "without" else Client()
    if request.param in ("guest", "owner of all"):
        client.force_login(UserFactory(is_staff=request.param != "guest", is_superuser=request.param != "guest"))
    return client


def by(*names: str) -> Any:
    return pytest.mark.parametrize("client", names, indirect=True)


def _unnumbered(text: str) -> str:
    """Return a text without the key of the row that an address in it is about."""
    return re.sub(r"/\d+(?=/)|/xqzother(?=/)|/nowhere(?=/)", "", text, flags=re.IGNORECASE)


def rows_of(house: Any) -> dict[str, list[dict[str, Any]]]:
    """Return every row of a restaurant, so that a change of any can be seen."""
    models = [model for model in apps.get_models() if any(field.name == "restaurant" for field in model._meta.fields)]
    return {
        model._meta.label: [_values(row) for row in model._default_manager.filter(restaurant=house).order_by("pk")]
        for model in models
    }


def _values(row: Any) -> dict[str, Any]:
    """Return the values of a row; rows that it refers to have no order of their own."""
    values = model_to_dict(row)
    return {name: sorted(map(str, value)) if isinstance(value, list) else value for name, value in values.items()}


def test_every_address_of_a_row_has_a_row_here(own: Rows) -> None:
    known = {*own, "procrastinate.procrastinatejob"}

    assert {label_of(path) for path in OF_ROWS} <= known
    assert {f"{model._meta.label_lower}" for model in admin.site._registry} <= known


def test_every_other_parameter_has_a_value() -> None:
    for path in ADMIN_ADDRESSES:
        assert "<" not in filled(path)


def test_every_address_of_the_staff_has_a_query() -> None:
    assert {path.removeprefix(OPS) for path in OPS_ADDRESSES} == set(OPS_QUERY)


@by(*EVERYBODY)
def test_no_address_answers_500_and_none_tells_of_a_stranger(client: Client, own: Rows, other: Rows, request) -> None:
    may_see_all = "owner of all" in request.node.name
    for path in ADMIN_ADDRESSES:
        if "logout" in path:
            continue
        url = filled(path, own)
        answer = client.get(url)
        assert answer.status_code in (200, 301, 302, 403, 404, 405), url
        assert may_see_all or OTHER.lower() not in told(answer).lower(), url


@by(*STRANGERS)
def test_a_row_of_a_stranger_is_as_one_that_does_not_exist(client: Client, own: Rows, other: Rows) -> None:
    before = rows_of(other["tables.restaurant"])
    for path in OF_ROWS:
        label = label_of(path)
        if label in ("procrastinate.procrastinatejob", "auth.group"):
            continue
        for house in (None, own) if ":slug>" in path and "_id>" in path else (None,):
            theirs, missing = filled(path, other, house=house), filled(path, house=house)
            for ask in (client.get, client.post):
                answers = [ask(theirs), ask(missing)]
                assert [answer.status_code for answer in answers] == [answers[1].status_code] * 2, theirs
                assert answers[0].status_code in (302, 403, 404, 405), theirs
                assert _unnumbered(told(answers[0])) == _unnumbered(told(answers[1])), theirs
    assert rows_of(other["tables.restaurant"]) == before


@by(*STRANGERS)
def test_no_list_narrows_widens_or_finds_its_way_to_a_stranger(client: Client, other: Rows) -> None:
    house, period = other["tables.restaurant"].pk, other["capacity.serviceperiod"].pk
    # (asked, the same of what does not exist)
    named = {
        "?restaurant=all": None,
        "?q=xqzo": None,
        f"?restaurant__id__exact={house}": f"?restaurant__id__exact={NOWHERE}",
        f"?period={period}": f"?period={NOWHERE}",
        f"?restaurant={house}": f"?restaurant={NOWHERE}",
        f"?restaurant={OTHER.lower()}": "?restaurant=nowhere",
    }
    for path, (query, nowhere) in product([*OF_LISTS, "admin/"], named.items()):
        answer = client.get(f"/{path}{query}")
        # The way to the sign-in page leads back to the address that was asked.
        assert OTHER.lower() not in unquote(told(answer)).lower().replace(query[1:], ""), path + query
        if nowhere is not None:
            unknown = client.get(f"/{path}{nowhere}")
            assert answer.status_code == unknown.status_code, path + query
            if answer.status_code == 200 and answer.context and "cl" in answer.context:
                assert answer.context["cl"].result_count == unknown.context["cl"].result_count, path + query


@by(*STRANGERS)
def test_no_choice_offers_a_row_of_a_stranger(client: Client, other: Rows) -> None:
    for model in admin.site._registry:
        for field in model._meta.fields:
            if isinstance(field, ForeignKey):
                asked = {"app_label": model._meta.app_label, "model_name": model._meta.model_name}
                answer = client.get("/admin/autocomplete/", {**asked, "field_name": field.name, "term": ""})
                assert answer.status_code in (200, 302, 403, 404)
                assert OTHER.lower() not in told(answer).lower(), (model, field.name)
    for term in ("xqz", "t"):
        answer = client.get("/admin/search/", {"s": term, "extended": "1"})
        assert OTHER.lower() not in told(answer).lower()


@by(*Role.values)
def test_no_form_takes_a_row_of_a_stranger(client: Client, own: Rows, other: Rows) -> None:
    before = rows_of(other["tables.restaurant"])
    theirs: dict[str, Any] = {
        "restaurant": other["tables.restaurant"].pk,
        "section": other["tables.section"].pk,
        "table": other["tables.table"].pk,
        "tables": [other["tables.table"].pk],
        "service_period": other["capacity.serviceperiod"].pk,
        "user": other["auth.user"].pk,
    }
    for path in ADMIN_ADDRESSES:
        if not re.search(r"/add/$|/change/$", path) or label_of(path) not in own:
            continue
        url = filled(path, own)
        page = client.get(url)
        if page.status_code != 200:
            continue
        form = form_of(page)
        named = {name: value for name, value in theirs.items() if name in form or name in page.content.decode()}
        answer = client.post(url, {**form, **named})
        assert answer.status_code in (200, 302, 403), url
        assert OTHER.lower() not in told(answer).lower(), url
    for label in own:
        actions = {"action": "retire", "_selected_action": [other[label].pk], "confirmed": "yes"}
        answer = client.post(f"/admin/{label.replace('.', '/')}/", actions)
        assert OTHER.lower() not in told(answer).lower()
    assert rows_of(other["tables.restaurant"]) == before


@by(*STRANGERS)
def test_the_api_of_the_staff_knows_no_restaurant_of_a_stranger(client: Client, other: Rows) -> None:
    house: Any = other["tables.restaurant"]
    for path in OPS_ADDRESSES:
        query = OPS_QUERY[path.removeprefix(OPS)]
        asked = (house.slug, str(house.public_id), "nowhere")
        answers = [client.get(f"/{path}", {**query, "restaurantId": name}) for name in asked]

        assert answers[0].status_code in (401, 403, 404), path
        assert len({answer.content for answer in answers}) == 1, path
