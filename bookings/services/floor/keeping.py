"""The tables that a party at the table keeps, and their ends: a party that is to come there is moved, or hit.

A party that sits cannot be refused its table for being late or for staying on. The planner seats elsewhere as many as
can be of the parties that are to come to it, the earliest first. If one cannot move, the party's time at that table
ends as the other's begins, and the other is named. The database never holds two parties on one table.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from bookings.choices import COUNTING_STATUSES
from bookings.decision import LoadedDays, SolvedSeating
from bookings.decision.keeping import TableNeed, ask_to_keep, request_of
from bookings.errors import CapacityExceeded
from bookings.models import Booking, TableAssignment
from bookings.services.floor.chosen_tables import table_taken
from bookings.services.floor.outcomes import HitParty
from bookings.services.one_booking import numbers_of
from bookings.services.rows.seating import TablesKept
from capacity.policy import Reason, ReasonCode
from tables.seating import Move, SeatingOutcome, SeatingPlan, SeatingRefusal, SeatingRequest
from tables.spans import TimeSpan


@dataclass(frozen=True)
class TableKeeping:
    """The tables that a party keeps, the moves for it, the parties that it hits, and the planner's answers.

    `although` says why the tables are not usable, where a person has said that the party sits there all the same.
    """

    kept: tuple[TablesKept, ...]
    moves: tuple[Move, ...] = ()
    hits: tuple[HitParty, ...] = ()
    outcomes: tuple[SeatingOutcome, ...] = ()
    solved: SolvedSeating | None = None
    although: str = ""

    @property
    def kept_in_history(self) -> dict[str, str]:
        """Return the word of a person on unusable tables as the history keeps it."""
        return {"kept_although": self.although} if self.although else {}


def keep_tables(loaded: LoadedDays, booking: Booking, need: TableNeed) -> TableKeeping:
    """Return the moves and hits of a party that keeps its tables; the loaded days are those without it.

    Asks the planner for the whole time first, then until the start of the last party that it could move, and so on.
    Runs 1 query, and 2 more to name the party on a table that must be free.

    Raises: `TableTaken`.
    """
    asked = list(ask_to_keep(loaded, booking, need))
    outcomes = tuple(outcome for _, outcome in asked)
    requests, outcome = asked[-1] if asked else ((), None)
    plan = outcome if isinstance(outcome, SeatingPlan) else None
    moves = plan.moves if plan else ()
    staying = list(_list_staying(loaded, booking, need, moves))
    if need.firm_until > need.now:
        _require_free(loaded, booking, need, staying)
    return TableKeeping(
        kept=tuple(_keep(booking, need, staying)),
        moves=moves,
        hits=hit_parties(row for row in staying if row.during.upper > need.now),
        outcomes=outcomes,
        solved=SolvedSeating(loaded.seating, requests, plan) if plan else None,
    )


def _list_staying(
    loaded: LoadedDays, booking: Booking, need: TableNeed, moves: Iterable[Move]
) -> Iterator[TableAssignment]:
    """Yield the assignments of other parties to the tables after the moves, by start, in 1 query."""
    gone = {move.booking_id for move in moves} | {hold.booking_id for hold in loaded.expired_holds}
    rows = TableAssignment.objects.filter(
        table_id__in=need.kept_from, during__overlap=(min(need.kept_from.values(), default=need.now), need.until)
    ).exclude(booking_id__in=gone | {booking.pk})
    for row in rows.select_related("booking", "table").order_by("during", "table_id"):
        if row.during.upper > need.kept_from[row.table_id]:
            yield row


def _require_free(loaded: LoadedDays, booking: Booking, need: TableNeed, staying: Iterable[TableAssignment]) -> None:
    taken = [(row.during.lower, row.during.upper) for row in staying]
    taken += [(span.starts_at, span.ends_at) for span in loaded.seating.occupied if span.table_id in need.kept_from]
    if any(starts_at < need.firm_until and ends_at > need.now for starts_at, ends_at in taken):
        request = request_of(booking, need.now, need.firm_until, tuple(need.kept_from))
        raise table_taken(loaded, [request], SeatingRefusal(1, 1, TimeSpan(need.now, need.firm_until)))


def _keep(booking: Booking, need: TableNeed, staying: Sequence[TableAssignment]) -> Iterator[TablesKept]:
    for table_id, kept_from in need.kept_from.items():
        nexts = (row.during.lower for row in staying if row.table_id == table_id)
        ends_at = min([need.until, *nexts])
        yield TablesKept(booking.pk, (table_id,), kept_from, ends_at, is_pinned=need.is_pinned)


def hit_parties(rows: Iterable[TableAssignment]) -> tuple[HitParty, ...]:
    """Name the parties that are to come to tables where another still sits, by start."""
    found: dict[int, list[TableAssignment]] = {}
    for row in rows:
        if row.booking.status in COUNTING_STATUSES:
            found.setdefault(row.booking_id, []).append(row)
    return tuple(
        HitParty(
            rows[0].booking,
            tuple(numbers_of(rows)),
            min(row.during.lower for row in rows),
        )
        for rows in found.values()
    )


def find_tables(
    loaded: LoadedDays, booking: Booking, now: datetime, until: datetime, *, instead: str = ""
) -> TableKeeping:
    """Find the best tables from now on for a party that has none; the loaded days are those without it.

    In shadow mode a party sits without a table where there is none. `instead` says why its own are not usable.

    Raises: `CapacityExceeded`.
    """
    request = request_of(booking, now, until)
    outcome = loaded.plan_seating(request)
    solved = SolvedSeating(loaded.seating, (request,), outcome)
    if isinstance(outcome, SeatingRefusal) and loaded.settings.is_enforced:
        lacking = f"o table for a party of {booking.party_size} now"
        message = f"{instead}, and there is n{lacking}" if instead else f"N{lacking}"
        raise CapacityExceeded(message, reasons=[no_table(outcome)])
    if not isinstance(outcome, SeatingPlan):
        # In shadow mode a time budget that ran out is no reason to wait either.
        return TableKeeping((), outcomes=(outcome,) if loaded.settings.is_enforced else (), solved=solved)
    kept = TablesKept(booking.pk, outcome.table_ids, now, until, had_tables=bool(instead))
    return TableKeeping((kept,), outcome.moves, outcomes=(outcome,), solved=solved)


def no_table(refusal: SeatingRefusal) -> Reason:
    """Return the planner's refusal as a reason."""
    return Reason(ReasonCode.NO_TABLE, limit=refusal.suitable, used=refusal.taken, asked=1)


