"""Input fields that take one spelling of a value and no other: nothing is converted, nothing is guessed."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, ClassVar, NoReturn

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bookings.phones import PhoneNumberInvalid, to_e164
from config.values import (
    WALL_TIME_PATTERN,
    ValueInvalid,
    has_control_characters,
    read_date,
    read_instant,
    read_wall_time,
    read_whole_number,
)
from tables.choices import SeatingType

ANY_SEATING = "any"
# A line break is text in a note; in a name or an address it is an attack on whoever prints it.
_LINE_BREAKS = frozenset("\n\r\t")


class TextField(serializers.CharField):
    """Text without control characters or half characters; spaces at the ends are cut off."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "Must be text.",
        "control_characters": "Control characters are not allowed.",
    }

    def __init__(self, *, takes_line_breaks: bool = False, **kwargs: Any) -> None:
        self.allowed = _LINE_BREAKS if takes_line_breaks else frozenset()
        super().__init__(**kwargs)

    def run_validation(self, data: Any = serializers.empty) -> Any:
        """Refuse what is no text before anything turns it into text."""
        if data is not serializers.empty and data is not None:
            self._require_clean_text(data)
        return super().run_validation(data)

    def _require_clean_text(self, data: Any) -> None:
        if not isinstance(data, str):
            self.fail("invalid")
        if has_control_characters(data, but=self.allowed):
            self.fail("control_characters")


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

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid_phone": "Must be a phone number; with its country code, like +44 20 7946 0000, it always works.",
    }

    def to_internal_value(self, data: Any) -> str:
        """Return the number as it was written, once it can be one in some country."""
        text = super().to_internal_value(data)
        if text.startswith("+"):
            self.require_possible(text, region=None)
        elif not any(char.isdigit() for char in text):
            self.refuse()
        return text

    def require_possible(self, text: str, *, region: str | None) -> str:
        """Return the number in E.164, or refuse it."""
        try:
            return to_e164(text, region=region)
        except PhoneNumberInvalid:
            self.refuse()

    def refuse(self) -> NoReturn:
        """Refuse the number."""
        self.fail("invalid_phone")


def restaurant_field(**kwargs: Any) -> TextField:
    """Return the field that names a restaurant."""
    return TextField(max_length=63, help_text="UUID or slug.", **kwargs)
