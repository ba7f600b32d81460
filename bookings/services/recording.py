"""The record of a decision: noted by a use case as it runs, and written after its transaction."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import structlog
from django.conf import settings as django_settings

from bookings.choices import BookingSource, DecisionMode, DecisionOperation, DecisionVerdict, EventKind
from bookings.decision import Assessment, LoadedDays, Wish, stay_interval
from bookings.decision.record import encode_state, limits_met_by
from bookings.errors import RequestRefused
from bookings.models import Booking, Decision
from bookings.selectors import LimitKey
from capacity.calendar import iso_utc
from capacity.selectors import ServiceSettings
from config import metrics
from config.errors import BookingConflict, DomainError
from config.group_commit import SharedWork
from config.middleware import current_request_id
from config.statements import Statement, insert_into, rows_of
from config.transaction_cost import TransactionCost, measuring_cost
from tables.seating import Floor, SeatingPlan, SeatingUndecided
from tables.selectors import table_numbers

logger = structlog.stdlib.get_logger(__name__)

# In one query, so one transaction: a crash may cost the last decisions, never a booking; nobody waits for a lock on it.
TERMS = "SET LOCAL synchronous_commit = off; SET LOCAL lock_timeout = '250ms'; SET LOCAL statement_timeout = '1s';"
RECORD_DECISION = Statement("record_decision", lambda: insert_into(Decision))


@dataclass
class DecisionRecord:
    """The last decision of a request, and its loaded days; `booking` is the one written, or to be changed.

    `is_written` says that the request was accepted and committed. A record without notes stands for no decision.
    `covers_had` are those of the booking as it is, which no refusal denies. `happening` is the transition of a party
    that has come, and `raised` its excess above each limit, as a person authorised it.
    """

    operation: DecisionOperation
    source: BookingSource = BookingSource.WEB
    settings: ServiceSettings | None = None
    wish: Wish | None = None
    loaded: LoadedDays | None = None
    assessment: Assessment | None = None
    booking: Booking | None = None
    is_written: bool = False
    covers_had: int = 0
    happening: EventKind | None = None
    raised: Mapping[LimitKey, int] = field(default_factory=dict)
    error: DomainError | None = None
    cost: TransactionCost = field(default_factory=TransactionCost)
    seconds: float = 0.0
    _assess: Callable[[], Assessment] | None = None

    def note_wish(self, settings: ServiceSettings, wish: Wish) -> None:
        """Note the wish, before it is decided."""
        self.settings, self.wish = settings, wish

    def note(self, loaded: LoadedDays, assessment: Assessment) -> None:
        """Note a decision and its loaded days; the last that is noted counts."""
        self.note_wish(loaded.settings, assessment.wish)
        # The rows of an attempt before this one were rolled back.
        self.booking, self.is_written = None, False
        self.loaded, self.assessment = loaded, assessment

    def note_booking(self, booking: Booking) -> None:
        """Note the booking to be changed, as it is now."""
        self.booking, self.source = booking, BookingSource(booking.source)
        self.covers_had = booking.party_size

    def note_stay(self, booking: Booking, loaded: LoadedDays, wish: Wish, assess: Callable[[], Assessment]) -> None:
        """Note the wish of a party that has come, and the function that decides it: called after the transaction."""
        self.note_wish(loaded.settings, wish)
        self.loaded, self.assessment, self._assess = loaded, None, assess
        self.is_written, self.raised = False, {}
        self.note_booking(booking)

    def note_written(self, booking: Booking, raised: Mapping[LimitKey, int] | None = None) -> None:
        """Note that the request was accepted and written, and its excess above limits."""
        self.booking, self.is_written, self.raised = booking, True, raised or {}

    def settle(self) -> None:
        """Decide the noted stay, where its decision was left until after the transaction."""
        if self.assessment is None and self._assess is not None:
            self.assessment = self._assess()

    @property
    def covers_denied(self) -> int:
        """Return the number of covers that a refusal denies: all that are asked, beyond those that the booking has."""
        return max(0, self.wish.party_size - self.covers_had) if self.wish else 0


# The planner's answer that is no step of it.
UNDECIDED = "undecided"


def verdict_of(record: DecisionRecord) -> DecisionVerdict:
    """Return the verdict on a request."""
    if isinstance(record.error, BookingConflict):
        return DecisionVerdict.UNDECIDED
    if record.error is not None:
        return DecisionVerdict.REFUSED
    if record.raised:
        return DecisionVerdict.OVERRIDDEN
    if record.assessment is not None and record.assessment.is_unexamined:
        return DecisionVerdict.UNEXAMINED
    is_waived = record.assessment is not None and record.assessment.decision.waived
    return DecisionVerdict.WAIVED if is_waived else DecisionVerdict.ACCEPTED


def decision_row(record: DecisionRecord, settings: ServiceSettings, wish: Wish) -> Decision:
    """Return the row, not saved, of a decision that was made or given up; 1 query if a table is gone."""
    stay, service = stay_interval(settings, wish), record.assessment.service if record.assessment else None
    return Decision(
        restaurant_id=settings.restaurant.pk,
        decided_at=settings.now,
        operation=record.operation,
        mode=DecisionMode.ENFORCE if settings.is_enforced else DecisionMode.SHADOW,
        verdict=verdict_of(record),
        error=record.error.code if record.error else "",
        party_size=wish.party_size,
        business_date=wish.business_date,
        starts_at=stay.starts_at,
        ends_at=stay.ends_at,
        source=record.source,
        service_period_id=wish.period_id,
        service_day_id=service.service_day_id if service else None,
        booking_id=_booking_id(record),
        request=_request_facts(record, wish),
        **_decided_facts(record, settings, is_counted=record.error is None),
        **_ending_facts(record),
    )


def _booking_id(record: DecisionRecord) -> int | None:
    """Return the booking that was made, or that was to be changed; one that was rolled back is none."""
    is_there = record.error is None or record.operation is not DecisionOperation.CREATE
    return record.booking.pk if record.booking and is_there else None


def _request_facts(record: DecisionRecord, wish: Wish) -> dict[str, Any]:
    """Return the facts of the request, beside the columns; none of them names a guest."""
    facts = {
        "happening": str(record.happening) if record.happening else None,
        "time": f"{wish.wall_time:%H:%M}",
        "seating": wish.seating,
        "channel": wish.channel,
        "turnMinutes": wish.turn_minutes,
        "tableIds": list(wish.table_ids) if wish.table_ids else None,
        "keepsStart": wish.keeps_start,
        "isOutsideHours": wish.is_outside_hours,
        "seatedFrom": wish.seated_from and iso_utc(wish.seated_from),
        "seatedAs": wish.seated_as,
    }
    return {name: value for name, value in facts.items() if value not in (None, False)}


def _decided_facts(record: DecisionRecord, settings: ServiceSettings, *, is_counted: bool) -> dict[str, Any]:
    loaded, assessment = record.loaded, record.assessment
    if loaded is None or assessment is None:
        return {}
    decision, case = assessment.decision, assessment.case
    is_undecided = isinstance(assessment.seating, SeatingUndecided)
    return {
        "reasons": [asdict(reason) for reason in (*decision.reasons, *decision.waived)],
        "limits": limits_met_by(case.request, case.day, settings.rules, is_counted=is_counted),
        "state": encode_state(case, loaded.seating if case.seating else None, is_undecided=is_undecided),
        **_seating_facts(loaded.seating.floor, assessment),
    }


def _seating_facts(floor: Floor, assessment: Assessment) -> dict[str, Any]:
    outcome = assessment.seating
    if outcome is None:
        return {}
    if isinstance(outcome, SeatingUndecided):
        return {"seating_step": UNDECIDED}
    if not isinstance(outcome, SeatingPlan):
        return {"seating_step": str(outcome.step)}
    moves = [
        {
            "bookingId": move.booking_id,
            "from": table_numbers(floor, move.from_table_ids),
            "to": table_numbers(floor, move.to_table_ids),
        }
        for move in outcome.moves
    ]
    return {
        "seating_step": str(outcome.step),
        "tables": table_numbers(floor, outcome.table_ids),
        "moves": moves,
    }


def _ending_facts(record: DecisionRecord) -> dict[str, Any]:
    offered = record.error.alternatives if isinstance(record.error, RequestRefused) else ()
    return {
        "alternatives": [iso_utc(start.starts_at) for start in offered],
        "attempts": record.cost.attempts,
        "sqlstates": record.cost.retries,
        "lock_wait_ms": round(record.cost.lock_wait_seconds * 1000),
        "duration_ms": round(record.seconds * 1000),
        "request_id": current_request_id() or "",
    }


@contextmanager
def recording(record: DecisionRecord | None) -> Iterator[None]:
    """Record the end of the call in the block: accepted and written, refused, or given up; nothing without a record.

    Other errors (bad input, a record that is not there) are no decisions.
    """
    if record is None:
        yield
        return
    started = time.monotonic()
    with measuring_cost() as record.cost:
        try:
            yield
        except (RequestRefused, BookingConflict) as error:
            record.error = error
            _record(record, time.monotonic() - started)
            raise
    # After any other error, also of the commit, no decision stands.
    if record.is_written:
        _record(record, time.monotonic() - started)


def _record(record: DecisionRecord, seconds: float) -> None:
    record.seconds = seconds
    if record.settings is None or record.wish is None:
        return
    with _losing_no_booking():
        record.settle()
        row = decision_row(record, record.settings, record.wish)
        _count(row, covers_denied=record.covers_denied)
        _log(row)
        if django_settings.DECISION_LEDGER:
            WRITING.ask(row)


@contextmanager
def _losing_no_booking() -> Iterator[None]:
    # A decision is committed, or refused, and stays so: its record is about it, not a part of it.
    try:
        yield
    except Exception:
        logger.exception("decision not recorded")
        metrics.booking_decision_lost.inc()


def _count(row: Decision, *, covers_denied: int) -> None:
    if row.verdict in (DecisionVerdict.REFUSED, DecisionVerdict.WAIVED) and row.reasons:
        metrics.booking_denied_covers.labels(mode=row.mode, reason=row.reasons[0]["code"]).inc(covers_denied)
    if row.verdict == DecisionVerdict.OVERRIDDEN and row.operation == DecisionOperation.CREATE:
        for reason in row.reasons:
            metrics.booking_overridden.labels(reason=reason["code"]).inc()


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


def _write(rows: Sequence[Decision]) -> Sequence[None]:
    RECORD_DECISION.run(before=TERMS, **rows_of(*rows))
    return [None] * len(rows)


WRITING = SharedWork(_write)
