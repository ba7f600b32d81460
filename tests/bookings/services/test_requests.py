"""The guest of a booking: one rule for every door, at the door of the services."""

import pytest

from bookings.services import GuestDetails
from bookings.services.requests import read_words
from config.errors import InputInvalid


def test_a_guest_is_stored_composed_and_without_spaces_around() -> None:
    guest = GuestDetails(" Nguye\u0302\u0303n ", " ada@example.com ", "+442079460018;ext=12")

    assert (guest.name, guest.email, guest.phone) == ("Nguy\u1ec5n", "ada@example.com", "+442079460018;ext=12")


@pytest.mark.parametrize(
    ("given", "field", "code"),
    [
        ({"name": "Ada\u202e"}, "name", "control_characters"),
        ({"name": "\u3164"}, "name", "invisible"),
        ({"name": ""}, "name", "invisible"),
        ({"name": "x" * 121}, "name", "max_length"),
        # Composed it is twice as long.
        ({"name": "\u0958" * 61}, "name", "max_length"),
        ({"name": "Ada", "email": "x@localhost"}, "email", "invalid"),
        ({"name": "Ada", "phone": "020 7946 0018"}, "phone", "invalid_phone"),
    ],
)
def test_a_guest_that_no_door_may_take_is_refused_by_the_service(given: dict[str, str], field: str, code: str) -> None:
    with pytest.raises(InputInvalid) as caught:
        GuestDetails(**given)

    assert [(name, problem["code"]) for name, problems in caught.value.details.items() for problem in problems] == [
        (field, code)
    ]


def test_the_lines_of_notes_may_break_and_their_direction_may_not_turn() -> None:
    assert read_words("notes", " Window.\nLate. ") == "Window.\nLate."
    assert read_words("allergies", "") == ""
    for field, text, code in (
        ("notes", "a\u202e", "control_characters"),
        ("notes", "x" * 1001, "max_length"),
        ("allergies", "x" * 501, "max_length"),
    ):
        with pytest.raises(InputInvalid) as caught:
            read_words(field, text)
        assert caught.value.details[field][0]["code"] == code
