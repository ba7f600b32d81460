"""Redaction: tokens, e-mail addresses and telephone numbers stay out of the logs, wherever they stand in a text."""

import re

# Most texts have nothing of the kind: what an address, a number or a token cannot do without.
_SUSPECT = re.compile("[@+=%]")
_TOKEN = re.compile(r"(?i)([?&](?:manage_?)?token=)[^&\s\"']+")
# Also as an address quotes them: %40 is @, %2B is +. It begins where a word begins, and no separator goes on for ever:
# whoever sends a long address must not keep the log busy.
_WORD = r"[A-Za-z0-9._%+'-]"
_EMAIL = re.compile(rf"(?<!{_WORD}){_WORD}+(?:@|%40)[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+", re.ASCII)
_SEPARATOR = r"(?:[ ().-]|%20){0,3}"
_PHONE = re.compile(rf"(?:\+|%2B){_SEPARATOR}[0-9](?:{_SEPARATOR}[0-9]){{6,14}}", re.ASCII | re.IGNORECASE)
_QUOTE = re.compile("[\"'“”]")


def redact(text: str) -> str:
    """Return `text` without the values of `token` parameters, e-mail addresses and international numbers."""
    if not _SUSPECT.search(text):
        return text
    text = _TOKEN.sub(r"\1[redacted]", text)
    return _PHONE.sub("[phone]", _EMAIL.sub("[email]", text))


def without_values(text: str) -> str:
    """Return `text` without its quotes: messages about a value repeat the value in quotes.

    The cut goes from the first quote to the last, however they pair: an apostrophe must not let a value out.
    """
    quotes = [quote.start() for quote in _QUOTE.finditer(text)]
    if len(quotes) < 2:
        return text
    return f"{text[: quotes[0]]}[value]{text[quotes[-1] + 1 :]}"
