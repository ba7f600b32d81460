"""The guest of a booking, whichever door it comes through, and the words that go with it."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from bookings.emails import EmailInvalid, read_email
from bookings.models.booking import LONGEST_ALLERGIES, LONGEST_GUEST_NAME, LONGEST_NOTES
from bookings.phones import STORED_NUMBER
from config.errors import InputInvalid
from config.texts import LINE_BREAKS, TextInvalid, read_name, read_text

LONGEST_EMAIL = 254
_LONGEST_WORDS = {"notes": LONGEST_NOTES, "allergies": LONGEST_ALLERGIES}


@dataclass(frozen=True)
class GuestDetails:
    """The guest of a booking, as it is stored; the phone number is in E.164, with an extension as RFC 3966 has it.

    Raises: `InputInvalid`.
    """

    name: str
    email: str = ""
    phone: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "name", _read("name", self.name, read_name, LONGEST_GUEST_NAME))
        if self.email:
            object.__setattr__(self, "email", _read("email", self.email, read_email, LONGEST_EMAIL))
        if self.phone and not STORED_NUMBER.fullmatch(self.phone):
            raise InputInvalid.of_field("phone", "invalid_phone", "Must be in E.164, like +442079460000.")


def read_words(field: str, text: str) -> str:
    """Return notes or allergies as they are stored; lines may break.

    Raises: `InputInvalid`.
    """
    return _read(field, text, partial(read_text, but=LINE_BREAKS), _LONGEST_WORDS[field])


def _read(field: str, text: str, read: Callable[[str], str], longest: int) -> str:
    try:
        value = read(text)
    except TextInvalid as error:
        raise InputInvalid.of_field(field, error.code, str(error)) from error
    except EmailInvalid as error:
        raise InputInvalid.of_field(field, "invalid", str(error)) from error
    if len(value) > longest:
        raise InputInvalid.of_field(field, "max_length", f"At most {longest} characters.")
    return value
