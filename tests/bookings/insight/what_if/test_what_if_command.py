"""`manage.py what_if`: a period decided again, to read or as JSON."""

import json
from datetime import date, time, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bookings.errors import RequestRefused
from bookings.insight.what_if import Tally, run_what_if, wording
from bookings.models import Decision
from bookings.services import change_booking
from config.errors import InputInvalid
from tables.models import Restaurant
from tests.helpers.dining_room import book, everything_written, room
from tests.helpers.factories import BookingFactory, CapacityRuleFactory, days_ahead, open_restaurant

pytestmark = pytest.mark.django_db(transaction=True)

ON = days_ahead()


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    """A file that allows twice as many to start at once."""
    path = tmp_path / "rules.yaml"
    path.write_text("capacity_rules: [{pacing_covers: 8}]\n")
    return path


def bistro() -> Restaurant:
    """Make a house where four may start at once, that was asked for seven at seven and for two at eight."""
    house = open_restaurant(slug="bistro", name="Bistro", timezone="Etc/UTC")
    CapacityRuleFactory(restaurant=house, pacing_covers=4)
    book(house, "19:00", 4)
    with pytest.raises(RequestRefused):
        book(house, "19:00", 3)
    book(house, "20:00", 2)
    return house


def run(*arguments: object) -> str:
    said = StringIO()
    usual: dict[str, object] = {"--restaurant": "bistro", "--from": ON, "--to": ON}
    given = [*map(str, arguments)]
    named = [str(part) for name, value in usual.items() if name not in given for part in (name, value)]
    call_command("what_if", *named, *given, stdout=said)
    return said.getvalue()


def test_it_says_what_is_gained_and_how_full_the_services_get(rules: Path) -> None:
    house = bistro()
    booking = BookingFactory(restaurant=house, business_date=ON, party_size=3, wall_time=time(21))

    said = run("--rules", rules).splitlines()

    assert said == [
        f"Bistro, {ON} to {ON}: 3 requests of 3 parties.",
        "The proposal takes +3 covers: 3 gained (1 party), 0 lost (0 parties).",
        "",
        "                  Really  Today's rules  Proposed  Difference",
        "Parties accepted       2              2         3          +1",
        "Covers accepted        6              6         9          +3",
        "Parties refused        1              1         0          -1",
        "Covers refused         3              3         0          -3",
        "Seats used             -              -         -",
        "",
        "Refused requests, by first reason and in all:",
        "Reason         Today's rules  Proposed  Difference  In all, today's  In all, proposed",
        "PACING_COVERS              1         0          -1                1                 0",
        "",
        "Covers taken:",
        f"{ON}  today's rules  {'#' * 33} 6",
        f"            proposed       {'#' * 50} 9",
        "",
        "How full each service got:",
        "Date        Service                 Covers       Most starting    Most present",
        f"{ON}  Dinner   today's rules  9 no limit   4 of 4 at 19:00  6 no limit at 20:00",
        f"{ON}  Dinner   proposed       12 no limit  7 of 8 at 19:00  9 no limit at 20:00",
        "",
        "Gained:",
        "Date        Time   Party  Came by  Booking  Refused otherwise for",
        f"{ON}  19:00      3  web            -  PACING_COVERS",
        "",
        f"Not in the ledger, so there from the beginning on both sides: 3 covers: {booking.reference}.",
    ]


def test_a_file_that_changes_nothing_makes_no_difference(tmp_path: Path) -> None:
    bistro()
    path = tmp_path / "same.yaml"
    path.write_text("capacity_rules: [{pacing_covers: 4}]\n")

    answer = json.loads(run("--rules", path, "--json"))

    assert (answer["today"], answer["gained"], answer["lost"]) == (answer["proposed"], [], [])
    assert answer["difference"] == {"parties": 0, "covers": 0}
    assert "takes and refuses the same parties as today's rules." in run("--rules", path)


def test_an_export_makes_no_difference(tmp_path: Path) -> None:
    house = room(2, 4, 6, slug="bistro", buffer_minutes=10)
    for size in (2, 4, 5, 2):
        try_to_book(house, size)
    path = tmp_path / "export.yaml"
    call_command("export_restaurant", "bistro", "--output", str(path))

    answer = json.loads(run("--rules", path, "--json"))

    assert answer["today"] == answer["proposed"]
    assert (answer["actual"]["accepted"], answer["today"]["accepted"]) == ({"parties": 3, "covers": 11},) * 2


def try_to_book(house: Restaurant, party_size: int) -> None:
    try:
        book(house, "19:00", party_size)
    except RequestRefused:
        return


def test_json_has_both_sides_and_every_party(rules: Path) -> None:
    house = bistro()

    answer = json.loads(run("--rules", rules, "--json"))

    assert (answer["restaurant"], answer["from"], answer["to"]) == ("bistro", f"{ON}", f"{ON}")
    assert (answer["requests"], answer["parties"], answer["undecidedRequests"]) == (3, 3, 0)
    assert answer["today"]["refusedByFirstReason"] == {"PACING_COVERS": {"parties": 1, "covers": 3}}
    assert answer["proposed"]["services"][0]["pacing"] == {"used": 7, "limit": 8, "slotAt": f"{ON}T19:00:00Z"}
    assert answer["gained"] == [
        {
            "decisionId": Decision.objects.get(restaurant=house, verdict="refused").pk,
            "reference": None,
            "date": f"{ON}",
            "startsAt": f"{ON}T19:00:00Z",
            "partySize": 3,
            "source": "web",
            "reasons": ["PACING_COVERS"],
        }
    ]
    assert "ann@example.com" not in json.dumps(answer)


