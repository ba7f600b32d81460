"""`manage.py rollout`: each subcommand, what it says, and how it refuses."""

import json
import subprocess
import sys
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from bookings.management.arguments import shell_user
from bookings.models import RolloutChange, RolloutNote
from bookings.restaurant_file import export_restaurant
from bookings.services import roll_back_enforcement
from capacity.models import EnforcementSwitch
from config.env import BASE_DIR
from config.errors import BookingConflict
from tables.models import Restaurant
from tests.helpers.factories import RestaurantFactory

pytestmark = pytest.mark.django_db(transaction=True)

OFF = "Nothing of this acts yet, limits refuse nobody: the enforcement switch is off: Guests turned away.\n"


def run(*arguments: str) -> tuple[str, str]:
    """Return what the command wrote on standard output and on standard error."""
    said, warned = StringIO(), StringIO()
    call_command("rollout", *arguments, stdout=said, stderr=warned)
    return said.getvalue(), warned.getvalue()


def exit_code_of(*arguments: str) -> int:
    # Arguments are refused, and help is printed, before any database is asked.
    command = [sys.executable, "manage.py", "rollout", *arguments]
    return subprocess.run(command, cwd=BASE_DIR, capture_output=True, check=False, timeout=60).returncode


@pytest.fixture
def bistro() -> Restaurant:
    return RestaurantFactory(slug="bistro", name="Bistro", enforcement="shadow", beta_partner=True)


def test_the_status_of_nothing_done_yet(bistro: Restaurant) -> None:
    assert run("status")[0].splitlines() == [
        "Environment: ENABLE_CAPACITY_ENFORCEMENT is true",
        "Switch: on, never turned",
        "Enforced: 0 of 1 restaurant, 0 %; set to: 0",
        "",
        "bistro (beta partner): shadow, set to shadow; the restaurant is set to shadow",
        "  last 7 days: 0 decisions, of which limits would have refused 0; support tickets ever: 0",
    ]


def test_the_status_after_a_rollback_names_who_and_why(bistro: Restaurant, settings: Any) -> None:
    run("set", "bistro", "enforce", "--reason", "Partner agreed", "--by", "ada")
    run("rollback", "--reason", "Guests turned away", "--by", "grace")
    run("note", "bistro", "--tickets", "3", "--text", "No table", "--by", "ada")

    said = run("status")[0]

    assert "by grace: Guests turned away" in said
    assert "bistro (beta partner): shadow, set to enforce; the enforcement switch is off: Guests turned away" in said
    assert "shadow -> enforce at " in said
    assert "by ada: Partner agreed" in said
    assert said.endswith("support tickets ever: 3\n")

    settings.ENABLE_CAPACITY_ENFORCEMENT = False
    assert "ENABLE_CAPACITY_ENFORCEMENT is false\n" in run("status")[0]


def test_the_status_as_json(bistro: Restaurant) -> None:
    run("percent", "50", "--reason", "Stage 2", "--by", "ada")
    run("rollback", "--reason", "Guests turned away", "--by", "grace")

    status = json.loads(run("status", "--json")[0])
    (at,) = status["restaurants"]

    assert (status["environment"], status["switch"]["on"], status["switch"]["changedBy"]) == (True, False, "grace")
    assert status["switch"]["reason"] == "Guests turned away"
    assert (status["enforcing"], status["setToEnforce"], status["total"], status["percent"]) == (0, 1, 1, 0)
    assert (at["slug"], at["betaPartner"], at["mode"], at["enforced"]) == ("bistro", True, "enforce", False)
    assert at["restaurantId"] == str(bistro.public_id)
    assert at["lastChange"] | {"at": ""} == {
        "action": "percent",
        "from": "shadow",
        "to": "enforce",
        "percent": 50,
        "by": "ada",
        "at": "",
        "reason": "Stage 2",
    }


def test_a_restaurant_is_set_once(bistro: Restaurant) -> None:
    first = run("set", "bistro", "enforce", "--reason", "Partner agreed")
    second = run("set", "bistro", "enforce", "--reason", "Partner agreed")

    assert first == ("bistro: shadow -> enforce\n", "")
    assert second == ("bistro is set to enforce already: nothing changed\n", "")
    assert RolloutChange.objects.get().actor_label == shell_user()


def test_what_is_set_while_the_switch_is_off_says_that_it_does_not_act(bistro: Restaurant) -> None:
    roll_back_enforcement(reason="Guests turned away")

    assert run("set", "bistro", "enforce", "--reason", "Partner agreed")[1] == OFF
    assert run("percent", "100", "--reason", "Stage 3")[1] == OFF
    assert run("percent", "100", "--reason", "Stage 3", "--dry-run")[1] == OFF
    assert run("set", "bistro", "shadow", "--reason", "Back")[1] == ""


def test_what_is_resumed_while_the_environment_is_off_says_that_it_does_not_act(settings: Any) -> None:
    settings.ENABLE_CAPACITY_ENFORCEMENT = False
    roll_back_enforcement(reason="Guests turned away")

    said, warned = run("resume", "--reason", "Mended")

    assert said.startswith("Enforcement is on:")
    assert "ENABLE_CAPACITY_ENFORCEMENT is false in the environment" in warned


def test_an_inactive_restaurant_is_set_with_a_warning(bistro: Restaurant) -> None:
    Restaurant.objects.update(active=False)

    assert "bistro is inactive" in run("set", "bistro", "enforce", "--reason", "Partner agreed")[1]


