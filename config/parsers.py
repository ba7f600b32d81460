"""Request bodies: JSON as RFC 8259 means it, and nothing that two readers could take for two things."""

import json
from collections.abc import Mapping
from typing import IO, Any, NoReturn

from rest_framework.parsers import BaseParser

from config.api import PayloadTooLarge
from config.errors import InputInvalid

# The largest valid body, every character escaped, is about a quarter of this.
MAX_BODY_BYTES = 64 * 1024


class DuplicateKey(ValueError):
    """A JSON object names one key twice."""


class StrictJSONParser(BaseParser):
    """Parser of UTF-8 JSON; refuses duplicate keys, NaN, Infinity, bodies over 64 KiB and those that end too soon."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        """Return the parsed body.

        A body shorter than declared is no whole message (RFC 9112, section 8), even if it reads like one. Its sender is
        gone, and may not have meant to stop there.

        Raises: `PayloadTooLarge`, `InputInvalid`.
        """
        declared = int((parser_context or {})["request"].META.get("CONTENT_LENGTH") or 0)
        if declared > MAX_BODY_BYTES:
            raise PayloadTooLarge
        body = stream.read(MAX_BODY_BYTES + 1)
        if len(body) < declared:
            raise InputInvalid.of_field("body", "incomplete", "The body ended before its declared length.")
        return parse_json(body)


def parse_json(body: bytes) -> Any:
    """Parse strict JSON.

    Raises: `InputInvalid` with a code `duplicate_key` or `malformed_json` on `body`.
    """
    try:
        return json.loads(body.decode(), object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except DuplicateKey as error:
        raise InputInvalid.of_field("body", "duplicate_key", str(error)) from error
    except (ValueError, RecursionError) as error:
        # ValueError is the base of what the decoder, UTF-8 and overlong numbers raise.
        raise InputInvalid.of_field("body", "malformed_json", "The body is not valid JSON.") from error


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    known: dict[str, Any] = {}
    for key, value in pairs:
        if key in known:
            raise DuplicateKey("A key appears twice in one object.")
        known[key] = value
    return known


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
