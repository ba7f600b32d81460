"""Checks of single values."""

from zoneinfo import available_timezones

from django.core.exceptions import ValidationError


def validate_timezone(name: str) -> None:
    """Refuse a name that is no IANA zone (`ValidationError`)."""
    if name not in available_timezones():
        raise ValidationError("%(name)s is not an IANA time zone.", code="timezone", params={"name": name})
