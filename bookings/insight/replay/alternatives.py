"""The bookings that answered a refusal which offered other starts. Pure.

The decision records do not know guests, so this is a reckoning. An answer is a booking for as many guests on the same
business date, at one of the offered starts, soon after the refusal. Each booking answers one refusal, the
latest that fits: a guest takes another start from the page that names it.
"""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import NamedTuple

ANSWERED_WITHIN = timedelta(minutes=15)


class AlternativeRow(NamedTuple):
    """The columns of a decision that match answers with refusals; one neither accepted nor refused matches none."""

    id: int
    decided_at: datetime
    business_date: date
    party_size: int
    starts_at: datetime
    alternatives: tuple[datetime, ...]
    is_accepted: bool
    is_refused: bool


def match_alternatives(rows: Sequence[AlternativeRow]) -> dict[int, int]:
    """Return, by the id of each refusal that was answered, the id of the decision that accepted an offered start."""
    answers: dict[int, int] = {}
    waiting: defaultdict[tuple[date, int], list[AlternativeRow]] = defaultdict(list)
    for row in sorted(rows, key=lambda row: (row.decided_at, row.id)):
        alike = waiting[row.business_date, row.party_size]
        if row.is_refused:
            alike.append(row)
        elif row.is_accepted:
            alike[:] = [refused for refused in alike if row.decided_at - refused.decided_at <= ANSWERED_WITHIN]
            answered = next((refused for refused in reversed(alike) if row.starts_at in refused.alternatives), None)
            if answered is not None:
                answers[answered.id] = row.id
                alike.remove(answered)
    return answers
