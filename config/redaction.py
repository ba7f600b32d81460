"""Keeps the tokens of manage links out of the logs."""

import logging
import re

_TOKEN = re.compile(r"(?i)([?&](?:manage_?)?token=)[^&\s\"']+")


class RedactingFormatter(logging.Formatter):
    """Replace the value of a `token` in any query string by a mark, in messages and tracebacks alike."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line to be written, without tokens."""
        return redact(super().format(record))


def redact(text: str) -> str:
    """Return `text` with the values of `token` query parameters replaced."""
    return _TOKEN.sub(r"\1[redacted]", text)
