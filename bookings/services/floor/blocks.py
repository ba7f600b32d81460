"""Keep tables free for a time: parties in the way are re-seated, those that cannot be are named and keep theirs."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from bookings.decision.reseating import Reseating, Solved, plan_reseating
from bookings.decision.time_budgets import RESEATING, RESEATING_LOCKED
from bookings.decision.touched_days import find_days_meeting, stored_days_meeting
from bookings.models.booking import Actor
from bookings.services.floor.outcomes import MovedParty
from bookings.services.settings.confirmation import require_confirmed
from bookings.services.settings.outcomes import SettingsOutcome
from bookings.services.settings.reseating import (
    FloorInTime,
    PartyLeft,
    Reseated,
    load_floor_in_time,
    outcome_of,
    write_reseating,
)
from bookings.services.settings.table_status import names_of
from bookings.services.writes import Draft, PlannedWrite
from capacity.models import ServiceDay
from capacity.selectors import ServiceSettings, get_service_settings
from config.errors import InputInvalid, RecordNotFound
from config.values import CONTROL_CHARACTERS, OUT_OF_YEARS, PROBLEMS, has_control_characters, is_within_years
from tables.choices import TableStatus
from tables.models import Section, Table, TableBlock
from tables.seating import OccupiedInterval, TimeBudget
from tables.spans import TimeSpan

LONGEST_BLOCK = timedelta(days=62)
REASON_LENGTH = 200
# A party's table is its own until its buffer is over, which may be after the end of its service day.
LONGEST_BUFFER = timedelta(minutes=240)


@dataclass(frozen=True)
class BlockOutcome:
    """The blocks, the parties moved for them, and those left on a blocked table: a person has to decide about these."""

    blocks: tuple[TableBlock, ...]
    moves: tuple[MovedParty, ...] = ()
    left: tuple[PartyLeft, ...] = ()


def block_tables(
    *,
    restaurant_id: int,
    table_ids: Sequence[int],
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    actor: Actor = None,
    confirmed: str | None = None,
) -> BlockOutcome:
    """Keep tables free of parties in [starts_at, ends_at), at most 62 days; the same once more is no change.

    Locks the service days that meet the time, creating those that are not there, and those of the parties that may be
    moved. Parties in the way are re-seated if the planner can: all of them, else as many as possible. A party that is
    pinned, has arrived, is seated or about to start stays and is listed; the tables are blocked around it. `confirmed`
    is as in a change of settings.

    Raises: `InputInvalid`, `RecordNotFound`, `BookingConflict`, `ChangeUnconfirmed`.
    """
    known = Table.objects.filter(restaurant_id=restaurant_id).in_bulk(set(table_ids))
    if not known or len(known) < len(set(table_ids)):
        raise InputInvalid.of_field("tableIds", "unknown", "Name one or more tables of this restaurant.")
    verb = "is" if len(known) == 1 else "are"
    return BlockTables(
        _Blocking(
            restaurant_id=restaurant_id,
            table_ids=tuple(sorted(known)),
            interval=TimeSpan(starts_at, ends_at),
            reason=reason.strip(),
            purpose=f"{names_of(known.values())} {verb} blocked",
        ),
        actor,
        confirmed,
    ).run()


def block_section(
    *,
    restaurant_id: int,
    section_id: int,
    starts_at: datetime,
    ends_at: datetime,
    reason: str,
    actor: Actor = None,
    confirmed: str | None = None,
) -> BlockOutcome:
    """Keep all tables of a section free of parties, those that are not retired; see `block_tables`.

    Raises: `InputInvalid`, also for a section without tables; `RecordNotFound`, `BookingConflict`, `ChangeUnconfirmed`.
    """
    section = Section.objects.filter(restaurant_id=restaurant_id, pk=section_id).first()
    if section is None:
        raise RecordNotFound
    tables = Table.objects.filter(section=section).exclude(status=TableStatus.RETIRED)
    table_ids = tuple(tables.order_by("pk").values_list("pk", flat=True))
    if not table_ids:
        raise InputInvalid.of_field("sectionId", "empty", f"No tables stand in {section}.")
    interval = TimeSpan(starts_at, ends_at)
    blocking = _Blocking(restaurant_id, table_ids, interval, reason.strip(), f"{section} is blocked")
    return BlockTables(blocking, actor, confirmed).run()


def unblock_table(*, block_id: int, actor: Actor = None) -> TableBlock:
    """Give a blocked table back; locks the service days that meet the block. Returns the block that is gone.

    Raises: `RecordNotFound`, also the second time; `BookingConflict`.
    """
    return UnblockTable(block_id).run()


@dataclass(frozen=True)
class _Blocking:
    """The tables and time of a block, and its reason in the history of the parties moved for it."""

    restaurant_id: int
    table_ids: tuple[int, ...]
    interval: TimeSpan
    reason: str
    purpose: str

    def __post_init__(self) -> None:
        interval = self.interval
        if not self.reason:
            raise InputInvalid.of_field(
                "reason", "required", "Say why: the history of every party that is moved names it."
            )
        if has_control_characters(self.reason):
            raise InputInvalid.of_field("reason", CONTROL_CHARACTERS, PROBLEMS[CONTROL_CHARACTERS])
        if len(self.reason) > REASON_LENGTH:
            raise InputInvalid.of_field("reason", "too_long", f"At most {REASON_LENGTH} characters.")
        for field, instant in (("startsAt", interval.starts_at), ("endsAt", interval.ends_at)):
            if not is_within_years(instant.date()):
                raise InputInvalid.of_field(field, "out_of_range", OUT_OF_YEARS)
        if interval.ends_at <= interval.starts_at:
            raise InputInvalid.of_field("endsAt", "order", "The end must be after the start.")
        if interval.ends_at - interval.starts_at > LONGEST_BLOCK:
            message = f"At most {LONGEST_BLOCK.days} days. For longer, take the table out of service."
            raise InputInvalid.of_field("endsAt", "too_long", message)


@dataclass(frozen=True, kw_only=True)
class BlockDraft(Draft):
    """The blocks that are there, the parties in the way and their new tables; `groups` are the planner's answers."""

    there: tuple[TableBlock, ...]
    floor: FloorInTime
    evicted: frozenset[int]
    reseating: Reseating
    groups: Solved


