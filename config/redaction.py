"""Keeps tokens, e-mail addresses and telephone numbers out of the logs, wherever they stand in a text."""

import re

_TOKEN = re.compile(r"(?i)([?&](?:manage_?)?token=)[^&\s\"']+")
# Also as an address quotes them: %40 is @, %2B is +.
_EMAIL = re.compile(r"[A-Za-z0-9._%+'-]+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)
_SEPARATOR = r"(?:[ ().-]|%20)*"
_PHONE = re.compile(rf"(?:\+|%2B){_SEPARATOR}[0-9](?:{_SEPARATOR}[0-9]){{6,14}}", re.ASCII | re.IGNORECASE)
# From the first quote to the last: an apostrophe before it must not let a value out.
_QUOTED = re.compile(r"[\"'“].*[\"'”]", re.DOTALL)


def redact(text: str) -> str:
    """Return `text` without the values of `token` parameters, e-mail addresses and international numbers."""
    text = _TOKEN.sub(r"\1[redacted]", text)
    return _PHONE.sub("[phone]", _EMAIL.sub("[email]", text))


def without_values(text: str) -> str:
    """Return `text` without what it quotes: messages about a value repeat the value in quotes."""
    return _QUOTED.sub("[value]", text)
