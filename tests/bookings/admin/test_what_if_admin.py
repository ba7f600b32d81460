"""The page "What if" of the admin: a proposal in, charts and tables out, nothing written."""

import json
import re
from html import unescape
from typing import Any

import pytest
from django.test import Client

from bookings.errors import RequestRefused
from bookings.insight.what_if import wording
from bookings.models import Decision
from tables.models import Restaurant
from tests.helpers.admin_screens import client_with, count_queries, form_of, text_of
from tests.helpers.dining_room import book, everything_written, room
from tests.helpers.factories import CapacityRuleFactory, days_ahead, open_restaurant

pytestmark = pytest.mark.django_db(transaction=True)

WHAT_IF = "/admin/capacity/capacityrule/what-if/"
MAY_ASK = ("bookings.view_decision", "capacity.view_capacityrule")
ON = days_ahead()
PROPOSAL = "capacity_rules: [{pacing_covers: 8}]"


@pytest.fixture
def house() -> Restaurant:
    """A house where four may start at once, that refused three beside four."""
    house = room(4, 4, slug="bistro", name="Bistro")
    CapacityRuleFactory(restaurant=house, pacing_covers=4)
    book(house, "19:00", 4)
    with pytest.raises(RequestRefused):
        book(house, "19:00", 3)
    return house


def ask(client: Client, **values: Any) -> Any:
    return client.post(WHAT_IF, {"first": f"{ON}", "last": f"{ON}", "rules": PROPOSAL, **values})


def charts_of(page: Any) -> list[dict[str, Any]]:
    """Return what the charts of a page show, as its script reads it."""
    return [json.loads(unescape(data)) for data in re.findall(r'data-value="([^"]*)"', page.content.decode())]


def test_the_page_offers_what_the_restaurant_has(house: Restaurant) -> None:
    form = form_of(client_with(*MAY_ASK).get(WHAT_IF))

    (rules,) = form["rules"]
    assert (
        rules.splitlines()
        == [
            "capacity_rules:",
            "- {pacing_covers: 4}",
            "turn_times:",
            "- {up_to: 1000, minutes: 90}",
            "tables:",
            "- {number: T1, capacity: 4, min_party_size: 1, seating_type: indoor, position: {}}",
            "- {number: T2, capacity: 4, min_party_size: 1, seating_type: indoor, position: {}}",
        ]
        or "number: T2" in rules
    )
    assert set(form) == {"first", "last", "rules"}


def test_the_form_as_it_is_makes_no_difference(house: Restaurant) -> None:
    client = client_with(*MAY_ASK)
    rules = form_of(client.get(WHAT_IF))["rules"][0]

    page = ask(client, rules=rules)

    assert "takes and refuses the same parties as today's rules" in unescape(text_of(page))


def test_the_result_is_a_chart_and_a_table(house: Restaurant) -> None:
    page = ask(client_with(*MAY_ASK))

    text = unescape(text_of(page))
    assert "The proposal takes +3 covers: 3 gained (1 party), 0 lost (0 parties)." in text
    covers, reasons = charts_of(page)
    assert covers["labels"] == [f"{ON:%-d %b}"]
    assert [(each["label"], each["data"]) for each in covers["datasets"]] == [("Today's rules", [4]), ("Proposed", [7])]
    assert (reasons["labels"], [each["data"] for each in reasons["datasets"]]) == (["PACING_COVERS"], [[1], [0]])
    for row in ("Covers accepted 4 4 7 +3", "PACING_COVERS 1 0 -1 1 0", f"{ON} 19:00 3 web - PACING_COVERS"):
        assert row in text
    assert "Ann Lee" not in text


def test_what_is_lost_is_said_to_be_the_most_that_could_be(house: Restaurant) -> None:
    client = client_with(*MAY_ASK)

    lost = unescape(text_of(ask(client, rules="capacity_rules: [{pacing_covers: 3}]")))

    assert f"{wording.LOST_AT_MOST}." in lost
    assert wording.LOST_AT_MOST not in unescape(text_of(ask(client)))


def test_the_charts_have_a_text_that_says_the_same(house: Restaurant) -> None:
    page = ask(client_with(*MAY_ASK)).content.decode()

    said = [unescape(label) for label in re.findall(r'role="img" aria-label="([^"]*)"', page)]
    assert said == [
        f"Covers under today's rules and as proposed: {ON:%-d %b} 4 and 7.",
        "Requests refused under today's rules and as proposed: PACING_COVERS 1 and 0.",
    ]