def test_a_dry_run_of_a_percentage_says_who_and_changes_nothing(bistro: Restaurant) -> None:
    RestaurantFactory.create_batch(3, enforcement="shadow")

    said, _ = run("percent", "10", "--dry-run")

    assert said.splitlines() == [
        "10 % of 4 active restaurants are 1",
        "  would join: bistro (beta partner)",
        "  would leave: nobody",
    ]
    assert not RolloutChange.objects.exists()


def test_a_percentage_says_who_changed(bistro: Restaurant) -> None:
    RestaurantFactory(slug="bar", enforcement="enforce")

    assert run("percent", "100", "--reason", "Stage 3")[0].splitlines() == [
        "100 %: 1 restaurant changed",
        "  bistro: shadow -> enforce",
    ]
    assert run("percent", "100", "--reason", "Stage 3")[0] == "100 %: 0 restaurants changed\n"


def test_a_rollback_and_a_resumption_are_each_done_once() -> None:
    assert run("rollback", "--reason", "Guests turned away")[0].startswith("Enforcement is off:")
    assert run("rollback", "--reason", "Again")[0] == "Enforcement is switched off already: nothing changed\n"
    assert EnforcementSwitch.objects.get().reason == "Guests turned away"

    assert run("resume", "--reason", "Mended")[0].startswith("Enforcement is on:")
    assert run("resume", "--reason", "Again")[0] == "Enforcement is switched on already: nothing changed\n"
    assert [each.action for each in RolloutChange.objects.order_by("pk")] == ["rollback", "resume"]


def test_a_note_is_kept(bistro: Restaurant) -> None:
    assert (
        run("note", "bistro", "--tickets", "2", "--text", "No table", "--by", "ada")[0] == "bistro: noted 2 tickets\n"
    )

    assert RolloutNote.objects.values_list("restaurant__slug", "tickets", "text", "actor_label").get() == (
        *("bistro", 2, "No table"),
        "ada",
    )


@pytest.mark.parametrize(
    "arguments", [("set", "nowhere", "enforce", "--reason", "x"), ("note", "nowhere", "--tickets", "1")]
)
def test_an_unknown_restaurant_is_refused_with_those_that_there_are(
    bistro: Restaurant, arguments: tuple[str, ...]
) -> None:
    with pytest.raises(CommandError, match="No restaurant 'nowhere'; there are: bistro") as refused:
        run(*arguments)

    assert refused.value.returncode == 1


def test_a_note_that_says_nothing_is_refused(bistro: Restaurant) -> None:
    with pytest.raises(CommandError, match=r"^A note without tickets needs a text\.$"):
        run("note", "bistro", "--tickets", "0")


def test_a_restaurant_that_is_busy_too_long_leads_to_a_second_run(
    bistro: Restaurant, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(restaurant_id: int) -> None:
        raise BookingConflict

    monkeypatch.setattr("bookings.services.rollout.lock_restaurant_settings", busy)

    with pytest.raises(CommandError, match="run it again"):
        run("percent", "100", "--reason", "Stage 3")


def test_an_import_names_who_changed_the_mode_by_it(bistro: Restaurant, tmp_path: Path) -> None:
    file = tmp_path / "bistro.yaml"
    file.write_text(export_restaurant(slug="bistro").replace("enforcement: shadow", "enforcement: enforce"))

    call_command("import_restaurant", str(file), "--by", "ada", stdout=StringIO())

    assert RolloutChange.objects.values_list("to_value", "actor_label", "reason").get() == (
        *("enforce", "ada"),
        "Import of bistro",
    )


BAD = [
    (),
    ("promote",),
    ("set", "bistro", "off", "--reason", "x"),
    ("set", "bistro", "enforce"),
    ("set", "bistro", "enforce", "--reason", "  "),
    ("set", "bistro", "enforce", "--reason", "x" * 201),
    ("set", "bistro", "enforce", "--reason", "x", "--by", " "),
    ("percent", "10"),
    ("percent", "25", "--reason", "x"),
    ("percent", "ten", "--reason", "x"),
    ("rollback",),
    ("rollback", "--reason", ""),
    ("resume", "--reason", "\t"),
    ("note", "bistro"),
    ("note", "bistro", "--tickets", "-1"),
    ("note", "bistro", "--tickets", "many"),
    ("note", "bistro", "--tickets", "1", "--text", "x" * 501),
]


@pytest.mark.parametrize("arguments", BAD, ids=" ".join)
def test_wrong_arguments_write_nothing(bistro: Restaurant, arguments: tuple[str, ...]) -> None:
    with pytest.raises(CommandError, match=r"^Error: "):
        run(*arguments)

    assert not RolloutChange.objects.exists()
    assert not RolloutNote.objects.exists()


def test_wrong_arguments_end_with_two_and_help_with_zero() -> None:
    assert exit_code_of("rollback", "--reason", " ") == 2
    assert exit_code_of("rollback", "--help") == 0


@pytest.mark.parametrize("error", [KeyError, OSError])
def test_who_has_no_name_on_the_machine_is_named_by_number(
    monkeypatch: pytest.MonkeyPatch, error: type[Exception]
) -> None:
    def unknown() -> Callable[[], str]:
        raise error

    monkeypatch.setattr("bookings.management.arguments.getpass.getuser", unknown)
    monkeypatch.setattr("bookings.management.arguments.os.getuid", lambda: 1001)

    assert shell_user() == "user 1001"
