"""Input fields that take one spelling of a value and no other: nothing is converted, nothing is guessed."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bookings.contacts import EmailInvalid, PhoneNumberInvalid, read_email, to_e164
from config.values import (
    LINE_BREAKS,
    PROBLEMS,
    WALL_TIME_PATTERN,
    TextInvalid,
    ValueInvalid,
    read_date,
    read_instant,
    read_name,
    read_text,
    read_wall_time,
    read_whole_number,
    without_format_characters,
)
from tables.choices import SeatingType

ANY_SEATING = "any"


class TextField(serializers.CharField):
    """Text without control characters or half characters, composed; spaces at the ends are cut off."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": "Must be text.", **PROBLEMS}

    def __init__(self, *, takes_line_breaks: bool = False, **kwargs: Any) -> None:
        # A line break is text in a note; in a name or an address it is an attack on whoever prints it.
        self.allowed = LINE_BREAKS if takes_line_breaks else frozenset()
        super().__init__(**kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Refuse what is no text before anything turns it into text."""
        if data is not serializers.empty and data is not None:
            data = self._read_text(data)
        return super().run_validation(data)

    def _read_text(self, data: Any) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        try:
            return self.read(data)
        except TextInvalid as error:
            self.fail(error.code)

    def read(self, text: str) -> str:
        """Return the text as it is stored."""
        return read_text(text, but=self.allowed)


class NameField(TextField):
    """A line of text with a character that can be seen."""

    def read(self, text: str) -> str:
        """Return the name as it is stored."""
        # What is empty is told so, not that nothing can be seen in it.
        return read_name(text) if text.strip() else ""


class EmailField(TextField):
    """An e-mail address that a mail server of the Internet takes."""

    def to_internal_value(self, data: Any) -> str:
        """Return the address as it was typed."""
        try:
            return read_email(super().to_internal_value(data))
        except EmailInvalid as error:
            raise serializers.ValidationError(str(error), "invalid") from error


class WholeNumberField(serializers.IntegerField):
    """A JSON integer: no text, no 2.0, no true."""

    def to_internal_value(self, data: Any) -> int:
        """Return the integer."""
        if type(data) is not int:
            self.fail("invalid")
        return data


class FlagField(serializers.BooleanField):
    """A JSON true or false."""

    def to_internal_value(self, data: Any) -> bool:
        """Return the flag."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class SpelledField(serializers.Field[Any, Any, Any, Any]):
    """A value that `read`, one of the readers of `config.values`, takes."""

    read: ClassVar[Callable[..., Any]]

    def to_internal_value(self, data: Any) -> Any:
        """Return the value."""
        try:
            return self.read(data)
        except ValueInvalid as error:
            self.fail(error.code)


class WholeNumberParameter(SpelledField, serializers.IntegerField):
    """A query parameter of ASCII digits."""

    read = staticmethod(partial(read_whole_number, most_digits=18))


class DateField(SpelledField, serializers.DateField):
    """A business date, `YYYY-MM-DD`, of the years 2000 to 2100."""

    read = staticmethod(read_date)
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "Must be a date, YYYY-MM-DD.",
        "out_of_range": "Must be a date of the years 2000 to 2100.",
    }


@extend_schema_field({"type": "string", "pattern": f"^{WALL_TIME_PATTERN}$", "example": "19:00"})
class WallTimeField(SpelledField):
    """A time on the restaurant's wall, `HH:MM`."""

    read = staticmethod(read_wall_time)
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "Must be a time, HH:MM, from 00:00, which is midnight, to 23:59."
    }


class InstantField(SpelledField, serializers.DateTimeField):
    """An instant in ISO 8601 with its zone, `Z` or an offset, of the years 2000 to 2100."""

    read = staticmethod(read_instant)
    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "Must be an ISO 8601 instant with its zone, like 2027-10-31T00:30:00Z (write + as %2B).",
        "out_of_range": "Must be an instant of the years 2000 to 2100.",
    }


class PlainChoiceField(serializers.ChoiceField):
    """One of a few words."""

    def __init__(self, *, choices: Sequence[str], **kwargs: Any) -> None:
        super().__init__(choices=choices, **kwargs)
        # The usual message repeats what was given, which need not fit into an answer.
        self.error_messages["invalid_choice"] = f"Must be one of {', '.join(choices)}."


class SeatingField(PlainChoiceField):
    """Where the party wants to sit; `any` is no wish, and comes out as None."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=[*SeatingType.values, ANY_SEATING], **kwargs)

    def to_internal_value(self, data: Any) -> Any:
        """Return the seating type, None for no wish."""
        if not isinstance(data, str):
            self.fail("invalid_choice")
        value: str = super().to_internal_value(data)
        return None if value in ("", ANY_SEATING) else value


class PhoneField(TextField):
    """A phone number. One without a country code is read by the restaurant's country, see `BookingInput`."""

    def read(self, text: str) -> str:
        """Return the text without the marks of direction that address books put around a number."""
        return super().read(without_format_characters(text))

    def to_internal_value(self, data: Any) -> str:
        """Return the number as it was written, once it can be one in some country."""
        text = super().to_internal_value(data)
        if text.startswith("+") or not any(char.isdigit() for char in text):
            self.require_possible(text, region=None)
        return text

    def require_possible(self, text: str, *, region: str | None) -> str:
        """Return the number in E.164, or refuse it."""
        try:
            return to_e164(text, region=region)
        except PhoneNumberInvalid as error:
            raise serializers.ValidationError(str(error), "invalid_phone") from error


def restaurant_field(**kwargs: Any) -> TextField:
    """Return the field that names a restaurant."""
    return TextField(max_length=63, help_text="UUID or slug.", **kwargs)
