"""The order of a period: decisions and events, each at its moment.

The events of a booking happen to the party that stands for it as long after its start. If that start is earlier or
later than the real booking's, its evening moves with it.
"""

import heapq
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import count

from bookings.choices import EventKind
from bookings.insight.what_if.record import Happening, Record, Request

# Done at any time before the start, from afar: when, does not depend on it.
BEFOREHAND = frozenset({EventKind.CANCELLED, EventKind.EXPIRED})

Step = Request | Happening


class Timeline:
    """Yield all steps in the order of time; of one moment decisions come first, then by id.

    The events of a booking are left out until `follow` names the start of the party that stands for it.
    """

    def __init__(self, record: Record) -> None:
        self._entries: list[tuple[datetime, int, int, int, Step]] = []
        # What is still to become of each booking, as it really was, and what was made of it last.
        self._ahead: defaultdict[int, list[Happening]] = defaultdict(list)
        self._planned: dict[int, Happening] = {}
        self._number = count()
        for request in (*record.requests, *record.changes):
            self._add(request.decided_at, 0, request.decision_id, request)
        for happening in record.happenings:
            self._ahead[happening.booking_id].append(happening)

    def __iter__(self) -> Iterator[Step]:
        while self._entries:
            *_, step = heapq.heappop(self._entries)
            if isinstance(step, Happening):
                if self._planned.get(step.event_id) is not step:
                    continue
                self._take(step)
            yield step

    def follow(self, booking_id: int, starts_at: datetime, later: timedelta) -> None:
        """Plan the coming events of a booking for a party that starts `later` than it, at `starts_at`."""
        for happening in self._ahead[booking_id]:
            planned = _planned(happening, starts_at, later)
            self._planned[happening.event_id] = planned
            self._add(planned.happened_at, 1, planned.event_id, planned)

    def _add(self, moment: datetime, rank: int, step_id: int, step: Step) -> None:
        heapq.heappush(self._entries, (moment, rank, step_id, next(self._number), step))

    def _take(self, step: Happening) -> None:
        del self._planned[step.event_id]
        ahead = self._ahead[step.booking_id]
        ahead[:] = [event for event in ahead if event.event_id != step.event_id]


def _planned(happening: Happening, starts_at: datetime, later: timedelta) -> Happening:
    """Return a copy that is distinct from every other plan."""
    if happening.kind in BEFOREHAND and happening.happened_at < starts_at:
        return replace(happening)
    ends_at = None if happening.ends_at is None else happening.ends_at + later
    return replace(happening, happened_at=happening.happened_at + later, ends_at=ends_at)
