"""What the code has that a document must name: settings, metrics, commands, addresses, findings, names."""

import ast
import re
from argparse import SUPPRESS, ArgumentParser
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from django.core.management import get_commands, load_command_class
from django.urls import URLPattern, URLResolver, get_resolver, resolve

from bookings.insight.audit.lines import MEANINGS
from config.env import BASE_DIR
from config.middleware import PROBES

T = TypeVar("T")

APPS = ("config", "tables", "capacity", "bookings", "demo")
METRIC_CLASSES = {"Counter", "Histogram", "Gauge", "Summary", "GaugeMetricFamily", "CounterMetricFamily"}
# Of Django's base command.
OPTIONS_OF_EVERY_COMMAND = {
    *("--help", "--version", "--verbosity", "--settings", "--pythonpath", "--traceback"),
    *("--no-color", "--force-color", "--skip-checks"),
}


@cache
def sources() -> dict[Path, str]:
    """Return the text of everything that runs, by path."""
    paths = [
        *(path for app in APPS for suffix in ("py", "sql") for path in (BASE_DIR / app).rglob(f"*.{suffix}")),
        *(BASE_DIR / name for name in ("Makefile", "Dockerfile", "compose.yaml", "pyproject.toml", ".env.example")),
        *(BASE_DIR / "demo").glob("*.yaml"),
    ]
    return {path: path.read_text(encoding="utf-8") for path in paths}


@cache
def words() -> frozenset[str]:
    """Return every name that occurs in what runs, names of files included."""
    texts = [*sources().values(), *(path.stem for path in sources())]
    found = {word for text in texts for word in re.findall(r"\w+", text)}
    # A migration begins with its number.
    return frozenset(found | {re.sub(r"^\d+_", "", word) for word in found})


def calls() -> Iterator[ast.Call]:
    for path, text in sources().items():
        if path.suffix == ".py":
            yield from (node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Call))


def first_text(call: ast.Call) -> str | None:
    value = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
    return value if isinstance(value, str) else None


@cache
def settings_read() -> frozenset[str]:
    """Return the environment variables that are read through `config.env`."""
    return frozenset(
        name
        for call in calls()
        if isinstance(call.func, ast.Attribute) and isinstance(call.func.value, ast.Name)
        if call.func.value.id == "env" and (name := first_text(call)) is not None and name.isupper()
    )


def metrics_made() -> set[str]:
    """Return the names under which metrics are exported."""
    return set(labels_of_metrics())


@cache
def labels_of_metrics() -> dict[str, frozenset[str]]:
    """Return the names of the labels of every metric."""
    made = {
        name: frozenset(_label_names(call))
        for call in calls()
        if isinstance(call.func, ast.Name) and call.func.id in METRIC_CLASSES and (name := first_text(call))
    }
    # `collections` has a Counter too.
    return {name: labels for name, labels in made.items() if re.fullmatch(r"[a-z]+(_[a-z]+)+", name)}


def _label_names(call: ast.Call) -> Iterator[str]:
    """Yield the texts of the list of labels: the only list that is given, but for buckets, which are numbers."""
    for value in (*call.args, *(keyword.value for keyword in call.keywords)):
        if isinstance(value, ast.List | ast.Tuple):
            yield from (
                each.value for each in value.elts if isinstance(each, ast.Constant) and isinstance(each.value, str)
            )


@cache
def finding_kinds() -> frozenset[str]:
    """Return the kinds of what the auditor finds."""
    texts = (
        node.value
        for path, text in sources().items()
        if path.is_relative_to(BASE_DIR / "bookings" / "insight" / "audit") and path.suffix == ".py"
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    )
    return frozenset(MEANINGS) | {text for text in texts if re.fullmatch(r"[A-Z]+(_[A-Z]+)+", text)}


def own_commands() -> dict[str, str]:
    return {name: app for name, app in get_commands().items() if app in APPS}


def options_of(name: str) -> set[str]:
    parser = load_command_class(own_commands()[name], name).create_parser("manage.py", name)
    return set(_options_in(parser)) - OPTIONS_OF_EVERY_COMMAND


def _options_in(parser: ArgumentParser) -> Iterator[str]:
    """Yield the long options of a parser, and of its subcommands."""
    for action in parser._actions:
        if action.help != SUPPRESS:
            yield from (option for option in action.option_strings if option.startswith("--"))
        for subparser in action.choices.values() if isinstance(action.choices, dict) else ():
            yield from _options_in(subparser)


def all_subclasses(base: type[T]) -> Iterator[type[T]]:
    for subclass in base.__subclasses__():
        yield subclass
        yield from all_subclasses(subclass)


def endpoints() -> set[str]:
    """Return the addresses that are answered, without those inside the admin."""
    return set(PROBES) | {path for path in _paths("/", get_resolver().url_patterns) if not path.startswith("/admin/")}


def _paths(prefix: str, patterns: list[Any]) -> Iterator[str]:
    for pattern in patterns:
        path = prefix + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", str(pattern.pattern)).removeprefix("^").removesuffix("$")
        if isinstance(pattern, URLResolver) and path != "/admin/":
            yield from _paths(path, pattern.url_patterns)
        elif isinstance(pattern, URLPattern):
            yield path


def methods_of(path: str) -> set[str]:
    view: Any = resolve(re.sub(r"{\w+}", "x", path)).func
    view_class = getattr(view, "view_class", view)
    return {name.upper() for name in ("get", "post") if hasattr(view_class, name)}


def doctor_checks() -> set[str]:
    """Return the names under which `manage.py doctor` says what it found."""
    texts = [text for path, text in sources().items() if path.parent.name == "doctor"]
    return {name for text in texts for name in re.findall(r"\b(?:ok|warning|problem|make)\(\s*\"([\w-]+)\"", text)}