def test_a_booking_that_was_made_for_another_date_first_is_told_apart(rules: Path) -> None:
    house = bistro()
    booking = book(house, "18:00", 2, business_date=ON - timedelta(days=1))
    change_booking(booking_id=booking.pk, business_date=ON)
    other = BookingFactory(restaurant=house, business_date=ON, party_size=3, wall_time=time(21))

    said, answer = run("--rules", rules), json.loads(run("--rules", rules, "--json"))

    there = "so there from the beginning on both sides"
    assert f"Not in the ledger, {there}: 3 covers: {other.reference}." in said
    assert f"Booked for another date first, {there}: 2 covers: {booking.reference}." in said
    assert [each["reference"] for each in answer["notInLedger"]] == [other.reference]
    assert answer["bookedForAnotherDate"] == [{"reference": booking.reference, "date": f"{ON}", "partySize": 2}]


def test_a_guest_who_clicks_again_is_one_party(rules: Path) -> None:
    house = bistro()
    for _ in range(5):
        with pytest.raises(RequestRefused):
            book(house, "19:00", 3)

    answer = json.loads(run("--rules", rules, "--json"))

    assert run("--rules", rules).startswith(f"Bistro, {ON} to {ON}: 8 requests of 3 parties.")
    assert (answer["requests"], answer["repeatedRequests"], answer["parties"]) == (8, 5, 3)
    assert answer["difference"] == {"parties": 1, "covers": 3}


def test_where_parties_are_lost_it_says_that_this_is_the_most(tmp_path: Path, rules: Path) -> None:
    bistro()
    path = tmp_path / "less.yaml"
    path.write_text("capacity_rules: [{pacing_covers: 3}]\n")

    assert f"{wording.LOST_AT_MOST}." in run("--rules", path).splitlines()
    assert wording.LOST_AT_MOST not in run("--rules", rules)


@pytest.mark.parametrize("years", [(1, 1), (9999, 9999), (1999, 2000), (2100, 2101)])
def test_dates_outside_the_calendar_are_refused(rules: Path, years: tuple[int, int]) -> None:
    bistro()
    first, last = (date(year, *day) for year, day in zip(years, ((12, 31), (12, 31)), strict=True))

    with pytest.raises(InputInvalid) as refused:
        run_what_if(slug="bistro", from_date=first, to_date=last, content=rules.read_bytes())

    (problem,) = [each for problems in refused.value.details.values() for each in problems]
    assert problem == {"code": "out_of_range", "message": "Must be a date of the years 2000 to 2100."}


def test_nothing_is_written(rules: Path, django_assert_num_queries: Any) -> None:
    house = bistro()
    before, decisions = everything_written(house), Decision.objects.count()

    with django_assert_num_queries(19):
        result = run_what_if(slug="bistro", from_date=ON, to_date=ON, content=rules.read_bytes())

    assert result.difference == Tally(1, 3)
    assert (everything_written(house), Decision.objects.count()) == (before, decisions)


def test_a_period_without_requests_is_said_to_be_empty(rules: Path) -> None:
    open_restaurant(slug="bistro", name="Bistro")

    assert run("--rules", rules).splitlines()[0] == f"Bistro, {ON} to {ON}: 0 requests of 0 parties."


def test_mistakes_of_the_file_are_named_and_nothing_is_simulated(tmp_path: Path) -> None:
    bistro()
    path = tmp_path / "bad.yaml"
    path.write_text("capacity_rules:\n  - {pacing: 8}\n")

    with pytest.raises(CommandError) as refused:
        run("--rules", path)

    assert (refused.value.returncode, str(refused.value)) == (
        1,
        f"{path} has 1 problem:\n  line 2: capacity_rules[0].pacing: unknown key; did you mean pacing_covers?",
    )


@pytest.mark.parametrize(
    ("option", "value", "problem", "code"),
    [
        ("--restaurant", "nowhere", "No restaurant 'nowhere'; there are: bistro", 1),
        ("--from", "27/11/2026", "'27/11/2026' is no date; write it as 2026-12-24", 1),
        ("--to", "2001-01-01", "The last date must not be before the first.", 2),
        ("--from", "2001-01-01", "At most 366 days at once.", 2),
        ("--rules", "/nowhere.yaml", "Cannot read /nowhere.yaml: No such file or directory", 1),
    ],
)
def test_a_wrong_argument_is_answered_with_a_way_out(
    rules: Path, option: str, value: str, problem: str, code: int
) -> None:
    open_restaurant(slug="bistro")
    rest = [] if option == "--rules" else ["--rules", rules]

    with pytest.raises(CommandError) as refused:
        run(option, value, *rest)

    assert problem in str(refused.value)
    assert refused.value.returncode == code