def test_the_charts_load_nothing_from_elsewhere(house: Restaurant) -> None:
    page = ask(client_with(*MAY_ASK)).content.decode()

    assert re.findall(r'(?:src|href)="(?:https?:)?//[^"]*"', page) == []


def test_mistakes_stand_at_the_proposal_with_line_and_field_and_what_was_typed_stays(house: Restaurant) -> None:
    typed = "\ncapacity_rules:\n  - {pacing: 8}\n  - {max_covers: many}\n"

    page = ask(client_with(*MAY_ASK), rules=typed)

    assert page.context["form"].errors["rules"] == [
        "line 3: capacity_rules[0].pacing: unknown key; did you mean pacing_covers?",
        'line 4: capacity_rules[1].max_covers: must be a whole number, not "many"',
    ]
    assert page.context["form"]["rules"].value() == typed
    assert "result" not in page.context


@pytest.mark.parametrize(
    ("values", "field", "said"),
    [
        ({"rules": "tables: }"}, "rules", "line 1: no valid YAML: while parsing a block node"),
        ({"rules": "restaurant: {slug: other}"}, "rules", 'must be "bistro", the restaurant that is asked about'),
        ({"rules": ""}, "rules", "This field is required."),
        ({"rules": "tables: [\x00]"}, "rules", "Null characters are not allowed."),
        ({"first": "tomorrow"}, "first", "Enter a valid date."),
        ({"last": "2001-01-01"}, "last", "The last date must not be before the first."),
        ({"first": "2001-01-01"}, "last", "At most 366 days at once."),
        ({"first": "0001-01-01", "last": "0001-01-02"}, "first", "Must be a date of the years 2000 to 2100."),
        ({"first": "9999-12-30", "last": "9999-12-31"}, "first", "Must be a date of the years 2000 to 2100."),
    ],
)
def test_bad_input_is_a_form_error(house: Restaurant, values: dict[str, str], field: str, said: str) -> None:
    page = ask(client_with(*MAY_ASK), **values)

    assert page.status_code == 200
    assert said in page.context["form"].errors[field][0]


def test_more_requests_than_a_page_takes_are_left_to_the_command(
    house: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bookings.admin.what_if.MOST_REQUESTS", 1)

    page = ask(client_with(*MAY_ASK))

    (said,) = page.context["form"].errors["last"]
    assert said == (
        "There are 2 requests in this period, and this page takes at most 1. Choose fewer dates, or run: "
        f"manage.py what_if --restaurant bistro --from {ON} --to {ON} --rules FILE"
    )


def test_nothing_is_written(house: Restaurant) -> None:
    before, decisions = everything_written(house), Decision.objects.count()

    ask(client_with(*MAY_ASK))

    assert (everything_written(house), Decision.objects.count()) == (before, decisions)


@pytest.mark.parametrize("lacking", MAY_ASK)
def test_it_takes_both_permissions(house: Restaurant, lacking: str) -> None:
    client = client_with(*(each for each in MAY_ASK if each != lacking))

    assert client.get(WHAT_IF).status_code == 403
    assert ask(client).status_code == 403
    assert WHAT_IF not in client.get("/admin/").content.decode()


def test_it_stands_in_the_sidebar_of_who_may_ask(house: Restaurant) -> None:
    assert f'href="{WHAT_IF}"' in client_with(*MAY_ASK).get("/admin/").content.decode()


def test_whoever_is_not_signed_in_is_asked_to(client: Client, house: Restaurant) -> None:
    assert client.get(WHAT_IF).url.startswith("/admin/login/")


def test_with_several_restaurants_it_asks_first_which(house: Restaurant) -> None:
    other = open_restaurant(slug="bar", name="Bar")
    client = client_with(*MAY_ASK)

    choice = client.get(WHAT_IF).content.decode()
    assert f'href="?restaurant={house.pk}"' in choice
    assert f'href="?restaurant={other.pk}"' in choice
    assert client.get(f"{WHAT_IF}?restaurant={house.pk}").context["restaurant"] == house
    assert client.get(f"{WHAT_IF}?restaurant=0").status_code == 404


def test_a_row_more_costs_no_query_more(house: Restaurant) -> None:
    client = client_with(*MAY_ASK)
    few = count_queries(client, WHAT_IF)
    for number in range(3):
        CapacityRuleFactory(restaurant=house, max_covers=100 + number)

    assert count_queries(client, WHAT_IF) == few
