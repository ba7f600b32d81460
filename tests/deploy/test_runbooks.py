"""Every alert has a runbook that exists, with something to run."""

import json
import logging
import re
import shlex
import shutil
import subprocess
from itertools import chain
from pathlib import Path

import pytest
from django.db import connection

from config.env import BASE_DIR
from config.logs.lines import line_formatter
from tests.helpers.deployed_artifacts import alerts
from tests.helpers.documents import Document, code_of

every_alert = pytest.mark.parametrize("name", alerts())

OPERATIONS = Document(BASE_DIR / "docs" / "operations.md")


def test_the_table_of_alerts_and_the_rules_agree() -> None:
    rows = [(code_of(row[0])[0], row[1]) for row in OPERATIONS.table("Alerts")]

    assert sorted(rows) == sorted((name, rule["labels"]["priority"]) for name, rule in alerts().items())


@every_alert
def test_an_alert_links_to_a_heading_of_its_own(name: str) -> None:
    path, _, anchor = alerts()[name]["annotations"]["runbook_url"].partition("#")

    assert BASE_DIR / path == OPERATIONS.path
    assert anchor == name.lower()
    assert anchor in OPERATIONS.anchors


@every_alert
def test_a_runbook_has_a_command_to_run(name: str) -> None:
    blocks = re.findall(r"^```sh\n(.+?)^```$", OPERATIONS.section(name), re.MULTILINE | re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if not line.startswith("#")]

    assert [line for line in lines if re.match(r"(time )?(curl|docker compose) ", line)]


def test_no_runbook_is_of_an_alert_that_is_gone() -> None:
    headings = re.findall(r"^### (\w+)$", OPERATIONS.section("Alerts"), re.MULTILINE)

    assert sorted(headings) == sorted(alerts())


def runbooks() -> str:
    return "\n".join(OPERATIONS.section(name) for name in alerts())


def test_the_runbooks_keep_to_the_one_way_in_which_commands_are_run() -> None:
    shown = "\n".join(re.findall(r"^```sh\n(.+?)^```$", runbooks(), re.MULTILINE | re.DOTALL))

    assert re.findall(r"^(?:time )?python .+|^psql .+", shown, re.MULTILINE) == []
    assert set(re.findall(r"docker compose exec (\w+) (\w+)", shown)) == {("web", "python"), ("postgres", "psql")}
    assert len(queries()) == shown.count("psql") > 4


# As docker compose prints the lines of the web server.
PREFIX = "web-1  | "
EVENTS = {
    "ERROR": ("answered 500", "decision not recorded", "shadow decision failed", "policy and database disagree"),
    "INFO": ("request answered",),
}


def test_what_is_looked_for_in_the_log_is_in_it(tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_text("".join(f"{PREFIX}{logged(level, event)}\n" for level in EVENTS for event in EVENTS[level]))
    searches = re.findall(r"^docker compose logs --since \w+ web \| (grep .+)$", runbooks(), re.MULTILINE)
    found = {search: grepped(search, log) for search in searches}

    assert len(found) == 4
    assert set(chain.from_iterable(found.values())) == set(EVENTS["ERROR"])
    assert [search for search in found if not found[search]] == []


def logged(level: str, event: str) -> str:
    number = getattr(logging, level)
    record = logging.getLogger("config.test").makeRecord("config.test", number, "f.py", 1, event, (), None)
    return line_formatter("json").format(record)


def grepped(search: str, log: Path) -> list[str]:
    """Run a search of a runbook; return the events of the lines that it finds."""
    command = [str(shutil.which("grep")), *shlex.split(search)[1:], str(log)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    return [json.loads(line.removeprefix(PREFIX))["event"] for line in ended.stdout.splitlines()]


def queries() -> list[str]:
    return re.findall(r'^docker compose exec postgres psql -U maitre -c "(.+?)"$', runbooks(), re.DOTALL | re.MULTILINE)


@pytest.mark.django_db
@pytest.mark.parametrize("query", queries())
def test_the_database_answers_the_queries_of_the_runbooks(query: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(query)

        assert cursor.description
