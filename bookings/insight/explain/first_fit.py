"""The answer of a system that never moves a party. Pure."""

from dataclasses import dataclass

from tables.seating import Seat, SeatingPlanner, SeatingRequest


@dataclass(frozen=True, slots=True)
class FirstFit:
    """The first free seat by number, None if all `tables` and `combinations` that suit are taken."""

    table_ids: tuple[int, ...] | None
    tables: int
    combinations: int


def first_fit(planner: SeatingPlanner, request: SeatingRequest) -> FirstFit:
    """Take the first suitable table by number that is free for all of the time, else the first combination.

    The evening is the planner's, with all parties where the planner left them. The comparison therefore shows the worth
    of the naive choice now, not the outcome of an evening of naive choices.
    """
    suitable = list(_by_number(planner, request))
    free = (
        seat.table_ids
        for seat in suitable
        if planner.occupancy.are_free(seat.table_ids, request.starts_at, request.ends_at)
    )
    combinations = sum(1 for seat in suitable if len(seat.table_ids) > 1)
    return FirstFit(next(free, None), len(suitable) - combinations, combinations)


def _by_number(planner: SeatingPlanner, request: SeatingRequest) -> list[Seat]:
    distinct: dict[frozenset[int], Seat] = {}
    for seat in planner.state.floor.seats:
        if seat.suits(request.party_size, request.seating, request.channel):
            distinct.setdefault(frozenset(seat.table_ids), seat)
    # The seats of a floor are in the order of their numbers, which sorting keeps.
    return sorted(distinct.values(), key=lambda seat: len(seat.table_ids) > 1)
