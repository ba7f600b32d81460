"""The tables that a change of the floor takes away from parties. Pure: two floors and the tables of a party."""

from collections.abc import Collection
from dataclasses import dataclass

from config.cached import cached_property
from tables.seating import Floor

# Party sizes, smallest and largest, that tables take together; more than one where a combination is declared twice.
Sizes = dict[frozenset[int], list[tuple[int, int]]]


@dataclass(frozen=True)
class FloorChange:
    """The tables and combinations given out before and after a change; `leaving` are ids of tables to be deleted."""

    before: Floor
    after: Floor
    leaving: frozenset[int] = frozenset()

    @cached_property
    def tables_lost(self) -> frozenset[int]:
        """Return the tables that took a party size before, alone or combined, and may not now, and those that leave."""
        lost = [
            table_ids
            for table_ids, ranges in self._sizes_before.items()
            for smallest, largest in ranges
            if not any(low <= smallest and largest <= high for low, high in self._sizes_after.get(table_ids, ()))
        ]
        return self.leaving.union(*lost)

    @cached_property
    def every_table(self) -> Floor:
        """Return a floor that knows the tables of both, by which they can be named."""
        return Floor(tuple({**self.before.by_id, **self.after.by_id}.values()))

    def evicts(self, table_ids: Collection[int], party_size: int) -> bool:
        """Say whether a party could keep these tables before, and should not any more.

        Tables that no party would have been given before either were chosen by a person, and stay. Wishes and ways in
        do not matter: a party that has a table was let in.
        """
        tables = frozenset(table_ids)
        if tables & self.leaving or any(
            table_id in self.before.by_id and table_id not in self.after.by_id for table_id in tables
        ):
            return True
        return _take(self._sizes_before, tables, party_size) and not _take(self._sizes_after, tables, party_size)

    @cached_property
    def _sizes_before(self) -> Sizes:
        return _sizes(self.before)

    @cached_property
    def _sizes_after(self) -> Sizes:
        return _sizes(self.after)


def _sizes(floor: Floor) -> Sizes:
    return {
        table_ids: [(seat.min_party_size, seat.max_party_size) for seat in seats]
        for table_ids, seats in floor.seats_at.items()
    }


def _take(sizes: Sizes, table_ids: frozenset[int], party_size: int) -> bool:
    return any(low <= party_size <= high for low, high in sizes.get(table_ids, ()))
