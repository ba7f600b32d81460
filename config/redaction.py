"""Keeps the tokens of manage links out of the logs."""

import logging
import re

_TOKEN = re.compile(r"(?i)([?&](?:manage_?)?token=)[^&\s\"']+")


class RedactTokens(logging.Filter):
    """Replace the value of a `token` in any query string by a mark."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let the record pass, rewritten if it holds a token."""
        message = record.getMessage()
        redacted = redact(message)
        if redacted != message:
            record.msg, record.args = redacted, ()
        return True


def redact(text: str) -> str:
    """Return `text` with the values of `token` query parameters replaced."""
    return _TOKEN.sub(r"\1[redacted]", text)
