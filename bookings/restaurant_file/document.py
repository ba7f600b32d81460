"""The YAML document as its author wrote it: every scalar a string, every value with its line.

The tags stay unresolved: a YAML 1.1 reader takes 17:00 for 1020, `no` for false and 010 for 8.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import yaml

from bookings.restaurant_file.composing import LimitedLoader
from bookings.restaurant_file.problems import Problem, Problems, RestaurantFileInvalid

_EMPTY = frozenset({"", "~", "null"})


@dataclass(frozen=True)
class Value:
    """A value of the document; `line` is that of its key, where there is one."""

    node: yaml.Node
    path: str
    line: int

    @property
    def is_empty(self) -> bool:
        """Say whether a key was left without a value, which is the same as leaving the key out."""
        return isinstance(self.node, yaml.ScalarNode) and self.node.style is None and self.node.value in _EMPTY

    @property
    def text(self) -> str | None:
        """Return a scalar as it was written, None for a list or a mapping."""
        return self.node.value if isinstance(self.node, yaml.ScalarNode) else None

    @property
    def is_mapping(self) -> bool:
        return isinstance(self.node, yaml.MappingNode)

    @property
    def is_list(self) -> bool:
        return isinstance(self.node, yaml.SequenceNode)

    def entries(self) -> Iterator["Value"]:
        """Yield the values of a list."""
        for index, node in enumerate(self.node.value):
            yield Value(node, f"{self.path}[{index}]", _line_of(node))

    def members(self, problems: Problems) -> dict[str, "Value"]:
        """Return the values of a mapping by key; a key given twice or not a word is a problem."""
        members: dict[str, Value] = {}
        for key, node in self.node.value:
            if not isinstance(key, yaml.ScalarNode):
                problems.add(_line_of(key), self.path, "a key must be a plain word")
                continue
            member = Value(node, f"{self.path}.{key.value}".lstrip("."), _line_of(key))
            if key.value in members:
                problems.add(member.line, member.path, f"given twice, first on line {members[key.value].line}")
            members.setdefault(key.value, member)
        return members


def read_document(content: bytes) -> Value:
    """Return the one document of a YAML file in UTF-8, with or without a byte order mark.

    Raises: `RestaurantFileInvalid` where it is no YAML, where it is empty, and where it is too large.
    """
    text = _decode(content)
    try:
        node = yaml.compose(text, Loader=LimitedLoader)
    except yaml.MarkedYAMLError as error:
        raise RestaurantFileInvalid([_syntax_problem(error)]) from error
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        message = f"character U+{int(error.character):04X} is not allowed"
        raise RestaurantFileInvalid([Problem(line, "", message)]) from error
    except RecursionError as error:
        raise RestaurantFileInvalid([Problem(1, "", "nested too deeply")]) from error
    if node is None:
        raise RestaurantFileInvalid([Problem(1, "", "the file is empty")])
    return Value(node, "", _line_of(node))


def _decode(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RestaurantFileInvalid([Problem(line, "", "no valid UTF-8")]) from error


def _syntax_problem(error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    message = " ".join(part for part in (error.context, error.problem) if part)
    return Problem(mark.line + 1 if mark else 1, "", f"no valid YAML: {message}")


def _line_of(node: yaml.Node) -> int:
    return int(node.start_mark.line) + 1
