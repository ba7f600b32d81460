"""What the API reads from headers, and the headers that it answers."""

import re

from rest_framework.request import Request

from bookings.models import IDEMPOTENCY_KEY_LENGTH, Booking
from config.errors import InputInvalid

_PRINTABLE_ASCII = re.compile(r"[\x20-\x7e]+")
_ENTITY_TAG = re.compile(r'(?:W/)?"[^"]*"|\*')
FIRST_VERSION = 1
# No booking ever has it.
NO_VERSION = 0


def read_idempotency_key(request: Request) -> str | None:
    """Return the Idempotency-Key, None if there is none.

    Raises: `InputInvalid`.
    """
    key: str | None = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if len(key) > IDEMPOTENCY_KEY_LENGTH:
        raise InputInvalid.of_field("Idempotency-Key", "max_length", f"At most {IDEMPOTENCY_KEY_LENGTH} characters.")
    if not _PRINTABLE_ASCII.fullmatch(key) or not key.strip():
        raise InputInvalid.of_field("Idempotency-Key", "invalid", "Must be printable ASCII, and not blank.")
    return key


def read_expected_version(request: Request, booking: Booking) -> int | None:
    """Return the version that If-Match asks for, None where any will do.

    Of several entity tags the current one counts; a weak or unknown one never matches (RFC 9110, 13.1.1).
    """
    header: str | None = request.headers.get("If-Match")
    if header is None:
        return None
    tags = _ENTITY_TAG.findall(header)
    if "*" in tags:
        return None
    return booking.version if entity_tag(booking.version) in tags else NO_VERSION


def entity_tag(version: int) -> str:
    """Return the ETag of a booking at a version."""
    return f'"{version}"'
