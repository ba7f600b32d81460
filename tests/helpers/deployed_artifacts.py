"""The rules, their tests, the dashboard: read, and their expressions taken apart."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import promql_parser
import yaml

from config.env import BASE_DIR
from tests.deploy.programs import PROMETHEUS

RULES = PROMETHEUS / "maitre.rules.yml"
RULE_TESTS = (PROMETHEUS / "maitre.rules.test.yml", PROMETHEUS / "maitre.budget.test.yml")
DASHBOARD = BASE_DIR / "deploy" / "grafana" / "maitre.json"
# Grafana puts a duration in their place.
RANGES = re.compile(r"\$__(rate_interval|interval|range)\b")


@cache
def groups() -> tuple[dict[str, Any], ...]:
    """Return the groups of rules: those of one are evaluated one after the other, each group for itself."""
    return tuple(yaml.safe_load(RULES.read_text())["groups"])


def rules() -> tuple[dict[str, Any], ...]:
    """Return every recording rule and alert."""
    return tuple(rule for group in groups() for rule in group["rules"])


def alerts() -> dict[str, dict[str, Any]]:
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def recorded() -> dict[str, dict[str, Any]]:
    return {rule["record"]: rule for rule in rules() if "record" in rule}


@cache
def dashboard() -> dict[str, Any]:
    read: dict[str, Any] = json.loads(DASHBOARD.read_text())
    return read


def panels() -> list[dict[str, Any]]:
    return [panel for panel in dashboard()["panels"] if panel["type"] != "row"]


def dashboard_expressions() -> list[str]:
    """Return every expression anywhere in the dashboard, with a duration where Grafana puts one."""
    return [RANGES.sub("5m", expression) for expression in _values_of("expr", dashboard())]


def _values_of(key: str, node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if key in node:
            yield node[key]
        node = list(node.values())
    if isinstance(node, list):
        for child in node:
            yield from _values_of(key, child)


def expressions() -> list[str]:
    return [*(rule["expr"] for rule in rules()), *dashboard_expressions()]


@dataclass(frozen=True)
class Asked:
    """A series that an expression asks for, and the labels by which it is chosen, summed or matched."""

    name: str
    labels: frozenset[str]


@dataclass
class _Visitor:
    grouped_by: list[list[str]] = field(default_factory=list)
    asked: list[Asked] = field(default_factory=list)

    def enter(self, node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.AggregateExpr):
            self.grouped_by.append(node.modifier.labels if node.modifier else [])
        elif isinstance(node, promql_parser.VectorSelector):
            chosen = (matcher.name for matcher in node.matchers.matchers)
            grouped = (label for labels in self.grouped_by for label in labels)
            self.asked.append(Asked(node.name or "", frozenset({*chosen, *grouped})))

    def leave(self, node: promql_parser.Expr) -> None:
        if isinstance(node, promql_parser.AggregateExpr):
            self.grouped_by.pop()


def asked_by(expression: str) -> list[Asked]:
    """Return every series that an expression asks for."""
    visitor = _Visitor()
    promql_parser.walk(promql_parser.parse(expression), visitor.enter, visitor.leave)
    return visitor.asked
