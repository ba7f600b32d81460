"""The one way of a write of bookings: draft it, lock the touched days, draft it again, write. See docs/locking.md."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar, Final, Generic, TypeVar, final

from bookings.decision import LOCKED, SOLVING, WITHOUT_EXACT, SolvedSeating, Wish
from bookings.decision.touched_days import TouchedDays
from bookings.errors import RequestRefused, SeatingNotDecided
from bookings.services.recording import DecisionRecord, recording
from bookings.services.settings.materialization import materialize_missing
from capacity.locks import Locked, lock_service_days
from config import metrics
from config.errors import BookingConflict, DomainError
from config.group_commit import turn_at
from config.transactions import (
    Attempts,
    LockTooSmall,
    PlanOutdated,
    Reaction,
    begin_series,
    booking_terms,
    running,
)
from tables.seating import TimeBudget

# The reaction of a write of bookings to a violated constraint.
REACTIONS: Final = {
    "assignment_no_double_seating": Reaction.RUN_AGAIN,
    "booking_idempotency_key_unique_in_restaurant": Reaction.RUN_AGAIN,
    "bookings_booking_reference_key": Reaction.RUN_AGAIN,
    "table_block_unique_on_table": Reaction.RUN_AGAIN,
    "service_day_covers_within_limit": Reaction.DISAGREEMENT,
    "service_day_parties_within_limit": Reaction.DISAGREEMENT,
    "slot_starting_covers_within_limit": Reaction.DISAGREEMENT,
    "slot_starting_parties_within_limit": Reaction.DISAGREEMENT,
    "slot_present_covers_within_limit": Reaction.DISAGREEMENT,
    "slot_present_parties_within_limit": Reaction.DISAGREEMENT,
}
begin_series(REACTIONS)


@dataclass(frozen=True, kw_only=True)
class Draft:
    """The draft of a write on the state as it was read.

    `touched` are the service days that this depends on; `is_undecided` says that the planner ran out of time. A
    `refusal` was found under the lock.
    """

    touched: TouchedDays
    is_undecided: bool = False
    refusal: DomainError | None = None

    def stands(self, locked: Mapping[int, Locked]) -> bool:
        """Say whether the state that this was made on is that of the locked service days; never, unless it can tell."""
        return False

    @property
    def solved(self) -> SolvedSeating | None:
        """Return the planner's question and answer, to be used again where nothing has changed."""
        return None


D = TypeVar("D", bound=Draft)
R = TypeVar("R")


