"""Input fields that take one spelling of a value and no other: nothing is converted, nothing is guessed."""

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any, ClassVar, NoReturn

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from bookings.phones import PhoneNumberInvalid, to_e164
from config.text import has_control_characters
from tables.choices import SeatingType

FIRST_DATE = date(2000, 1, 1)
LAST_DATE = date(2100, 12, 31)
ANY_SEATING = "any"

WALL_TIME_PATTERN = r"([01][0-9]|2[0-3]):[0-5][0-9]"
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_WALL_TIME = re.compile(WALL_TIME_PATTERN)
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
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


class WholeNumberParameter(serializers.IntegerField):
    """A query parameter of ASCII digits."""

    def to_internal_value(self, data: Any) -> int:
        """Return the integer."""
        if not _WHOLE_NUMBER.fullmatch(data):
            self.fail("invalid")
        return int(data)


class FlagField(serializers.BooleanField):
    """A JSON true or false."""

    def to_internal_value(self, data: Any) -> bool:
        """Return the flag."""
        if not isinstance(data, bool):
            self.fail("invalid", input=data)
        return data


class DateField(serializers.DateField):
    """A business date, `YYYY-MM-DD`, of the years 2000 to 2100."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "Must be a date, YYYY-MM-DD.",
        "out_of_range": "Must be a date of the years 2000 to 2100.",
    }

    def to_internal_value(self, data: Any) -> date:
        """Return the date."""
        if not isinstance(data, str) or not _DATE.fullmatch(data):
            self.fail("invalid")
        try:
            value = date.fromisoformat(data)
        except ValueError:
            self.fail("invalid")
        if not FIRST_DATE <= value <= LAST_DATE:
            self.fail("out_of_range")
        return value


@extend_schema_field({"type": "string", "pattern": f"^{WALL_TIME_PATTERN}$", "example": "19:00"})
class WallTimeField(serializers.Field[time, str, str, Any]):
    """A time on the restaurant's wall, `HH:MM`."""

    default_error_messages: ClassVar[dict[str, Any]] = {"invalid": "Must be a time, HH:MM."}

    def to_internal_value(self, data: Any) -> time:
        """Return the time."""
        if not isinstance(data, str) or not _WALL_TIME.fullmatch(data):
            self.fail("invalid")
        return time.fromisoformat(data)


class InstantField(serializers.DateTimeField):
    """An instant in ISO 8601 with its zone, `Z` or an offset, of the years 2000 to 2100."""

    default_error_messages: ClassVar[dict[str, Any]] = {
        "invalid": "Must be an ISO 8601 instant with its zone, like 2027-10-31T00:30:00Z (write + as %2B).",
        "out_of_range": "Must be an instant of the years 2000 to 2100.",
    }

    def to_internal_value(self, data: Any) -> datetime:
        """Return the instant in UTC."""
        if not isinstance(data, str) or not _INSTANT.fullmatch(data):
            self.fail("invalid")
        try:
            value = datetime.fromisoformat(data)
        except ValueError:
            self.fail("invalid")
        if not FIRST_DATE <= value.date() <= LAST_DATE:
            self.fail("out_of_range")
        return value.astimezone(UTC)


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
