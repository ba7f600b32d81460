"""The documents name what the code has, all of it, and nothing that it has not."""

import json
import re
from importlib import import_module

import pytest
from django.core.management import get_commands
from django.urls import Resolver404, resolve

from bookings.api.serializers import BookingInput
from bookings.contract.guests import BookingAnswer, CapacityAnswer, CreatedBookingAnswer
from bookings.insight.explain.answer import ExplanationAnswer, FirstFitAnswer, PartyMoveAnswer, PlanAnswer
from capacity.policy import ReasonCode
from config.api import STATUS_OF_CODE
from config.env import BASE_DIR
from config.errors import DomainError
from config.middleware import PROBES
from tests.helpers.documents import Document, code_of, list_documents
from tests.helpers.inventory import (
    APPS,
    all_subclasses,
    doctor_checks,
    endpoints,
    finding_kinds,
    methods_of,
    metrics_made,
    options_of,
    own_commands,
    settings_read,
    words,
)

README = Document(BASE_DIR / "README.md")
CONFIGURATION = Document(BASE_DIR / "docs" / "configuration.md")
OPERATIONS = Document(BASE_DIR / "docs" / "operations.md")
TOUR = Document(BASE_DIR / "docs" / "tour.md")
DOCUMENTS = list_documents()
every_document = pytest.mark.parametrize("document", DOCUMENTS, ids=str)

# Of PostgreSQL, Django, compose, OpenSSL and Prometheus, not of the project.
NAMED_ELSEWHERE = {
    *("pg_dump", "pg_stat_archiver", "recovery_target_time", "log_error_verbosity", "db_default"),
    *("synchronous_standby_names", "synchronous_commit", "synchronous_mode_strict", "target_session_attrs"),
    *("COMPOSE_FILE", "SSL_CERT_FILE", "CERTIFICATE_VERIFY_FAILED", "runbook_url"),
}
DIAGRAMS = {"gantt", "sequenceDiagram", "erDiagram", "flowchart", "stateDiagram-v2", "classDiagram"}
OPENERS = {"alt", "loop", "opt", "par", "rect", "critical", "break", "box"}


# All of it is documented


def test_every_setting_is_listed_and_no_other() -> None:
    listed = [name for row in CONFIGURATION.table("Configuration") for name in code_of(row[0])]

    assert set(listed) == settings_read()
    assert len(listed) == len(set(listed))


def test_every_error_code_is_documented_with_its_status() -> None:
    documented = {code_of(row[1])[0]: int(row[0]) for row in OPERATIONS.table("Error codes")}

    assert documented == dict(STATUS_OF_CODE)
    assert {error.code for error in all_subclasses(DomainError)} <= set(documented)
    assert set(code_of(OPERATIONS.section("Error codes"))) >= {str(code) for code in ReasonCode}


def test_every_metric_is_documented_and_no_other() -> None:
    documented = {code_of(row[0])[0] for row in OPERATIONS.table("Metrics")}

    assert documented == metrics_made()


def test_every_command_is_documented_with_its_options() -> None:
    documented = {row[0].strip("`").split()[0]: row[0] for row in OPERATIONS.table("Commands")}

    assert set(documented) == set(own_commands())
    assert {name: set(re.findall(r"--[\w-]+", said)) for name, said in documented.items()} == {
        name: options_of(name) for name in own_commands()
    }


def test_every_endpoint_is_documented_with_its_method_and_no_other() -> None:
    calls_listed = [call.split() for row in OPERATIONS.table("Endpoints") for call in code_of(row[0]) if " " in call]

    assert {path for _, path in calls_listed} == endpoints()
    assert [path for method, path in calls_listed if path not in PROBES and method not in methods_of(path)] == []


def test_every_check_of_the_doctor_is_documented_and_no_other() -> None:
    documented = [name for row in OPERATIONS.table("Doctor") for name in code_of(row[0])]

    assert set(documented) == doctor_checks()
    assert len(documented) == len(set(documented))


def test_every_kind_of_finding_has_an_answer() -> None:
    documented = {kind for row in OPERATIONS.table("When the auditor finds something") for kind in code_of(row[0])}

    assert documented == finding_kinds()


def test_the_first_booking_is_one_that_the_api_takes_and_answers() -> None:
    body = json.loads(re.search(r"-d '({.*?})'", README.section("A first booking"), re.DOTALL)[1])  # type: ignore[index]
    answer = json.loads(README.blocks("json")[0])

    assert BookingInput(data=body).is_valid()
    assert set(answer) == set(CreatedBookingAnswer.__struct_encode_fields__)
    assert set(answer["booking"]) == set(BookingAnswer.__struct_encode_fields__)
    assert set(answer["capacity"]) == set(CapacityAnswer.__struct_encode_fields__)


def test_the_room_for_six_is_explained_as_the_api_explains_it() -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", TOUR.section("Room for six"), re.DOTALL)
    explained = json.loads(shown)

    assert set(explained) < set(ExplanationAnswer.__struct_encode_fields__)
    assert set(explained["plan"]) == set(PlanAnswer.__struct_encode_fields__)
    assert [set(move) for move in explained["plan"]["moves"]] == [set(PartyMoveAnswer.__struct_encode_fields__)] * 2
    assert set(explained["firstFit"]) == set(FirstFitAnswer.__struct_encode_fields__)


def test_every_requirement_is_accounted_for() -> None:
    required = [
        re.split(r"[\[~=<>]", line)[0]
        for name in ("requirements.in", "requirements-dev.in")
        for line in (BASE_DIR / name).read_text().splitlines()
        if line and not line.startswith(("#", "-"))
    ]
    dependencies = (BASE_DIR / "docs" / "dependencies.md").read_text().lower()

    assert [name for name in required if name.lower() not in dependencies] == []


