"""The times at which tables are taken: an index that is built once and asked many times."""

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from itertools import accumulate

from tables.seating.problem import OccupiedInterval


class Occupancy:
    """The index of occupied intervals.

    Intervals of a table may overlap (a block over a booking). A look-up is a binary search: of the intervals that start
    before the asked end, the latest end decides.
    """

    def __init__(self, intervals: Iterable[OccupiedInterval]) -> None:
        by_table: defaultdict[int, list[OccupiedInterval]] = defaultdict(list)
        for interval in intervals:
            if interval.starts_at < interval.ends_at:
                by_table[interval.table_id].append(interval)
        self._starts: dict[int, list[datetime]] = {}
        self._latest_ends: dict[int, list[datetime]] = {}
        for table_id, taken in by_table.items():
            taken.sort(key=lambda interval: interval.starts_at)
            self._starts[table_id] = [interval.starts_at for interval in taken]
            self._latest_ends[table_id] = list(accumulate((interval.ends_at for interval in taken), max))

    def is_free(self, table_id: int, starts_at: datetime, ends_at: datetime) -> bool:
        """Say whether nothing meets [starts_at, ends_at) on a table."""
        earlier = bisect_left(self._starts.get(table_id, ()), ends_at)
        return earlier == 0 or self._latest_ends[table_id][earlier - 1] <= starts_at

    def are_free(self, table_ids: Iterable[int], starts_at: datetime, ends_at: datetime) -> bool:
        """Say whether nothing meets [starts_at, ends_at) on any of some tables."""
        return all(self.is_free(table_id, starts_at, ends_at) for table_id in table_ids)
