"""Record a decision after its transaction: it costs nobody a lock, and a row that is lost costs no booking."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

import structlog
from django.conf import settings as django_settings
from django.db import connection, transaction

from bookings.choices import DecisionVerdict
from bookings.errors import RequestRefused
from bookings.models import Decision
from bookings.services.recording.notes import DecisionTrail
from bookings.services.recording.row import Ending, decision_row
from config import metrics
from config.errors import BookingConflict
from config.transaction_cost import measuring_cost

logger = structlog.stdlib.get_logger(__name__)

# A crash of the server may cost the last decisions, never a booking; and nobody waits for a ledger that is locked.
TERMS = "SET LOCAL synchronous_commit = off; SET LOCAL lock_timeout = '250ms'; SET LOCAL statement_timeout = '1s'"


@contextmanager
def recording(trail: DecisionTrail | None) -> Iterator[None]:
    """Record how the call in the block ends: accepted and written, refused, or given up; nothing without a trail.

    Other errors (bad input, a record that is not there) are no decisions.
    """
    if trail is None:
        yield
        return
    started = time.monotonic()
    with measuring_cost() as cost:
        try:
            yield
        except (RequestRefused, BookingConflict) as error:
            _record(trail, Ending(error, cost, time.monotonic() - started))
            raise
    if trail.is_written:
        _record(trail, Ending(None, cost, time.monotonic() - started))


def _record(trail: DecisionTrail, ending: Ending) -> None:
    if trail.settings is None or trail.wish is None:
        return
    with _losing_no_booking():
        trail.settle()
        row = decision_row(trail, trail.settings, trail.wish, ending)
        _count(row, covers_denied=trail.covers_denied)
        _log(row)
        _write(row)


@contextmanager
def _losing_no_booking() -> Iterator[None]:
    try:
        yield
    except Exception:
        # What was decided is committed, or refused, and stays so: the ledger is about it, not a part of it.
        logger.exception("decision not recorded")
        metrics.booking_decision_lost.inc()


def _count(row: Decision, *, covers_denied: int) -> None:
    if row.verdict in (DecisionVerdict.REFUSED, DecisionVerdict.WAIVED) and row.reasons:
        metrics.booking_denied_covers.labels(mode=row.mode, reason=row.reasons[0]["code"]).inc(covers_denied)


def _log(row: Decision) -> None:
    logger.info(
        "decided",
        operation=str(row.operation),
        mode=str(row.mode),
        verdict=str(row.verdict),
        reasons=[reason["code"] for reason in row.reasons],
        restaurant_id=row.restaurant_id,
        attempts=row.attempts,
        sqlstates=row.sqlstates,
        lock_wait_ms=row.lock_wait_ms,
        duration_ms=row.duration_ms,
    )


def _write(row: Decision) -> None:
    if not django_settings.DECISION_LEDGER:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(TERMS)
        row.save(force_insert=True)
