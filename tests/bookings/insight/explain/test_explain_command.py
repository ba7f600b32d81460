"""`manage.py explain_availability`: an explanation to read, or as JSON."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from tables.models import Table
from tests.helpers.factories import CapacityRuleFactory, days_ahead, open_restaurant
from tests.helpers.seated_evening import bistro, seat

pytestmark = pytest.mark.django_db(transaction=True)

QUESTION = ("--restaurant", "bistro", "--date", f"{days_ahead()}", "--time", "19:30", "--party-size", "6")


def run(*arguments: str) -> str:
    said = StringIO()
    call_command("explain_availability", *arguments, stdout=said)
    return said.getvalue()


def test_an_accepted_party_is_said_with_its_moves() -> None:
    house = bistro(6, 2)
    booking = seat(house, "19:30", "T1")

    assert run(*QUESTION, "--compare", "first-fit").splitlines() == [
        f"A party of 6 at 19:30 on {days_ahead()} is accepted at T1; move the 19:30 party of 2 from T1 to T2.",
        "Tables that could take it, the best first:",
        f"  T1 (1 to 6): T1 {booking.reference}, party of 2, 19:30 to 21:00, may be moved",
        "First-fit refuses: the only table for 6 is taken; this engine seats them at T1 and moves others: "
        "move the 19:30 party of 2 from T1 to T2.",
    ]


def test_a_refused_party_is_said_with_every_reason_and_what_would_make_room() -> None:
    house = bistro(6, 5, 2)
    CapacityRuleFactory(restaurant=house, pacing_covers=6)
    booking = seat(house, "19:30", "T1", is_pinned=True)

    assert run(*QUESTION).splitlines() == [
        f"A party of 6 at 19:30 on {days_ahead()} is refused: PACING_COVERS, NO_TABLE.",
        "  PACING_COVERS: limit 6, used 2, asked 6",
        "  NO_TABLE: limit 1, used 1, asked 1",
        "Tables that could take it, the best first:",
        f"  T1 (1 to 6): T1 {booking.reference}, party of 2, 19:30 to 21:00, pinned",
        "What would make room, the smallest change first:",
        "  a party of 4 fits: T2",
        f"  2 more pacing covers and unpin {booking.reference} (party of 2 at 19:30, T1): "
        "T1 (move the 19:30 party of 2 from T1 to T3)",
        "  90 minutes earlier, at 18:00: T1",
        "  90 minutes later, at 21:00: T1",
    ]


def test_where_nothing_helps_it_says_so() -> None:
    house = bistro(2)
    house.service_periods.update(start_time="19:30", last_seating="19:30")
    seat(house, "19:30", "T1", status="arrived")

    assert run(*QUESTION).splitlines()[-1] == "No single change was found that would make room."


def test_where_time_ran_out_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bookings.insight.explain.explaining.LEVER_SECONDS", 0.0)
    house = bistro(6)
    seat(house, "19:30", "T1", status="arrived")

    assert run(*QUESTION).splitlines()[-1] == "  (time ran out: there may be more)"


def test_wish_and_way_in_may_be_named() -> None:
    house = bistro(6, 6)
    Table.objects.filter(number="T2").update(seating_type="patio", audience=["in_house"])
    seat(house, "19:30", "T1")

    assert "is accepted at T2." in run(*QUESTION, "--seating", "patio", "--channel", "in_house")


def test_where_numbers_alone_decide_no_table_is_named() -> None:
    open_restaurant(slug="bistro")

    assert run(*QUESTION, "--compare", "first-fit") == f"A party of 6 at 19:30 on {days_ahead()} is accepted.\n"


def test_the_same_is_said_in_json() -> None:
    bistro(6)

    answer = json.loads(run(*QUESTION, "--json"))

    assert (answer["available"], answer["plan"]["tables"], answer["partySize"]) == (True, ["T1"], 6)


@pytest.mark.parametrize(
    ("option", "value", "problem"),
    [
        ("--restaurant", "nowhere", "No restaurant 'nowhere'; there are: bistro"),
        ("--time", "19:31", "Start times run every 15 minutes from 17:00."),
        ("--time", "half past seven", "'half past seven' is no time; write it as 19:30"),
        ("--time", "19:30:01", "'19:30:01' is no time of whole minutes; write it as 19:30"),
        ("--date", "27/11/2026", "'27/11/2026' is no date; write it as 2026-12-24"),
        ("--party-size", "0", "'0' is no whole number from 1 to 1000"),
        ("--compare", "best-fit", "invalid choice: 'best-fit'"),
        ("--channel", "pigeon", "invalid choice: 'pigeon'"),
    ],
)
def test_a_wrong_argument_is_answered_with_a_way_out(option: str, value: str, problem: str) -> None:
    bistro(6)
    arguments = list(QUESTION) if option in QUESTION else [*QUESTION, option, ""]
    arguments[arguments.index(option) + 1] = value

    with pytest.raises(CommandError, match=problem):
        run(*arguments)


def test_a_time_that_the_clocks_jump_over_names_the_next() -> None:
    house = bistro(6)
    house.service_periods.update(start_time="00:00", last_seating="05:00", end_time="06:00")

    with pytest.raises(CommandError, match=r"^01:30 does not exist on that date; the next is 02:00\.$"):
        run("--restaurant", "bistro", "--date", "2027-03-28", "--time", "01:30", "--party-size", "2")
