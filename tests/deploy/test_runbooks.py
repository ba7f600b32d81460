"""Every alert has a runbook that exists, with something to run."""

import re

import pytest
from django.db import connection

from config.env import BASE_DIR
from tests.config.documents import Document, code_of
from tests.deploy.artifacts import alerts

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

    assert [line for line in lines if re.match(r"(time )?(python manage\.py|curl|psql|docker compose) ", line)]


def test_no_runbook_is_of_an_alert_that_is_gone() -> None:
    headings = re.findall(r"^### (\w+)$", OPERATIONS.section("Alerts"), re.MULTILINE)

    assert sorted(headings) == sorted(alerts())


def queries() -> list[str]:
    return re.findall(r'psql "\$DATABASE_URL" -c "(.+?)"', OPERATIONS.section("Alerts"), re.DOTALL)


@pytest.mark.django_db
@pytest.mark.parametrize("query", queries())
def test_the_database_answers_the_queries_of_the_runbooks(query: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(query)

        assert cursor.description
