"""Checks of single values."""

from datetime import date

from django.core.exceptions import ValidationError

from config.values import OUT_OF_YEARS, has_control_characters, is_within_years
from tables.zones import zone_names


def validate_timezone(name: str) -> None:
    """Refuse a name that is no IANA zone (`ValidationError`)."""
    if name not in zone_names():
        raise ValidationError("%(name)s is not an IANA time zone.", code="timezone", params={"name": name})


def validate_date(day: date) -> None:
    """Refuse a date outside the years 2000 to 2100 (`ValidationError`)."""
    if not is_within_years(day):
        raise ValidationError(OUT_OF_YEARS, code="out_of_range")


def validate_line(text: str) -> None:
    """Refuse a text that is not one line, or has a control character (`ValidationError`)."""
    if has_control_characters(text):
        raise ValidationError("Must be one line without control characters.", code="control_characters")