def _require_to_come(blocking: _Blocking, settings: ServiceSettings) -> None:
    if blocking.interval.ends_at <= settings.now:
        raise InputInvalid.of_field("endsAt", "past", "That time is over already.")


@dataclass
class BlockTables(PlannedWrite[BlockDraft, BlockOutcome]):
    """Tables that are kept free for a time."""

    operation = "block_tables"
    before_lock = RESEATING
    under_lock = RESEATING_LOCKED
    blocking: _Blocking
    actor: Actor
    confirmed: str | None = None

    def draft(self, budget: TimeBudget, before: BlockDraft | None) -> BlockDraft:
        """Plan the moves of the parties in the way.

        Raises: `InputInvalid` for a time that is over, `RecordNotFound`.
        """
        blocking, groups = self.blocking, dict(before.groups) if before else {}
        settings = get_service_settings(blocking.restaurant_id)
        _require_to_come(blocking, settings)
        there = _list_blocks(blocking)
        floor = _load_floor(settings, blocking)
        evicted = floor.parties_at(blocking.table_ids, blocking.interval)
        reseating = plan_reseating(floor.loaded.seating, evicted.intersection(floor.loaded.movable), budget, groups)
        own = TimeSpan(blocking.interval.starts_at - LONGEST_BUFFER, blocking.interval.ends_at)
        known = before.groups.values() if before else reseating.groups
        return BlockDraft(
            touched=find_days_meeting(settings, [own], also=_looked_at(floor, reseating)),
            # A question that time ran out for before the lock has no answer under it.
            is_undecided=any(group.undecided for group in reseating.groups if group not in known),
            there=there,
            floor=floor,
            evicted=evicted,
            reseating=reseating,
            groups=groups,
        )

    def write(self, draft: BlockDraft) -> BlockOutcome:
        """Write the blocks that are not there, and the parties that move for them."""
        blocking = self.blocking
        if len(draft.there) == len(blocking.table_ids):
            return BlockOutcome(draft.there, left=outcome_of(draft.floor, draft.evicted, Reseating()).left)
        write_reseating(draft.floor, draft.reseating, purpose=f"{blocking.purpose}: {blocking.reason}")
        _write_blocks(blocking, {block.table_id for block in draft.there}, self.actor)
        reseated = outcome_of(draft.floor, draft.evicted, draft.reseating)
        self._require_confirmed(draft, reseated)
        return BlockOutcome(_list_blocks(blocking), reseated.moves, reseated.left)

    def _require_confirmed(self, draft: BlockDraft, reseated: Reseated) -> None:
        """Undo the blocks where parties move, or stay in the way, other than a person has confirmed.

        Raises: `ChangeUnconfirmed`.
        """
        if self.confirmed is not None:
            outcome = SettingsOutcome(service_days=0, raised=(), moves=reseated.moves, left=reseated.left)
            days = ServiceDay.objects.filter(pk__in=draft.touched.service_day_ids)
            require_confirmed(outcome, self.confirmed, settings=draft.floor.loaded.settings, days=days)


