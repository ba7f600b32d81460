"""One record, one line: structlog's processors over the records of the standard library.

Loggers of the project are structlog's, those of Django, psycopg and all others the standard library's. Both arrive here
as plain records, and leave with the same fields: timestamp, level, logger, event, request_id. After these come the
context bound to the work at hand (`config.middleware.working_for`) and the other fields of the record.
"""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import structlog
from structlog.processors import JSONRenderer, LogfmtRenderer
from structlog.stdlib import ExtraAdder, render_to_log_kwargs
from structlog.typing import EventDict, Processor, WrappedLogger

from config.logs.configuration import JSON, read_log_format
from config.logs.failures import database_facts, describe_error, describe_traceback
from config.middleware import current_request_id
from config.redaction import redact

_OWN = frozenset({"config", "tables", "capacity", "bookings"})
# Of other loggers only what is known to name nobody: Django puts the whole request beside its records.
_FOREIGN = ("status_code", "action", "job")
# A queue's job has its arguments with it.
_OF_A_JOB = {"id": "job_id", "task_name": "task", "queue": "queue", "attempts": "job_attempts"}
_HEAD = ("timestamp", "level", "logger", "event", "request_id")

_add_own = ExtraAdder()
_add_foreign = ExtraAdder(allow=_FOREIGN)
_as_logfmt = LogfmtRenderer(bool_as_flag=False)


class LineFormatter(logging.Formatter):
    """Formatter of records with arguments of any kind."""

    def __init__(self, render: Processor) -> None:
        super().__init__()
        self._render = render

    def format(self, record: logging.LogRecord) -> str:
        """Return the line to be written."""
        line = {**_facts_of(record), **_failure_of(record)}
        return str(self._render(None, "", {name: _redacted(value) for name, value in line.items()}))


def line_formatter(log_format: str | None = None) -> LineFormatter:
    """Make the formatter of LOGGING, and let the project's loggers write records for it.

    Without `log_format` it reads LOG_FORMAT: the web server's main process knows no Django.

    Raises: `LogFormatUnknown`.
    """
    structlog.configure(
        processors=[structlog.stdlib.filter_by_level, render_to_log_kwargs],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )
    # Python itself writes warnings to standard error, in a shape of its own.
    logging.captureWarnings(True)
    render: Processor = JSONRenderer() if (log_format or read_log_format()) == JSON else _as_text
    return LineFormatter(render)


def _message(record: logging.LogRecord) -> str:
    """Return the message; an error among its arguments would say all it knows."""
    args = record.args
    if isinstance(args, Mapping):
        args = {name: _spoken(value) for name, value in args.items()}
    elif args:
        args = tuple(_spoken(value) for value in args)
    text = str(_spoken(record.msg))
    try:
        return text % args if args else text
    except (TypeError, ValueError, KeyError):
        # The standard library would print the arguments, whatever they are.
        return f"{text} (its arguments do not fit)"


def _spoken(value: object) -> object:
    return describe_error(value) if isinstance(value, BaseException) else value


def _facts_of(record: logging.LogRecord) -> dict[str, Any]:
    """Return the fields of every line first, then those of the work at hand, then those of the record."""
    line = {
        "timestamp": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
        "level": record.levelname.lower(),
        "logger": record.name,
        "event": _message(record),
        "request_id": current_request_id(),
    }
    for more in (structlog.contextvars.get_contextvars(), _said_besides(record)):
        line.update((name, value) for name, value in more.items() if name not in _HEAD)
    return line


def _said_besides(record: logging.LogRecord) -> dict[str, Any]:
    add = _add_own if record.name.partition(".")[0] in _OWN else _add_foreign
    extra = dict(add(logging.root, record.levelname, {"_record": record}))
    del extra["_record"]
    job = extra.pop("job", None)
    if isinstance(job, Mapping):
        extra |= {name: job[key] for key, name in _OF_A_JOB.items() if key in job}
    return extra


def _failure_of(record: logging.LogRecord) -> dict[str, Any]:
    error = record.exc_info[1] if record.exc_info else None
    return {} if error is None else {**database_facts(error), "exception": describe_traceback(error)}


def _redacted(value: Any) -> Any:
    match value:
        case None | bool() | int() | float():
            return value
        case str():
            return redact(value)
        case BaseException():
            return describe_error(value)
        case Mapping():
            return {redact(str(name)): _redacted(part) for name, part in value.items()}
        case list() | tuple() | set() | frozenset():
            return [_redacted(part) for part in value]
    return redact(str(value))


def _as_text(logger: WrappedLogger, method: str, event: EventDict) -> str:
    timestamp, level, name, text, request_id = (event.pop(key) for key in _HEAD)
    traceback_lines = event.pop("exception", "")
    # A line break in a message must not begin what looks like another record.
    head = f"{timestamp} {level.upper()} {name} [{request_id or '-'}] {_on_one_line(text)}"
    fields = _as_logfmt(logger, method, event)
    return "\n".join(filter(None, (f"{head} {fields}".rstrip(), traceback_lines)))


def _on_one_line(text: str) -> str:
    return text.replace("\r", "\\r").replace("\n", "\\n")
