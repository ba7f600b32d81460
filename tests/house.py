"""Count the house for one accepted guest booking, and the arrows that run upward in it: `make house`.

A guest books a table of demo/bistro.yaml over the API, on a throw-away PostgreSQL. Another booking went before, so that
imports and caches do not count. Of the thread that answers, the interpreter's profile events say:

- files: those of config, tables, capacity and bookings in which a function ran;
- frames: calls on the stack that stand in such files, from the view's `post` to the lock of the service days and to
  `decide`, both ends included; of several calls the deepest counts;
- value types: classes of these rooms whose generated constructor ran (dataclass, NamedTuple), and the msgspec structs
  that a function returned, with those inside, since their constructor raises no event; not enums, not models. The
  dataclasses and NamedTuples of bookings, which its use cases pass on, are counted apart.

Statements are what Django's cursors sent, so BEGIN and COMMIT are not among them. Lines are those that are not blank,
without migrations. An arrow runs upward if a room imports one that stands above it, or beside it where the layers of
pyproject.toml separate the two; imports over other modules count as well.

`--names` lists files, types and arrows.
"""

import inspect
import os
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, is_dataclass
from datetime import timedelta
from io import StringIO
from pathlib import Path
from types import CodeType, FrameType
from typing import Any

import django
import grimp
import msgspec

ROOT = Path(__file__).parent.parent
ROOMS = ("config", "tables", "capacity", "bookings")
RESTAURANT = "demo-bistro"
# Of the code that dataclasses and namedtuples write for themselves.
GENERATED = "<string>"


@dataclass
class Passage:
    """What ran while a request was answered: its files and value types, and how deep its landmarks stood."""

    view: CodeType
    landmarks: dict[CodeType, str]
    files: set[str] = field(default_factory=set)
    types: set[type] = field(default_factory=set)
    frames: dict[str, int] = field(default_factory=dict)
    statements: int = 0

    def note(self, frame: FrameType, event: str, value: Any) -> None:
        """Take one profile event of the interpreter."""
        code = frame.f_code
        if event == "call" and code.co_filename == GENERATED:
            self.types |= _type_made(frame)
        elif event == "call" and _is_own(code):
            self.files.add(code.co_filename)
            if code in self.landmarks:
                name = self.landmarks[code]
                self.frames[name] = max(self.frames.get(name, 0), self._frames_from_the_view(frame))
        elif event == "return" and _is_own(code):
            self.types.update(map(type, _structs_in(value)))

    @property
    def types_passed_on(self) -> set[type]:
        """The value types of bookings, without structs: what is stored or answered has those."""
        return {made for made in self.types if _room_of(made) == "bookings" and not issubclass(made, msgspec.Struct)}

    def count_statement(self, execute: Any, *arguments: Any) -> Any:
        self.statements += 1
        return execute(*arguments)

    def _frames_from_the_view(self, landmark: FrameType) -> int:
        codes = [frame.f_code for frame in _stack_of(landmark)]
        return sum(map(_is_own, codes[: codes.index(self.view) + 1]))


def _stack_of(frame: FrameType | None) -> Iterator[FrameType]:
    while frame is not None:
        yield frame
        frame = frame.f_back


def _is_own(code: CodeType) -> bool:
    return code.co_filename.startswith(tuple(f"{ROOT / room}{os.sep}" for room in ROOMS))


def _type_made(constructor: FrameType) -> set[type]:
    """Return the value type that a generated constructor makes; nothing for other generated code."""
    known = constructor.f_locals
    made = known.get("_cls") or type(known.get("self"))
    is_constructor = "_cls" in known or constructor.f_code.co_name == "__init__"
    is_value = is_dataclass(made) or issubclass(made, tuple)
    return {made} if is_constructor and is_value and _room_of(made) in ROOMS else set()


def _room_of(value_type: type) -> str:
    return value_type.__module__.partition(".")[0]


def _structs_in(value: Any) -> Iterator[msgspec.Struct]:
    if isinstance(value, msgspec.Struct):
        yield value
        for name in value.__struct_fields__:
            yield from _structs_in(getattr(value, name))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _structs_in(each)


