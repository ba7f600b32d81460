"""`manage.py doctor`: what it prints, how it ends, and that it ends whatever is broken."""

import json
import os
import secrets
import subprocess
import sys
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.db.backends.base import base
from pytest_django import Settings

from bookings.insight.audit.keeping import audit_capacity
from bookings.management.doctor import examination, examine
from bookings.management.doctor.findings import Deployment
from config.env import BASE_DIR
from tests.bookings.management.test_doctor_engine import materialize_days
from tests.helpers.doctor_findings import OK, PROBLEM
from tests.helpers.factories import CapacityRuleFactory, open_restaurant

SECRETS = {"SECRET_KEY": secrets.token_urlsafe(48), "MANAGE_TOKEN_KEY": secrets.token_urlsafe(48)}


def command(*arguments: str) -> tuple[int, str]:
    out = StringIO()
    try:
        call_command("doctor", *arguments, stdout=out, no_color=True)
    except SystemExit as end:
        return int(str(end.code)), out.getvalue()
    return 0, out.getvalue()


@pytest.fixture
def healthy(settings: Settings, empty_queue: None) -> None:
    for name, key in SECRETS.items():
        setattr(settings, name, key)
    settings.ALLOWED_HOSTS = ["book.example"]
    restaurant = open_restaurant(slug="bistro")
    CapacityRuleFactory(restaurant=restaurant, max_covers=40)
    materialize_days(restaurant, 30)
    audit_capacity()


@pytest.mark.usefixtures("healthy")
def test_without_a_problem_it_ends_with_0_and_says_what_it_saw() -> None:
    code, out = command()

    assert code == 0
    assert "ok      auditor            looked " in out
    assert "warning https              plain http is answered" in out
    assert f"\n{'':26} -> Set HTTPS_ONLY=true.\n" in out
    assert out.splitlines()[-1].startswith("0 problem, ")
    assert [secret for secret in SECRETS.values() if secret in out] == []


@pytest.mark.usefixtures("healthy")
def test_with_a_problem_it_ends_with_1(settings: Settings) -> None:
    settings.DEBUG = True

    code, out = command()

    assert code == 1
    assert "problem debug              DEBUG is on" in out
    assert out.splitlines()[-1].startswith("1 problem, ")


@pytest.mark.usefixtures("healthy")
def test_the_same_as_json(settings: Settings) -> None:
    settings.DEBUG = True

    code, out = command("--json", "--workers", "3")

    said = json.loads(out)
    assert code == 1
    assert said["hasProblems"] is True
    assert said["counts"]["problem"] == 1
    assert sum(said["counts"].values()) == len(said["findings"])
    assert {"check": "debug", "level": "problem", "advice": "Set DEBUG=false."}.items() <= said["findings"][2].items()
    assert "each of 3 workers" in next(each["saw"] for each in said["findings"] if each["check"] == "redis")


@pytest.mark.usefixtures("healthy")
def test_everything_that_is_not_well_says_what_to_do() -> None:
    findings = examine(Deployment(workers=1000, threads=1000, days=400)).findings

    assert [finding for finding in findings if (finding.level is OK) == bool(finding.advice)] == []
    assert {finding.check for finding in findings if finding.level is PROBLEM} == {"connections"}


@pytest.mark.django_db
def test_pending_migrations_are_one_finding_and_not_one_for_each_table() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'bookings' AND name <> '0001_btree_gist'")

    problems = [each.check for each in examine(Deployment()).findings if each.level is PROBLEM]

    assert problems == ["secret-key", "migrations"]


@pytest.mark.django_db(transaction=True)
def test_a_check_that_the_database_refuses_is_a_finding_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def check_nothing(deployment: Deployment) -> Any:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 FROM not_there")
        yield from ()

    monkeypatch.setattr(examination, "WITH_TABLES", (check_nothing, *examination.WITH_TABLES[:2]))

    *_, refused, constraints, zones = examine(Deployment()).findings

    assert (refused.check, refused.level) == ("nothing", PROBLEM)
    assert 'could not be looked at: [42P01] relation "not_there" does not exist' in refused.saw
    assert [constraints.level, zones.level] == [OK, OK]


@pytest.mark.django_db(transaction=True)
def test_a_check_that_fails_in_any_other_way_is_a_finding_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    def check_stars(deployment: Deployment) -> Any:
        yield from [{}["Sirius"]]

    monkeypatch.setattr(examination, "WITH_TABLES", (check_stars, *examination.WITH_TABLES[:1]))

    *_, broken, constraints = examine(Deployment()).findings

    assert (broken.check, broken.level, constraints.level) == ("stars", PROBLEM, OK)
    assert broken.saw == "it could not be looked at: KeyError: [value]"


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("where", "name", "value", "said"),
    [
        ("features", "minimum_database_version", (1000,), "PostgreSQL 1000 or later is required"),
        ("settings_dict", "NAME", "", "DATABASES is improperly configured"),
    ],
)
def test_a_database_that_django_refuses_is_one_finding(
    monkeypatch: pytest.MonkeyPatch, where: str, name: str, value: Any, said: str
) -> None:
    connection.close()
    # Django asks for the version once a process.
    monkeypatch.setattr(base, "RAN_DB_VERSION_CHECK", set())
    if where == "features":
        monkeypatch.setattr(connection.features, name, value)
    else:
        monkeypatch.setitem(connection.settings_dict, name, value)

    last = examine(Deployment()).findings[-1]
    connection.close()

    assert (last.check, last.level) == ("database", PROBLEM)
    assert said in last.saw


def test_a_database_that_is_away_is_one_finding() -> None:
    environment = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": "postgresql://maitre:hidden-word@127.0.0.1:1/maitre",
        **SECRETS,
    }
    result = subprocess.run(
        [sys.executable, "manage.py", "doctor", "--json"],
        cwd=BASE_DIR,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )

    findings = json.loads(result.stdout)["findings"]
    assert result.returncode == 1
    assert findings[-1]["check"] == "database"
    assert "Connection refused" in findings[-1]["saw"]
    assert [each["check"] for each in findings if each["level"] == "problem"] == ["database"]
    assert "Traceback" not in result.stderr
    assert "hidden-word" not in result.stdout + result.stderr