# Nothing else is named


@every_document
def test_links_lead_somewhere(document: Document) -> None:
    broken = []
    for link in document.links:
        target, _, anchor = link.partition("#")
        path = (document.path.parent / target).resolve() if target else document.path
        is_outside = "://" in link
        if not is_outside and (not path.exists() or (anchor and anchor not in Document(path).anchors)):
            broken.append(link)

    assert broken == []


@every_document
def test_no_table_has_two_rows_for_one_thing(document: Document) -> None:
    for rows in document.tables:
        # A command is known by its name, whatever its options.
        things = [re.split(r" [\[-]", code_of(row[0])[0])[0] for row in rows if row[0].startswith("`")]
        assert [thing for thing in set(things) if things.count(thing) > 1] == []


@every_document
def test_headings_stand_apart_and_no_paragraph_is_there_twice(document: Document) -> None:
    paragraphs = [text for text in re.split(r"\n{2,}|\n(?=- )", document.prose) if len(text.split()) > 8]
    beginnings = [" ".join(text.split()[:9]) for text in paragraphs if not text.startswith("|")]

    assert re.findall(r"^.+\n#+ .+$", document.prose, re.MULTILINE) == []
    assert [text for text in set(beginnings) if beginnings.count(text) > 1] == []


@every_document
def test_paths_and_tests_that_are_named_exist(document: Document) -> None:
    paths = [code for code in document.inline_code if re.fullmatch(r"[\w.-]+(/[\w.-]+)+/?(::\w+)?", code)]
    roots = {path.name for path in BASE_DIR.iterdir() if path.is_dir()}
    named = [code.partition("::") for code in paths if code.split("/")[0] in roots and not code.startswith(".")]

    assert [path for path, _, _ in named if not (BASE_DIR / path).exists()] == []
    assert [f"{path}::{test}" for path, _, test in named if test and not _has_test(path, test)] == []


def _has_test(path: str, name: str) -> bool:
    return re.search(rf"^def {name}\(", (BASE_DIR / path).read_text(), re.MULTILINE) is not None


@every_document
def test_names_that_are_named_exist(document: Document) -> None:
    plain = {code.partition("=")[0] for code in document.inline_code}
    names = {code.rstrip("()") for code in plain if re.fullmatch(r"[A-Za-z]\w*_\w*[a-zA-Z0-9](\(\))?", code)}
    dotted = {code for code in plain if re.fullmatch(rf"({'|'.join(APPS)})(\.\w+)+", code)}

    assert names - words() - NAMED_ELSEWHERE == set()
    assert [name for name in dotted if not _is_importable(name)] == []


def _is_importable(name: str) -> bool:
    module, _, attribute = name.rpartition(".")
    try:
        return hasattr(import_module(module), attribute) or bool(import_module(name))
    except ImportError:
        return False


@every_document
def test_settings_that_are_set_exist(document: Document) -> None:
    shown = "\n".join([*document.inline_code, *document.blocks("sh")])
    set_there = set(re.findall(r"\b([A-Z][A-Z0-9_]+)=", shown))
    known = settings_read() | set(re.findall(r"\b([A-Z][A-Z0-9_]+)\b", (BASE_DIR / "compose.yaml").read_text()))
    known |= set(re.findall(r"\$\(([A-Z]+)\)", (BASE_DIR / "Makefile").read_text()))

    assert set_there - known - NAMED_ELSEWHERE == set()


@every_document
def test_commands_and_targets_that_are_named_exist(document: Document) -> None:
    shown = "\n".join([*document.inline_code, *document.blocks("sh", "")])
    targets = set(re.findall(r"^([a-z-]+):", (BASE_DIR / "Makefile").read_text(), re.MULTILINE))

    assert set(re.findall(r"manage\.py ([a-z_]+)", shown)) - set(get_commands()) - {"help"} == set()
    assert set(re.findall(r"\bmake ([a-z-]+)", shown)) - targets == set()


@every_document
def test_addresses_that_are_named_are_answered(document: Document) -> None:
    shown = "\n".join([*document.inline_code, *document.blocks("sh", "mermaid")])
    named = set(re.findall(r"(?<![\w.])(?:https?://[\w.:-]+)?(/(?:api|healthz|readyz|metrics)[\w/{}-]*)", shown))

    assert [path for path in named if not _is_answered(path.rstrip("/"))] == []


def _is_answered(path: str) -> bool:
    if path in PROBES or any(known.startswith(f"{path}/") for known in endpoints()):
        return True
    try:
        resolve(re.sub(r"{\w+}", "x", path))
    except Resolver404:
        return False
    return True


@every_document
def test_diagrams_are_of_a_known_kind_and_close_what_they_open(document: Document) -> None:
    for diagram in document.blocks("mermaid"):
        lines = [line.split() for line in diagram.splitlines() if line.strip()]
        assert lines[0][0] in DIAGRAMS
        if lines[0][0] == "sequenceDiagram":
            declared = {line[1] for line in lines if line[0] in ("participant", "actor")}
            spoken = {name for arrow in re.findall(r"^\s*(\w+)-{1,2}>>(\w+):", diagram, re.MULTILINE) for name in arrow}
            assert spoken <= declared
            assert sum(line[0] in OPENERS for line in lines) == sum(line == ["end"] for line in lines)
        else:
            assert diagram.count("{\n") == len(re.findall(r"^\s*}$", diagram, re.MULTILINE))


def test_the_readme_is_short() -> None:
    assert len(README.text) < 9_000


def test_changes_are_noted() -> None:
    assert "Unreleased" in {title.strip("[]") for title in re.findall(r"^## (.+)$", DOCUMENTS[1].text, re.MULTILINE)}
