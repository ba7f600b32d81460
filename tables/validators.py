"""Checks of single values."""

from django.core.exceptions import ValidationError

from tables.zones import zone_names


def validate_timezone(name: str) -> None:
    """Refuse a name that is no IANA zone (`ValidationError`)."""
    if name not in zone_names():
        raise ValidationError("%(name)s is not an IANA time zone.", code="timezone", params={"name": name})
