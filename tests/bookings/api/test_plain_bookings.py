"""A plain booking is read as the serializer would read it, and every other by the serializer itself."""

from types import SimpleNamespace
from typing import Any

import pytest
from rest_framework.exceptions import ValidationError

from bookings.api import serializers
from bookings.api.serializers import BookingInput, read_body, read_booking

PLAIN = {
    "restaurantId": "demo-bistro",
    "date": "2027-11-23",
    "time": "19:00",
    "partySize": 2,
    "name": "Ada O'Neil-Lovelace 2nd",
    "email": "ada+maitre@Example.com",
    "phone": "+44 (20) 7946 0018 ext. 12",
}
OTHER_VALUES = [
    *[("date", value) for value in ("2027-02-30", "1999-01-01", "2027-1-1", " 2027-01-01", 20270101, None)],
    *[("time", value) for value in ("24:00", "7:00", "19:00:00", 19, None)],
    *[("partySize", value) for value in (0, 1, -1, 10**30, 2.0, 2.5, True, "2", None)],
    *[
        ("name", value)
        for value in ("", " ", " Ada ", "Zo\u00eb", "Zoe\u0308", "\u200b", "A\nB", "A\x00", "\ud800", "A" * 500)
    ],
    *[
        ("email", value)
        for value in ("ada", "ada@", "ada@local", " ada@example.com ", "ada@b\u00fccher.example", "a" * 260)
    ],
    *[("email", value) for value in (f"{'a' * 60}@{'b' * 60}.{'c' * 60}.{'d' * 60}.{'e' * 20}.com", None, 1)],
    *[
        ("phone", value)
        for value in ("020 7946 0018", "+", "+0", "+999 1234567", "++44 20 7946 0018", "call me", "", None)
    ],
    *[
        ("phone", value)
        for value in (f"+44 20 7946 0018{'-' * 60}", "+44 20 7946 0018 ext. 123456789012", " +442079460018 ")
    ],
    *[("phone", value) for value in ("\u202a+44 20 7946 0018\u202c", "\uff0b44 20 7946 0018", "0044 20 7946 0018")],
    *[("restaurantId", value) for value in ("", " a ", "a" * 64, "caf\u00e9", "\ud800", 1, None, ["a"])],
    *[("seating", value) for value in ("patio", "any", "bar", "", None)],
    *[("notes", value) for value in ("", "By the window\nplease")],
    *[("unknown", 1), ("\ud800", 1), ("marketingOptIn", True), ("startsAt", "2027-11-23T19:00:00Z")],
]


def read(reader: Any, body: Any) -> Any:
    """Return the values, or what is said of the errors."""
    try:
        return reader(SimpleNamespace(data=body))
    except ValidationError as error:
        return error.get_full_details()


def by_serializer(request: Any) -> Any:
    return read_body(BookingInput, request)


def test_a_plain_booking_is_read_without_the_serializer(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = read(by_serializer, PLAIN)
    monkeypatch.setattr(serializers, "_valid", pytest.fail)

    assert read(read_booking, PLAIN) == expected
    assert expected["phone"] == "+442079460018;ext=12"


@pytest.mark.parametrize(("name", "value"), OTHER_VALUES)
def test_another_value_is_read_or_refused_as_the_serializer_does(name: str, value: Any) -> None:
    body = PLAIN | {name: value}

    assert read(read_booking, body) == read(by_serializer, body)


@pytest.mark.parametrize("name", PLAIN)
def test_what_is_missing_is_told_as_the_serializer_tells_it(name: str) -> None:
    body = {other: value for other, value in PLAIN.items() if other != name}

    assert read(read_booking, body) == read(by_serializer, body)


@pytest.mark.parametrize("body", [{}, [], [PLAIN], "text", 1, None])
def test_what_is_no_booking_is_refused_as_the_serializer_does(body: Any) -> None:
    assert read(read_booking, body) == read(by_serializer, body)
