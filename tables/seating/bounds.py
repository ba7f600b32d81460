"""Cheap proofs that there is no plan: too many parties for the tables at one moment."""

from collections.abc import Iterator
from datetime import datetime

from tables.seating.index import Claim, StateIndex, bits_of
from tables.seating.question import Question


def is_refuted(question: Question) -> bool:
    """Say whether at some moment the parties that are there cannot all have tables of their own.

    A relaxation: every party present is to be given as many tables as its smallest option has. They may be any that
    belong to some option or to its present seat, each table to one party. A plan gives that at every moment, so without
    a matching at some moment there is no plan.

    A party that needs several tables stands for as many nodes in a bipartite graph (Hall, On Representatives of
    Subsets, 1935). The present seats are a matching of all parties but those that seek a seat. One augmenting path for
    each missing table completes it or shows that no matching does (Berge 1957). The search is one phase of Hopcroft and
    Karp 1973. Parties come at their starts: the moments between add none.

    Only the stays of requests are looked at, or of the parties to place if nothing is requested. At all other times it
    is known that every party can be seated.
    """
    return any(_is_short_of_tables(question, moment) for moment in _moments(question))


def _moments(question: Question) -> Iterator[datetime]:
    claims = question.request_claims or question.seeking
    met = 0
    for claim in claims:
        yield claim.starts_at
        met |= claim.meets
    for number in bits_of(met & (question.seated | question.placed)):
        starts_at = question.claim(number).starts_at
        if any(claim.starts_at < starts_at < claim.ends_at for claim in claims):
            yield starts_at


def _is_short_of_tables(question: Question, moment: datetime) -> bool:
    sitting = question.index.remembered(Sitting)
    coming = [claim for claim in question.seeking if claim.starts_at <= moment < claim.ends_at]
    if len(coming) == 1:
        return not sitting.has_tables_for(question.index, coming[0], moment)
    matching = sitting.at(question.index, moment)
    return not all(matching.add(claim) for claim in coming)


class Sitting:
    """The seating as it is, moment by moment: the same for every question about a state.

    A party there at a moment of some stay is connected to it in time, so that the question is about all of them.
    """

    def __init__(self) -> None:
        self._at: dict[datetime, Matching] = {}
        self._has_tables: dict[tuple[datetime, int, int], bool] = {}

    def has_tables_for(self, index: StateIndex, claim: Claim, moment: datetime) -> bool:
        """Say whether one more party could have tables at a moment; starts of a date ask the same of each moment."""
        key = moment, claim.reach, claim.fewest_tables
        if key not in self._has_tables:
            self._has_tables[key] = self.at(index, moment).add(claim)
        return self._has_tables[key]

    def at(self, index: StateIndex, moment: datetime) -> "Matching":
        """Return a matching of all parties that have a seat at a moment, to add others to."""
        if moment not in self._at:
            matching = self._at[moment] = Matching()
            for number in bits_of(index.present_at(moment) & ~index.unseated):
                claim = index.claim(number)
                # Who may stay though something fixed came over its tables shares them: it cannot be counted.
                if not claim.is_overlaid:
                    matching.seat(claim)
        return self._at[moment].copy()


class Matching:
    """Tables of its own for every party at one moment."""

    def __init__(self) -> None:
        self._reach: dict[int, int] = {}
        self._owner: dict[int, int] = {}
        self._taken = 0

    def copy(self) -> "Matching":
        """Return a matching to which parties can be added without changing this one."""
        copied = Matching()
        copied._reach, copied._owner, copied._taken = dict(self._reach), dict(self._owner), self._taken
        return copied

    def seat(self, claim: Claim) -> None:
        """Add a party that has a seat; it keeps as many of its tables as it needs."""
        self._reach[claim.number] = claim.reach
        for table in claim.kept_tables:
            self._give(table, claim.number)

    def add(self, claim: Claim) -> bool:
        """Add a party that has no seat; say whether there are tables for it."""
        self._reach[claim.number] = claim.reach
        return bool(claim.options) and all(self._augment(claim.number) for _ in range(claim.fewest_tables))

    def _give(self, table: int, number: int) -> None:
        self._owner[table] = number
        self._taken |= 1 << table

    def _augment(self, seeking: int) -> bool:
        """Find one more table for a party, breadth first over the tables that others could leave for another."""
        left_for: dict[int, tuple[int, int]] = {}
        seen, waiting = 0, [seeking]
        for number in waiting:
            reached = self._reach[number] & ~seen
            seen |= reached
            free = reached & ~self._taken
            if free:
                self._shift((free & -free).bit_length() - 1, number, left_for)
                return True
            for table in bits_of(reached):
                owner = self._owner[table]
                if owner != seeking and owner not in left_for:
                    left_for[owner] = (table, number)
                    waiting.append(owner)
        return False

    def _shift(self, table: int, number: int, left_for: dict[int, tuple[int, int]]) -> None:
        """Give a free table to a party, the table that this leaves to the next one, back to the party that seeks."""
        while number in left_for:
            left, successor = left_for[number]
            self._give(table, number)
            table, number = left, successor
        self._give(table, number)
