"""Django's LOGGING, and the settings it is made of. Read before Django is set up, so it imports nothing of it."""

import logging
from typing import Any

from config.env import env

JSON, TEXT = "json", "text"
# What procrastinate says of a job that failed.
_FAILURES = frozenset({"job_error", "job_error_retry", "job_aborted"})


LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


class LogFormatUnknown(ValueError):
    """LOG_FORMAT is 'json' or 'text'."""


class LogLevelUnknown(ValueError):
    """LOG_LEVEL is 'DEBUG', 'INFO', 'WARNING', 'ERROR' or 'CRITICAL'."""


def read_log_format() -> str:
    """Return `json` or `text`; a person reads the demo's log, a machine that of a deployment.

    Raises: `LogFormatUnknown`.
    """
    default = JSON if env.str("DATABASE_URL", default="") else TEXT
    log_format: str = env.str("LOG_FORMAT", default=default)
    if log_format not in (JSON, TEXT):
        raise LogFormatUnknown(LogFormatUnknown.__doc__)
    return log_format


class ToldByTheJob:
    """Filter of procrastinate's records of a failure: the job has told it, under the id of its request."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Say whether the record is written; that of a worker giving up its job is, for it is no failure of the job."""
        error = record.exc_info[1] if record.exc_info else None
        return getattr(record, "action", "") not in _FAILURES or not isinstance(error, Exception)


def read_log_level() -> str:
    """Return the level of the log, however it is spelt.

    Raises: `LogLevelUnknown`.
    """
    level: str = env.str("LOG_LEVEL", default="INFO").strip().upper()
    if level not in LEVELS:
        raise LogLevelUnknown(LogLevelUnknown.__doc__)
    return level


def logging_of(*, log_format: str, level: str) -> dict[str, Any]:
    """Return LOGGING: one handler, to which the loggers of all libraries lead."""
    # Each of these brings a handler of its own, whose lines would have another shape and a token in them.
    led_here = ("django", "django.server", "_granian", "granian.access")
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": "config.logs.lines.line_formatter", "log_format": log_format}},
        "filters": {"told_by_the_job": {"()": "config.logs.configuration.ToldByTheJob"}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
        "root": {"handlers": ["stderr"], "level": level},
        "loggers": {
            **{name: {"handlers": [], "propagate": True} for name in led_here},
            # The access line already says what was refused.
            "django.request": {"level": "ERROR"},
            # At DEBUG it writes statements with their values, which are guests.
            "django.db.backends": {"level": "INFO"},
            # They tell at every start which tasks there are, at every minute that it is a minute, and whoever imports a
            # file that there is a queue.
            **{f"procrastinate.{name}": {"level": "WARNING"} for name in ("blueprints", "periodic", "jobs")},
            # bookings.admin.parts.sign_in says the same, once, and without what was typed.
            "axes": {"level": "ERROR"},
            "procrastinate.worker": {"filters": ["told_by_the_job"]},
        },
    }
