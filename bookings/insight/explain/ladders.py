"""The changes to try for a case that is refused."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count, takewhile

from bookings.decision import ALTERNATIVES_WITHIN, Assessment
from bookings.decision.starts import offered_starts
from bookings.insight.explain.changes import Case
from bookings.insight.explain.holders import RELEASABLE_STATES, Holder, HolderState
from bookings.insight.explain.levers import Ladder, LeverKind, RaisedLimit, Trial, raised_limits
from bookings.selectors.plans import Names, shown
from capacity.calendar.wall_clock import minutes_between, shown_span, shown_time
from capacity.policy import CAPACITY_REASONS, IN_HOUSE, ONLINE, ReasonCode
from config.values import counted
from tables.seating import Seat

# Enough to choose from: the more levers of one kind, the fewer of others can be shown.
MOST_OF_A_KIND = 3
SHORTEST_SHARE_OF_STAY = 0.5

# What holds tables, by booking or by block.
Groups = dict[str, tuple[Holder, ...]]


@dataclass(frozen=True)
class Refused:
    """A case, the reasons of its refusal, the holders of tables in its time, and the names of all of them."""

    case: Case
    assessment: Assessment
    holders: tuple[Holder, ...]
    names: Names

    @property
    def codes(self) -> frozenset[ReasonCode]:
        return frozenset(reason.code for reason in self.assessment.decision.reasons)


def ladders_for(refused: Refused) -> Iterator[Ladder]:
    """Yield the ladders to try; a reason that no limit and no table can change leaves only some of them."""
    yield from _other_starts(refused)
    yield Ladder(_smaller_parties(refused))
    yield Ladder(_in_house(refused))
    if refused.codes <= CAPACITY_REASONS:
        yield Ladder(_shorter_stays(refused))
        yield from _with_limits_raised(refused)


def _with_limits_raised(refused: Refused) -> Iterator[Ladder]:
    case, raised = _raised(refused)
    if raised:
        yield Ladder([Trial(LeverKind.LIMITS, case, "", 0, limits=raised)])
    if refused.assessment.seating is None or refused.assessment.plan is not None:
        # No table is needed, or there is one: nothing on the floor stands in the way.
        return
    yield Ladder(_without_wish(case, raised))
    yield Ladder(_releases(refused, case, raised), MOST_OF_A_KIND)
    yield Ladder(_openings(refused, case, raised), MOST_OF_A_KIND)
    yield Ladder(_lifted_blocks(refused, case, raised), MOST_OF_A_KIND)


def _raised(refused: Refused) -> tuple[Case, tuple[RaisedLimit, ...]]:
    """Return the case with all refusing limits as high as needed, and these limits."""
    case, size = refused.case, refused.case.wish.party_size
    refusing = [use for use in refused.assessment.uses if use.refuses(use.asked_by(size))]
    return (case.with_room_in(refusing) if refusing else case), raised_limits(refusing, size)


def _other_starts(refused: Refused) -> Iterator[Ladder]:
    """Yield the ladders of earlier and of later starts of the same business date within 2 hours, the nearest first."""
    case, asked_at = refused.case, refused.case.wish.starts_at
    starts = [
        found
        for found in offered_starts(case.loaded, case.wish.business_date)
        if abs(found[1].starts_at - asked_at) <= ALTERNATIVES_WITHIN
    ]
    earlier = [found for found in reversed(starts) if found[1].starts_at < asked_at]
    later = [found for found in starts if found[1].starts_at > asked_at]
    slot_minutes = case.loaded.settings.restaurant.slot_minutes
    for direction, near in (("earlier", earlier), ("later", later)):
        yield Ladder(_start(case.starting(service, slot), case, direction, slot_minutes) for service, slot in near)


def _start(moved: Case, asked: Case, direction: str, slot_minutes: int) -> Trial:
    minutes = abs(minutes_between(asked.wish.starts_at, moved.wish.starts_at))
    start = shown_time(moved.wish.starts_at, moved.loaded.settings.zone)
    text = f"{counted(minutes, 'minute')} {direction}, at {start}"
    return Trial(LeverKind.OTHER_START, moved, text, steps=-(-minutes // slot_minutes))


def _smaller_parties(refused: Refused) -> Iterator[Trial]:
    case, asked = refused.case, refused.case.wish.party_size
    largest = asked - 1
    if case.wish.channel == ONLINE:
        largest = min(largest, case.loaded.settings.window.party_size_max)
    for size in range(largest, 0, -1):
        yield Trial(LeverKind.PARTY_SIZE, case.of_size(size), f"a party of {size} fits", steps=asked - size)


def _in_house(refused: Refused) -> Iterator[Trial]:
    if refused.case.wish.channel == ONLINE:
        yield Trial(LeverKind.CHANNEL, refused.case.by(IN_HOUSE), "book it in house instead of online", steps=1)


def _shorter_stays(refused: Refused) -> Iterator[Trial]:
    case, usual = refused.case, refused.assessment.turn_minutes
    slot_minutes = case.loaded.settings.restaurant.slot_minutes
    shorter = ((steps, usual - steps * slot_minutes) for steps in count(1))
    for steps, minutes in takewhile(lambda stay: stay[1] >= usual * SHORTEST_SHARE_OF_STAY and stay[1] > 0, shorter):
        text = f"a stay of {minutes} instead of {counted(usual, 'minute')}"
        yield Trial(LeverKind.SHORTER_STAY, case.staying(minutes), text, steps)


def _without_wish(case: Case, raised: tuple[RaisedLimit, ...]) -> Iterator[Trial]:
    if case.wish.seating is not None:
        text = f"give up the wish for {case.wish.seating.replace('_', ' ')}"
        yield Trial(LeverKind.SEATING_WISH, case.without_wish(), text, 1, limits=raised)


def _openings(refused: Refused, case: Case, raised: tuple[RaisedLimit, ...]) -> Iterator[Trial]:
    """Yield the tables that would do if they were open to the way in, those of one seat together."""
    wish, floor = case.wish, case.floor
    closed = [
        frozenset(table_id for table_id in seat.table_ids if wish.channel not in floor.by_id[table_id].audience)
        for seat in floor.seats
        if _suits_but_for_audience(seat, case)
    ]
    for table_ids in sorted(dict.fromkeys(closed), key=len):
        tables = refused.names.tables(table_ids)
        text = f"allow {shown(tables)} for {wish.channel.replace('_', '-')}"
        yield Trial(LeverKind.AUDIENCE, case.opening(table_ids), text, len(tables), limits=raised, tables=tables)


def _suits_but_for_audience(seat: Seat, case: Case) -> bool:
    wish = case.wish
    return (
        seat.min_party_size <= wish.party_size <= seat.max_party_size
        and (wish.seating is None or seat.seating_types == {wish.seating})
        and wish.channel not in seat.audience
    )


def _releases(refused: Refused, case: Case, raised: tuple[RaisedLimit, ...]) -> Iterator[Trial]:
    """Yield the bookings that a person could release, one by one, then those of one seat together."""
    fixed = [holder for holder in refused.holders if holder.state in RELEASABLE_STATES]
    by_booking: Groups = {}
    for holder in fixed:
        by_booking[holder.reference] = (*by_booking.get(holder.reference, ()), holder)
    for references in _sets_in_the_way(case, by_booking):
        groups = [by_booking[reference] for reference in references]
        released = case.releasing(holder for group in groups for holder in group)
        text = " and ".join(_release_text(refused.names, group) for group in groups)
        yield Trial(LeverKind.RELEASE, released, text, len(groups), limits=raised, references=references)


def _release_text(names: Names, holders: Sequence[Holder]) -> str:
    first = holders[0]
    tables = shown(names.tables(holder.table_id for holder in holders))
    who = f"{first.reference} (party of {first.party_size} at {shown_time(first.starts_at, names.zone)}, {tables})"
    return f"unpin {who}" if first.state == HolderState.PINNED else f"re-seat {who} although it is about to come"


def _lifted_blocks(refused: Refused, case: Case, raised: tuple[RaisedLimit, ...]) -> Iterator[Trial]:
    """Yield the blocks that could be lifted, one by one, then those of one seat together."""
    blocks = [holder for holder in refused.holders if holder.state == HolderState.BLOCK]
    by_place: Groups = {f"{place:06}": (block,) for place, block in enumerate(blocks)}
    for places in _sets_in_the_way(case, by_place):
        lifted = [block for place in places for block in by_place[place]]
        tables = refused.names.tables({block.table_id for block in lifted})
        text = " and ".join(_block_text(refused.names, block) for block in lifted)
        yield Trial(LeverKind.UNBLOCK, case.lifting(lifted), text, len(lifted), limits=raised, tables=tables)


def _block_text(names: Names, block: Holder) -> str:
    span = " to ".join(shown_span(block.starts_at, block.ends_at, names.zone))
    return f"lift the block of {names.numbers[block.table_id]} from {span} ({block.reason})"


def _sets_in_the_way(case: Case, groups: Groups) -> Iterator[tuple[str, ...]]:
    """Yield each holder of tables alone, then together the holders of the tables of one suitable seat."""
    yield from ((key,) for key in groups)
    wish = case.wish
    together = {
        tuple(key for key, group in groups.items() if any(holder.table_id in seat.table_ids for holder in group)): None
        for seat in case.floor.suitable(wish.party_size, wish.seating, wish.channel)
    }
    yield from sorted((keys for keys in together if len(keys) > 1), key=len)