@dataclass(frozen=True)
class TablesFound:
    """The planner's last answer about tables to be taken again, and all of its answers."""

    requests: tuple[SeatingRequest, ...]
    outcome: SeatingOutcome
    outcomes: tuple[SeatingOutcome, ...]


def take_tables_again(
    loaded: LoadedDays, booking: Booking, needed: TimeSpan, wanted: Iterable[tuple[int, ...]]
) -> TablesFound:
    """Ask for wanted tables if no party has to move for them, else for any, else for the first of them all the same."""
    asked: list[tuple[SeatingRequest, SeatingOutcome]] = []
    for table_ids in dict.fromkeys(filter(None, wanted)):
        request = request_of(booking, needed.starts_at, needed.ends_at, table_ids)
        asked.append((request, loaded.plan_seating(request)))
        if _is_free(asked[-1][1]):
            return _found(asked)
    anywhere = request_of(booking, needed.starts_at, needed.ends_at)
    asked.append((anywhere, loaded.plan_seating(anywhere)))
    if not isinstance(asked[-1][1], SeatingPlan) and isinstance(asked[0][1], SeatingPlan):
        asked.append(asked[0])
    return _found(asked)


def _is_free(outcome: SeatingOutcome) -> bool:
    return isinstance(outcome, SeatingPlan) and not any(move.from_table_ids for move in outcome.moves)


def _found(asked: Sequence[tuple[SeatingRequest, SeatingOutcome]]) -> TablesFound:
    request, outcome = asked[-1]
    return TablesFound((request,), outcome, tuple(answer for _, answer in asked))


def keep_found_tables(loaded: LoadedDays, booking: Booking, need: TableNeed, found: TablesFound) -> TableKeeping:
    """Return the keeping of tables that the planner found free from `need.now` on; 1 query."""
    plan = found.outcome
    if not isinstance(plan, SeatingPlan):
        raise ValueError("tables are kept by a plan")
    staying = list(_list_staying(loaded, booking, need, plan.moves))
    # Where another party had the table in between, it is the party's from now on.
    lost = {row.table_id for row in staying if row.during.lower < need.now}
    kept_from = {table_id: need.now if table_id in lost else since for table_id, since in need.kept_from.items()}
    later = [row for row in staying if row.during.lower >= need.now]
    return TableKeeping(
        kept=tuple(_keep(booking, replace(need, kept_from=kept_from), later)),
        moves=plan.moves,
        outcomes=found.outcomes,
        solved=SolvedSeating(loaded.seating, found.requests, plan),
    )
