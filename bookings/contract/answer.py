"""A part of an answer: a struct that renders it, and that the schema is read from."""

from collections.abc import Callable
from typing import Any, Self

import msgspec

from capacity.calendar import iso_utc


class Instant(str):
    """An instant in ISO 8601 UTC."""


class WallTime(str):
    """A time on the restaurant's clock as HH:MM."""


class Address(str):
    """An address on the web."""


_WRITTEN_BY: dict[type, Callable[[Any], str]] = {Instant: iso_utc, WallTime: "{:%H:%M}".format}


class Answer(msgspec.Struct, rename="camel"):
    """A shape: its fields stand in the order of the answer, its docstring describes it in the schema."""

    @classmethod
    def of(cls, source: object, **given: object) -> Self:
        """Take each field as it is given, or else from the attribute of its name."""
        names = zip(cls.__struct_encode_fields__, cls.__struct_fields__, strict=True)
        values = {written: given[name] if name in given else getattr(source, name) for written, name in names}
        return msgspec.convert(values, cls, from_attributes=True, dec_hook=_write)


def _write(kind: type, value: Any) -> Any:
    return kind(_WRITTEN_BY.get(kind, str)(value))


def render(answer: Any) -> Any:
    """Return an answer ready for JSON."""
    # A text of a kind of its own, such as an instant or a status, becomes plain text.
    return msgspec.to_builtins(answer, enc_hook=str)
