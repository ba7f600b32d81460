"""The dashboard: Prometheus takes all of its expressions, and its panels stand beside each other."""

from itertools import combinations
from pathlib import Path

import pytest
import yaml

from tests.deploy.programs import run_program
from tests.helpers.deployed_artifacts import dashboard, dashboard_expressions, panels

OF_THE_VARIABLE = {"type": "prometheus", "uid": "${datasource}"}


def check_expressions(expressions: list[str], directory: Path) -> str:
    """Let Prometheus check expressions as if each were recorded."""
    rules = [{"record": f"checked:{number}", "expr": each} for number, each in enumerate(expressions)]
    path = directory / "expressions.yml"
    path.write_text(yaml.safe_dump({"groups": [{"name": "expressions", "rules": rules}]}))
    return run_program("promtool", "check", "rules", path)


@pytest.mark.prometheus
def test_prometheus_takes_every_expression(tmp_path: Path) -> None:
    found = dashboard_expressions()

    assert len(found) > len(panels()) > 20
    assert f"{len(found)} rules found" in check_expressions(found, tmp_path)


@pytest.mark.prometheus
def test_an_expression_that_prometheus_does_not_take_is_found(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="could not parse expression"):
        check_expressions(["sum(rate(booking_outcome_total[5m])"], tmp_path)


def test_every_panel_says_what_it_shows_and_asks_the_chosen_prometheus() -> None:
    (variable,) = dashboard()["templating"]["list"]

    assert (variable["name"], variable["type"], variable["query"]) == ("datasource", "datasource", "prometheus")
    assert [panel["title"] for panel in panels() if not panel["description"]] == []
    asked = [each["datasource"] for panel in panels() for each in (panel, *panel["targets"])]
    assert [each for each in asked if each != OF_THE_VARIABLE] == []


def test_panels_have_an_id_and_a_place_of_their_own() -> None:
    every = dashboard()["panels"]
    places = [panel["gridPos"] for panel in every]

    assert len({panel["id"] for panel in every}) == len(every)
    assert [place for place in places if place["x"] + place["w"] > 24] == []
    assert [pair for pair in combinations(places, 2) if _overlap(*pair)] == []


def _overlap(one: dict[str, int], other: dict[str, int]) -> bool:
    return all(
        one[start] < other[start] + other[length] and other[start] < one[start] + one[length]
        for start, length in (("x", "w"), ("y", "h"))
    )
