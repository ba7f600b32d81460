"""One question: some requests on a state, and the parties that their answer may depend on."""

from dataclasses import dataclass, field, replace
from typing import Any

from config.cached import cached_property
from tables.seating.index import Claim, Option, StateIndex, bits_of
from tables.seating.problem import Move, SeatingPlan, SeatingRefusal, SeatingRequest, Step
from tables.spans import TimeSpan

# Who gets which seat: the number of a claim -> its option.
Seating = dict[int, Option]


@dataclass(frozen=True)
class Question:
    """A question: the seats of `requests`, and of the parties without tables in `placed`.

    The parties in `component` may be moved for them: every movable party that is connected to a request in time, over
    parties that overlap. No other party can be in their way, so the rest of the state is left alone.
    """

    index: StateIndex
    requests: tuple[SeatingRequest, ...]
    component: int
    placed: int = 0
    _meets: dict[int, int] = field(default_factory=dict, init=False, repr=False, compare=False)

    @cached_property
    def seeking(self) -> tuple[Claim, ...]:
        """Return the claims that have no seat yet: requests, then the parties to place."""
        return (*self.request_claims, *(self.index.claim(number) for number in bits_of(self.placed)))

    @cached_property
    def request_claims(self) -> tuple[Claim, ...]:
        """Return the claims of the requests, in an order that does not depend on the one they came in."""
        first = len(self.index.parties)
        return tuple(
            self.index.request_claim(first + place, self.requests[position])
            for place, position in enumerate(self.order)
        )

    @property
    def seated(self) -> int:
        """Return the mask of the parties that have a seat and may be moved from it."""
        return self.component & ~self.index.unseated

    @property
    def unseated(self) -> int:
        """Return the mask of the parties in the component that have no tables."""
        return self.component & self.index.unseated

    @cached_property
    def span(self) -> TimeSpan:
        """Return the time of the requests and of all parties that were looked at."""
        looked_at = (self.index.parties[number] for number in bits_of(self.component))
        return TimeSpan.around([*self.requests, *looked_at])

    def claim(self, number: int) -> Claim:
        """Return a claim by its number."""
        first = len(self.index.parties)
        return self.index.claim(number) if number < first else self.request_claims[number - first]

    def meets(self, number: int) -> int:
        """Return the mask of the claims, requests included, that are there at some of the same time as another."""
        if number not in self._meets:
            claim = self.claim(number)
            span = TimeSpan(claim.starts_at, claim.ends_at)
            others = (other for other in self.request_claims if other.number != number)
            self._meets[number] = claim.meets | sum(1 << other.number for other in others if span.overlaps(other))
        return self._meets[number]

    def placing(self, placed: int) -> "Question":
        """Return this question for other parties without tables."""
        return replace(self, placed=placed)

    def plan(self, seating: Seating, step: Step) -> SeatingPlan:
        """Return the plan that gives these seats."""
        first = len(self.index.parties)
        given = {position: seating[first + place].table_ids for place, position in enumerate(self.order)}
        return SeatingPlan(
            seats=tuple(given[position] for position in range(len(given))),
            spare_seats=sum(self._spare_seats(position, table_ids) for position, table_ids in given.items()),
            depends_on=self._span_of(step),
            moves=tuple(self._move(number, seating[number]) for number in sorted(seating) if number < first),
            step=step,
        )

    def refusal(self, step: Step) -> SeatingRefusal:
        """Return the proven answer that there is no plan."""
        suitable = {frozenset(seat.table_ids) for seat in self.index.suitable(self.requests[0])}
        first = self.request_claims[self.order.index(0)]
        free = sum(1 for option in first.options if not option.sitting & first.meets)
        return SeatingRefusal(len(suitable), len(suitable) - free, self._span_of(step), step)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Return the positions of the requests in the order of their claims."""
        return tuple(sorted(range(len(self.requests)), key=lambda position: _sort_key(self.requests[position])))

    def _span_of(self, step: Step) -> TimeSpan:
        return self.span if self.unseated or step is not Step.DIRECT else TimeSpan.around(self.requests)

    def _spare_seats(self, position: int, table_ids: tuple[int, ...]) -> int:
        return self.index.floor.chosen(table_ids).spare_seats(self.requests[position].party_size)

    def _move(self, number: int, option: Option) -> Move:
        party = self.index.parties[number]
        return Move(party.booking_id, party.table_ids, option.table_ids)


def ask(index: StateIndex, requests: tuple[SeatingRequest, ...]) -> Question:
    """Return the question of these requests, with all parties that are connected to them in time."""
    component = 0
    for request in requests:
        component |= index.connected(request)
    return Question(index, requests, component)


def _sort_key(request: SeatingRequest) -> tuple[Any, ...]:
    return (
        request.starts_at,
        request.ends_at,
        -request.party_size,
        request.seating or "",
        request.channel,
        request.table_ids or (),
    )
