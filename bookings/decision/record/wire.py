"""A decided case as bytes: MessagePack of plain rows, compressed."""

import zlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from operator import attrgetter
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import msgspec

from bookings.decision.assessment import DecisionCase
from bookings.decision.record.rows import (
    CombinationRow,
    DayRow,
    OccupiedRow,
    PartyRow,
    Row,
    SeatedRow,
    SeatingRow,
    SeatRequestRow,
    ServiceRow,
    SlotRow,
    StateRow,
    TableRow,
    WindowRow,
)
from capacity.calendar.wall_clock import iso_utc, minute_on
from capacity.limits import LIMIT_OF, Rule, deciding_rule
from capacity.policy import BookingWindow, DayState, LimitUse, PartyRequest, ServiceState, SlotState, limits_met
from capacity.reasons import Reason, ReasonCode
from tables.seating import (
    CombinedTables,
    Floor,
    OccupiedInterval,
    SeatedParty,
    SeatingRequest,
    SeatingState,
    SeatingTable,
)

FORMAT = 1
# A decision of fifty tables and a hundred parties is 13 kB; more effort makes it hardly smaller.
COMPRESSION = 3


class StateUnreadable(Exception):
    """The stored state is of another format, or broken."""


@dataclass(frozen=True)
class StoredState:
    """A decided case with its seating; `is_undecided` says that the planner ran out of time.

    `seating` is None where the planner was not asked.
    """

    case: DecisionCase
    seating: SeatingState | None
    is_undecided: bool = False


R = TypeVar("R", bound=Row)

_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(StateRow)


def encode_state(case: DecisionCase, seating: SeatingState | None, *, is_undecided: bool) -> bytes:
    """Return a case as bytes, 0.5 to 4 kB; see `StoredState`."""
    row = StateRow(
        format=FORMAT,
        request=_row(PartyRow, case.request),
        day=_day_row(case.day),
        now=case.now,
        seating=_row(SeatRequestRow, case.seating) if case.seating else None,
        is_enforced=case.is_enforced,
        floor=_seating_row(seating) if seating else None,
        is_undecided=is_undecided,
    )
    return zlib.compress(_encoder.encode(row), COMPRESSION)


def decode_state(content: bytes) -> StoredState:
    """Return the case of `encode_state`.

    Raises: `StateUnreadable`.
    """
    try:
        row = _decoder.decode(zlib.decompress(content))
    except (zlib.error, msgspec.DecodeError) as error:
        raise StateUnreadable(f"{type(error).__name__}: {error}") from error
    if row.format != FORMAT:
        raise StateUnreadable(f"format {row.format}, not {FORMAT}")
    return _state(row)


def _row(row: type[R], value: Any, **changed: Any) -> R:
    """Return the attributes of a value that a row keeps."""
    kept = row(*_reader(row)(value))
    return msgspec.structs.replace(kept, **changed) if changed else kept


@cache
def _reader(row: type[Row]) -> Callable[[Any], tuple[Any, ...]]:
    return attrgetter(*row.__struct_fields__)


def _rows(row: type[R], values: Iterable[Any]) -> tuple[R, ...]:
    return tuple(_row(row, value) for value in values)


def _day_row(day: DayState) -> DayRow:
    service = day.service
    return DayRow(
        window=_row(WindowRow, day.window, zone=day.window.zone.key),
        service=_row(ServiceRow, service, slots=_rows(SlotRow, service.slots)) if service else None,
        present=_rows(SlotRow, day.present),
        closed=day.closed,
    )


def _seating_row(state: SeatingState) -> SeatingRow:
    return SeatingRow(
        tables=tuple(_row(TableRow, table, audience=tuple(sorted(table.audience))) for table in state.floor.tables),
        combinations=_rows(CombinationRow, state.floor.combinations),
        occupied=_rows(OccupiedRow, state.occupied),
        parties=_rows(SeatedRow, state.parties),
    )


def _state(row: StateRow) -> StoredState:
    case = DecisionCase(
        request=PartyRequest(*row.request.values),
        day=_day(row.day),
        now=row.now,
        seating=SeatingRequest(*row.seating.values) if row.seating else None,
        is_enforced=row.is_enforced,
    )
    return StoredState(case, _seating(row.floor) if row.floor else None, row.is_undecided)


def _day(row: DayRow) -> DayState:
    zone, *window = row.window.values
    return DayState(
        window=BookingWindow(ZoneInfo(zone), *window),
        service=_service(row.service) if row.service else None,
        present=tuple(SlotState(*slot.values) for slot in row.present),
        closed=row.closed,
    )


def _service(row: ServiceRow) -> ServiceState:
    return ServiceState(**_named(row) | {"slots": tuple(SlotState(*slot.values) for slot in row.slots)})


def _seating(row: SeatingRow) -> SeatingState:
    return SeatingState(
        floor=Floor(
            tables=tuple(
                SeatingTable(**_named(table) | {"audience": frozenset(table.audience)}) for table in row.tables
            ),
            combinations=tuple(CombinedTables(*combination.values) for combination in row.combinations),
        ),
        occupied=tuple(OccupiedInterval(*interval.values) for interval in row.occupied),
        parties=tuple(SeatedParty(*party.values) for party in row.parties),
    )


def _named(row: Row) -> dict[str, Any]:
    return dict(zip(row.__struct_fields__, row.values, strict=True))


def reason_from(stored: dict[str, Any]) -> Reason:
    """Return a reason from its shape in the decision records and the API."""
    return Reason(ReasonCode(stored["code"]), stored["limit"], stored["used"], stored["asked"])


def limits_met_by(
    request: PartyRequest, day: DayState, rules: Sequence[Rule], *, is_counted: bool
) -> list[dict[str, Any]]:
    """Return every limit that a request meets, limited or not, as it is stored; of occupancy its least free slot.

    `before` is the counter as it was read; `after` has the party in it, if it `is_counted`. `slotAt` is None for the
    whole service, the rule None where none set the limit.
    """
    if day.service is None:
        return []
    party_size = request.party_size if is_counted else 0
    met = limits_met(request.starts_at, day.service, day.present)
    return [
        _limit_met(use, slot, _rule_of(use, slot, request.business_date, day, rules), party_size) for use, slot in met
    ]


def _limit_met(use: LimitUse, slot: SlotState | None, rule: Rule | None, party_size: int) -> dict[str, Any]:
    return {
        "code": str(use.code),
        "limit": use.limit,
        "before": use.used,
        "after": use.after(party_size).used if party_size else use.used,
        "slotAt": slot and iso_utc(slot.starts_at),
        "ruleId": rule and rule.rule_id,
        "ruleVersion": rule and rule.version,
    }


def _rule_of(
    use: LimitUse, slot: SlotState | None, business_date: date, day: DayState, rules: Sequence[Rule]
) -> Rule | None:
    if use.limit is None or day.service is None or not _is_of(slot, day):
        return None
    minute = minute_on(business_date, slot.starts_at.astimezone(day.window.zone)) if slot else None
    return deciding_rule(rules, LIMIT_OF[use.code], day.service.period_id, business_date, minute)


def _is_of(slot: SlotState | None, day: DayState) -> bool:
    """Say whether a slot is of the service of the request: of another the period, and so the rule, is not known."""
    return slot is None or (day.service is not None and slot.service_day_id == day.service.service_day_id)
