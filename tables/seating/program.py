"""A question as a program in numbers: a column for every seat a party could have, a row for each thing shared."""

from bisect import bisect_left
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from tables.seating.floor import SeatingTable
from tables.seating.index import Claim, Option, StateIndex, bits_of
from tables.seating.question import Question

# What stands for the tables of a seat: how many of which kind.
Pattern = tuple[tuple[int, int], ...]
# The kind of a table by its bit: the lowest bit of its kind.
KindOf = Callable[[int], int]

# What makes tables one class: those with equal values are.
Alike = Callable[[StateIndex, SeatingTable], Hashable]

# The rows that a column uses, and how much of each.
Uses = tuple[list[int], list[int]]


class Column(NamedTuple):
    """A seat for a party, or any of the seats of one pattern; `option` None leaves it at its present seat."""

    number: int
    option: Option | None
    is_move: bool

    @property
    def is_home(self) -> bool:
        """Say whether it leaves its party where it is."""
        return self.option is None


@dataclass
class Program:
    """The choice of one column of every party, so that no row is used above its bound, with the fewest moves.

    The matrix is given column by column: column c has the entries from `starts[c]` to `starts[c + 1]`. A row of a party
    is met exactly (`lower` 1, `upper` 1), a row of tables at a moment at most (`lower` 0). The latter come last:
    `shared` gives the kind and the moment of each.
    """

    kind_of: KindOf
    columns: list[Column] = field(default_factory=list)
    lower: list[int] = field(default_factory=list)
    upper: list[int] = field(default_factory=list)
    starts: list[int] = field(default_factory=lambda: [0])
    rows: list[int] = field(default_factory=list)
    values: list[int] = field(default_factory=list)
    shared: list[tuple[int, datetime]] = field(default_factory=list)


def suiting_alike(index: StateIndex, table: SeatingTable) -> Hashable:
    """Return the key that two tables share if they suit the same parties, as one table each."""
    return table.min_party_size, table.max_party_size, table.seating_type, table.audience


def used_alike(index: StateIndex, table: SeatingTable) -> Hashable:
    """Return the key that tables share if, moreover, they are combined alike and have the same fixed stays."""
    combined = tuple(table.table_id in combination.table_ids for combination in index.floor.combinations)
    return suiting_alike(index, table), combined, index.fixed_stays_on(table.table_id)


def class_program(question: Question, alike: Alike) -> Program:
    """Return a coarse program: tables that are alike are one class, of which only a number is used.

    A relaxation: at any moment a plan uses no more tables of a class than there are. A combination uses as many as it
    has of each class. Without a solution there is no plan. A solution is not yet one: it does not name the table of its
    class that a party keeps for all of its time.
    """
    first_of: dict[Hashable, int] = {}
    class_of: dict[int, int] = {}
    for table in question.index.floor.tables:
        bit = question.index.table_mask((table.table_id,)).bit_length() - 1
        class_of[bit] = first_of.setdefault(alike(question.index, table), bit)
    return _Builder(question, lambda bit: class_of.get(bit, bit)).program()


def table_program(question: Question) -> Program:
    """Return the exact program: every table is a class of its own. Its solutions are the plans."""
    return _Builder(question, lambda bit: bit).program()