def _list_blocks(blocking: _Blocking) -> tuple[TableBlock, ...]:
    """List the blocks of exactly this time that are there, in 1 query."""
    same = TableBlock.objects.filter(
        table__in=blocking.table_ids, starts_at=blocking.interval.starts_at, ends_at=blocking.interval.ends_at
    )
    return tuple(same.select_related("table").order_by("table_id"))


def _write_blocks(blocking: _Blocking, there: set[int], actor: Actor) -> None:
    TableBlock.objects.bulk_create(
        TableBlock(
            restaurant_id=blocking.restaurant_id,
            table_id=table_id,
            starts_at=blocking.interval.starts_at,
            ends_at=blocking.interval.ends_at,
            reason=blocking.reason,
            created_by_id=actor.pk if actor else None,
        )
        for table_id in blocking.table_ids
        if table_id not in there
    )


def _load_floor(settings: ServiceSettings, blocking: _Blocking) -> FloorInTime:
    interval = blocking.interval
    blocked = (OccupiedInterval(table_id, interval.starts_at, interval.ends_at) for table_id in blocking.table_ids)
    return load_floor_in_time(settings, settings.floor, interval, also=blocked)


def _looked_at(floor: FloorInTime, reseating: Reseating) -> list[TimeSpan]:
    """Return the times of all parties that were looked at, and of the holds that have to be freed for the moves."""
    holds = (
        hold.blocked
        for hold in floor.loaded.expired_holds
        if any(span.overlaps(hold.blocked) for span in reseating.spans)
    )
    return [*reseating.spans, *holds]


def _get_block(block_id: int) -> TableBlock:
    block = TableBlock.objects.select_related("table", "restaurant").filter(pk=block_id).first()
    if block is None:
        raise RecordNotFound
    return block


@dataclass(frozen=True, kw_only=True)
class UnblockDraft(Draft):
    """A block that is there."""

    block: TableBlock


@dataclass
class UnblockTable(PlannedWrite[UnblockDraft, TableBlock]):
    """A blocked table that is given back."""

    operation = "unblock_table"
    block_id: int

    def draft(self, budget: TimeBudget, before: UnblockDraft | None) -> UnblockDraft:
        """Read the block.

        Raises: `RecordNotFound`.
        """
        block = _get_block(self.block_id)
        span = TimeSpan(block.starts_at - LONGEST_BUFFER, block.ends_at)
        return UnblockDraft(touched=stored_days_meeting(block.restaurant_id, span), block=block)

    def write(self, draft: UnblockDraft) -> TableBlock:
        """Delete the block."""
        TableBlock.objects.filter(pk=self.block_id).delete()
        return draft.block
