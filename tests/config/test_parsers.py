"""JSON bodies are read strictly."""

from io import BytesIO
from types import SimpleNamespace
from typing import Any

import pytest

from config.api import PayloadTooLarge
from config.errors import InputInvalid
from config.parsers import MAX_BODY_BYTES, StrictJSONParser, parse_json


def parse(body: bytes, declared: int | None = None) -> Any:
    request = SimpleNamespace(META={"CONTENT_LENGTH": str(len(body) if declared is None else declared)})
    return StrictJSONParser().parse(BytesIO(body), "application/json", {"request": request})


@pytest.mark.parametrize(
    ("body", "value"),
    [
        (b'{"a": 1, "b": [true, null, "\\u00e9"]}', {"a": 1, "b": [True, None, "é"]}),
        ('{"ä": "中"}'.encode(), {"ä": "中"}),
        (b"4", 4),
        (b'{"a": {"x": 1}, "b": {"x": 2}}', {"a": {"x": 1}, "b": {"x": 2}}),
    ],
)
def test_json_is_read(body: bytes, value: Any) -> None:
    assert parse(body) == value


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1} x',
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"a": "\x00"}',
        b'{"a": "line\nbreak"}',
        b"[" * 60_000,
        b'{"a": ' + b"9" * 5_000 + b"}",
        b"",
    ],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(InputInvalid) as caught:
        parse_json(body)

    assert caught.value.details == {"body": [{"code": "malformed_json", "message": "The body is not valid JSON."}]}


@pytest.mark.parametrize("body", [b'{"a": 1, "a": 1}', b'{"b": {"a": 1, "a": 2}}', b'{"a": 1, "\\u0061": 2}'])
def test_a_key_that_stands_twice_is_refused(body: bytes) -> None:
    with pytest.raises(InputInvalid) as caught:
        parse_json(body)

    assert caught.value.details["body"][0]["code"] == "duplicate_key"


def test_the_largest_body_is_read_and_one_byte_more_is_not() -> None:
    largest = b'"' + b"x" * (MAX_BODY_BYTES - 2) + b'"'

    assert len(parse(largest)) == MAX_BODY_BYTES - 2
    with pytest.raises(PayloadTooLarge):
        parse(largest + b" ")


def test_a_body_that_is_declared_too_long_is_refused_unread() -> None:
    body = BytesIO(b" " * 3 * MAX_BODY_BYTES)
    request = SimpleNamespace(META={"CONTENT_LENGTH": str(3 * MAX_BODY_BYTES)})

    with pytest.raises(PayloadTooLarge):
        StrictJSONParser().parse(body, "application/json", {"request": request})

    assert body.tell() == 0


@pytest.mark.parametrize("declared", [9, 64, MAX_BODY_BYTES])
def test_a_body_that_ends_before_its_declared_length_is_refused_even_if_it_reads_as_json(declared: int) -> None:
    with pytest.raises(InputInvalid) as caught:
        parse(b'{"a": 1}', declared=declared)

    assert caught.value.details == {
        "body": [{"code": "incomplete", "message": "The body ended before its declared length."}]
    }
    assert parse(b'{"a": 1}', declared=8) == {"a": 1}