class _Builder:
    def __init__(self, question: Question, kind_of: KindOf) -> None:
        self._claims = [*question.seeking, *(question.claim(number) for number in bits_of(question.seated))]
        self._moments = _crowded_moments(question, self._claims)
        self._fixed_at = [question.index.fixed_tables_at(moment) for moment in self._moments]
        self._patterns = _Patterns(kind_of)
        self._free_at = [self._patterns.count(question.index.all_tables & ~fixed) for fixed in self._fixed_at]
        self._row_of: dict[tuple[int, int], int] = {}
        self._known_uses: dict[tuple[Pattern, int, int], Uses] = {}
        self._program = Program(kind_of)

    def program(self) -> Program:
        program = self._program
        program.lower, program.upper = [1] * len(self._claims), [1] * len(self._claims)
        for row, claim in enumerate(self._claims):
            first, last = bisect_left(self._moments, claim.starts_at), bisect_left(self._moments, claim.ends_at)
            for column, tables in self._alternatives(claim):
                # Who may stay under what is fixed there uses no more than that leaves of its tables.
                uses = self._uses_beside_fixed if claim.is_overlaid else self._uses
                rows, values = uses(tables, first, last)
                program.columns.append(column)
                program.rows += (row, *rows)
                program.values += (1, *values)
                program.starts.append(len(program.rows))
        return program

    def _alternatives(self, claim: Claim) -> Iterator[tuple[Column, int]]:
        """Yield the columns of a party with their tables, one for each pattern; to stay comes first."""
        patterns = self._patterns
        seen = set()
        if claim.home is not None:
            seen.add(patterns[claim.home.tables])
            yield Column(claim.number, None, is_move=False), claim.home.tables
        for option in claim.options:
            pattern = patterns[option.tables]
            if pattern not in seen:
                seen.add(pattern)
                yield Column(claim.number, option, is_move=claim.home is not None), option.tables

    def _uses(self, tables: int, first: int, last: int) -> Uses:
        """Return the rows that a stay uses, and the amount of each; many stays are alike, and share them."""
        key = self._patterns[tables], first, last
        if key not in self._known_uses:
            self._known_uses[key] = self._rows_of((moment, key[0]) for moment in range(first, last))
        return self._known_uses[key]

    def _uses_beside_fixed(self, tables: int, first: int, last: int) -> Uses:
        left = ((moment, tables & ~self._fixed_at[moment]) for moment in range(first, last))
        return self._rows_of((moment, self._patterns[of_tables]) for moment, of_tables in left)

    def _rows_of(self, used: Iterable[tuple[int, Pattern]]) -> Uses:
        uses = [(self._row(kind, moment), count) for moment, pattern in used for kind, count in pattern]
        return [row for row, _ in uses], [count for _, count in uses]

    def _row(self, kind: int, moment: int) -> int:
        row = self._row_of.get((kind, moment))
        if row is None:
            row = self._row_of[kind, moment] = len(self._program.upper)
            self._program.shared.append((kind, self._moments[moment]))
            self._program.lower.append(0)
            self._program.upper.append(self._free_at[moment][kind])
        return row


class _Patterns(dict[int, Pattern]):
    """The pattern of each set of tables that was asked for."""

    def __init__(self, kind_of: KindOf) -> None:
        super().__init__()
        self._kind_of = kind_of

    def __missing__(self, tables: int) -> Pattern:
        pattern = self[tables] = tuple(sorted(self.count(tables).items()))
        return pattern

    def count(self, tables: int) -> Counter[int]:
        """Return how many tables of each kind are among these."""
        return Counter(map(self._kind_of, bits_of(tables)))


def _crowded_moments(question: Question, claims: list[Claim]) -> list[datetime]:
    """Return the starts after which some party leaves before the next start.

    Parties that overlap in time do so at a start. Those present at a start left out are all present at the next one
    too.
    """
    starts = {claim.starts_at for claim in claims}
    starts.update(taken.starts_at for taken in question.index.occupied if taken.starts_at < taken.ends_at)
    moments = [moment for moment in sorted(starts) if question.span.starts_at <= moment < question.span.ends_at]
    present = [_present_at(question, moment) for moment in moments]
    later = [*present[1:], (0, 0)]
    return [
        moment
        for moment, (parties, fixed), (parties_later, fixed_later) in zip(moments, present, later, strict=True)
        if parties & ~parties_later or fixed & ~fixed_later
    ]


def _present_at(question: Question, moment: datetime) -> tuple[int, int]:
    requests = (claim for claim in question.request_claims if claim.starts_at <= moment < claim.ends_at)
    parties = question.index.present_at(moment) & (question.seated | question.placed)
    return parties | sum(1 << claim.number for claim in requests), question.index.fixed_at(moment)