def main() -> None:
    """Count and print; see above."""
    os.environ |= {"DJANGO_SETTINGS_MODULE": "tests.settings", "LOG_LEVEL": "ERROR"}
    django.setup()
    with _bistro():
        passage = _book_once()
    lines = [
        ("own files", len(passage.files)),
        *((f"own frames from the view to {name}", count) for name, count in sorted(passage.frames.items())),
        ("value types of bookings", len(passage.types_passed_on)),
        ("value types of all rooms, structs included", len(passage.types)),
        ("statements", passage.statements),
        ("lines of product code", sum(map(_lines_of, ROOMS))),
        ("lines of the workshop", _lines_of("demo")),
        ("arrows that run upward", len(upward_arrows())),
    ]
    sys.stdout.writelines(f"{name:45}{count:7,}\n" for name, count in lines)
    if "--names" in sys.argv:
        names = [*(os.path.relpath(file, ROOT) for file in passage.files), *map(_name_of, passage.types)]
        sys.stdout.writelines(f"  {name}\n" for name in [*sorted(names), *upward_arrows()])


def _name_of(value_type: type) -> str:
    return f"{value_type.__module__}.{value_type.__qualname__}"


@contextmanager
def _bistro() -> Iterator[None]:
    """Have a database with the bistro and its service days."""
    from django.core.management import call_command
    from django.test.utils import setup_databases, setup_test_environment, teardown_databases

    setup_test_environment()
    made = setup_databases(verbosity=0, interactive=False)
    try:
        call_command("import_restaurant", ROOT / "demo" / "bistro.yaml", stdout=StringIO())
        call_command("materialize_slots", restaurant=RESTAURANT, days=14, stdout=StringIO())
        yield
    finally:
        teardown_databases(made, verbosity=0)


def _book_once() -> Passage:
    from django.db import connection
    from django.test import Client

    from bookings.api.guest import BookingsView
    from capacity.locks import lock_service_days
    from capacity.policy import decide

    passage = Passage(
        inspect.unwrap(BookingsView.post).__code__,
        {lock_service_days.__code__: "the lock", decide.__code__: "decide()"},
    )
    # One server: what it makes of its settings when it starts is not made for a booking.
    client = Client()
    _book(client, "warm-up")
    with connection.execute_wrapper(passage.count_statement):
        sys.setprofile(passage.note)
        try:
            _book(client, "counted")
        finally:
            sys.setprofile(None)
    return passage


def _book(client: Any, key: str) -> None:
    from django.utils.timezone import localdate

    body = {
        "restaurantId": RESTAURANT,
        "date": str(localdate() + timedelta(days=7)),
        "time": "19:00",
        "partySize": 2,
        "name": "Ada Lovelace",
        "email": "ada@example.com",
        "phone": "+44 20 7946 0018",
    }
    answer = client.post("/api/bookings", body, content_type="application/json", headers={"Idempotency-Key": key})
    assert answer.status_code == 201, answer.content


def _lines_of(room: str) -> int:
    files = (path for path in (ROOT / room).rglob("*.py") if "migrations" not in path.parts)
    return sum(bool(line.strip()) for path in files for line in path.read_text().splitlines())


def upward_arrows() -> list[str]:
    """List the imports between rooms that the layers of pyproject.toml do not allow."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    graph = grimp.build_graph(*contracts["root_packages"], cache_dir=None)
    return sorted(
        f"{arrow.importer} -> {arrow.imported}"
        for contract in contracts["contracts"]
        if contract["type"] == "layers"
        for arrow in graph.find_illegal_dependencies_for_layers(
            layers=[_layer(line) for line in contract["layers"]], containers=set(contract.get("containers", ()))
        )
    )


def _layer(line: str) -> grimp.Layer:
    """Return the rooms of one floor: `a | b` may not import each other, `a : b` may."""
    rooms = line.replace("|", " ").replace(":", " ").split()
    return grimp.Layer(*rooms, independent=":" not in line)


if __name__ == "__main__":
    main()