class PlannedWrite(ABC, Generic[D, R]):
    """A use case that writes bookings: it reads and decides in `draft`, writes rows in `write`; `run` does the rest.

    Subclasses never lock: `run` holds the service days that the draft touches when it drafts again and writes.
    """

    operation: ClassVar[str]
    """The label of metrics and logs."""
    record: DecisionRecord | None = None
    """The record of the decision, None where there is none."""
    before_lock: ClassVar[TimeBudget] = SOLVING
    under_lock: ClassVar[TimeBudget] = LOCKED
    at_first_sight: ClassVar[TimeBudget] = WITHOUT_EXACT
    """The time budgets of the planner: before the lock, under it, and under it where it was not asked before."""
    is_drafted_at_gate: ClassVar[bool] = False
    """Whether a draft can tell if it `stands` under the lock, so that it may be made behind the gate already.

    Another call of the process, which holds the lock, may then draft and write it as well.
    """

    @abstractmethod
    def draft(self, budget: TimeBudget, before: D | None) -> D:
        """Read the state and decide; write nothing. `before` is the draft that was made before this one, if any."""

    @abstractmethod
    def write(self, draft: D) -> R:
        """Write the rows of a draft that was made under the lock and is possible."""

    def draft_behind(self, draft: D, *, is_taken: bool) -> D | None:
        """Decide after another write of this kind, under its lock, without a read: None, the default, cannot.

        `draft` is the other's, made on the state before it, which `is_taken` says to be followed by what it writes.
        """
        return None

    def write_together(self, drafts: Sequence[D]) -> list[R]:
        """Write the rows of this write and others of its kind, in their order; the default knows one that is alone."""
        return [self.write(draft) for draft in drafts]

    def days_at_first_sight(self) -> TouchedDays | None:
        """Return the days to lock, where they are known without a draft; None, the default, asks for one."""
        return None

    def draft_before_lock(self) -> D:
        """Draft without a lock, and create the service days that are missing.

        Raises: `SeatingNotDecided`; the errors of the draft.
        """
        draft = self._draft_unlocked(None)
        if draft.touched.missing:
            materialize_missing(restaurant_id=draft.touched.restaurant_id, keys=draft.touched.missing)
            draft = self._draft_unlocked(draft)
        return draft

    def refuse_early(self, draft: D) -> None:
        """Raise a refusal that is sure before the lock already, so that no service day is created for it."""

    def require_possible(self, draft: D) -> None:
        """Raise the refusal of a draft that cannot be written, before any row is; a preview asks too."""

    def find_written(self) -> R | None:
        """Find the result of an earlier call for the same request: asked where this one is refused or starts over."""
        return None

    def list_alternatives(self) -> Sequence[Wish]:
        """List the starts to offer where the write is refused; asked after the transaction, without a lock."""
        return ()

    @final
    def preview(self) -> D:
        """Return the draft that `run` would begin with, if it is possible now; nothing is locked, written or recorded.

        Raises: `SeatingNotDecided`; the errors of draft and write.
        """
        with _offering(self.list_alternatives):
            draft = self._draft_unlocked(None)
            self.require_possible(draft)
        return draft

    @final
    def run(self) -> R:
        """Draft without a lock, create missing days, wait at the gate, lock, draft again, compare, write; then record.

        Runs the whole again until the deadline where another transaction was faster.

        Raises: `BookingConflict`; the errors of draft and write.
        """
        with (
            recording(self.record),
            _offering(self.list_alternatives),
            _counting_undecided(),
            running(booking_terms(self.operation, REACTIONS)) as attempts,
        ):
            while True:
                with attempts.attempt():
                    try:
                        return self._attempt(attempts)
                    except DomainError:
                        # Asked after the transaction: a key read inside would conflict with all who write one.
                        if (written := self.find_written()) is not None:
                            return written
                        raise

    def _attempt(self, attempts: Attempts) -> R:
        if attempts.count > 1 and (written := self.find_written()) is not None:
            # By a twin, or by a call whose answer was lost.
            return written
        days, before = None if attempts.were_outdated else self.days_at_first_sight(), None
        if days is None:
            before = self.draft_before_lock()
            days = before.touched
        budget = self.under_lock if before else self.at_first_sight
        group, decide = self._group(attempts, days, before), partial(self._decide, days)
        with turn_at(group, decide, self.write_together, seconds=attempts.remaining_seconds) as turn:
            if turn.is_written_by_another:
                return turn.result()
            with attempts.gate(days) as is_first_in_line:
                # Behind the gate nobody is faster, nearly always. What is read here cannot conflict in the transaction.
                draft = self.draft(budget, before) if is_first_in_line and self.is_drafted_at_gate else None
                with attempts.transaction():
                    # The only lock of a write. The queries after it read a state that no other write changes now.
                    locked = lock_service_days(days.service_day_ids)
                    if draft is None or not draft.stands(locked):
                        draft = self.draft(budget, before)
                    turn.write_all(self._decided(days, draft))
        return turn.result()

    def _group(self, attempts: Attempts, days: TouchedDays, before: D | None) -> Hashable:
        """Return what the calls have in common that are written together; None for one that runs by itself."""
        is_grouped = attempts.terms.grouped and attempts.count == 1 and before is None and self.is_drafted_at_gate
        return (type(self), days.service_day_ids) if is_grouped else None

    def _decide(self, days: TouchedDays, before: D | None) -> D | None:
        """Decide under the lock of another call: behind what that has decided, or on a read of what it has written."""
        if before is None:
            return self._decided(days, self.draft(self.at_first_sight, None))
        draft = self.draft_behind(before, is_taken=before.refusal is None)
        return None if draft is None else self._decided(days, draft)

    def _decided(self, days: TouchedDays, draft: D) -> D:
        """Return a draft whose days are locked, with the refusal where it cannot be written.

        Raises: `PlanOutdated`, `LockTooSmall`.
        """
        if draft.is_undecided:
            raise PlanOutdated
        if not days.cover(draft.touched):
            raise LockTooSmall
        try:
            self.require_possible(draft)
        except DomainError as refusal:
            return replace(draft, refusal=refusal)
        return draft

    def _draft_unlocked(self, before: D | None) -> D:
        draft = self.draft(self.before_lock, before)
        if draft.is_undecided:
            raise SeatingNotDecided
        self.refuse_early(draft)
        return draft


@contextmanager
def _offering(list_alternatives: Callable[[], Sequence[Wish]]) -> Iterator[None]:
    """Add alternatives to a refusal: advice that costs no lock."""
    try:
        yield
    except RequestRefused as refusal:
        refusal.alternatives = list_alternatives()
        raise


@contextmanager
def _counting_undecided() -> Iterator[None]:
    """Count a call that ends because the planner found neither a plan nor a proof in time."""
    try:
        yield
    except BookingConflict as conflict:
        if isinstance(conflict, SeatingNotDecided) or isinstance(conflict.__cause__, PlanOutdated):
            metrics.booking_seating_undecided.inc()
        raise
