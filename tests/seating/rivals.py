"""What other systems do: put a party on a table that is free, move nobody, refuse when none is."""

from collections.abc import Callable
from typing import Any

from tables.seating import Occupancy, OccupiedInterval, Seat, SeatingRequest, SeatingState

Rule = Callable[[Seat, SeatingRequest], Any]


def by_table_number(seat: Seat, request: SeatingRequest) -> Any:
    """Rank for first-fit: single tables by their number, then combinations."""
    return len(seat.table_ids), seat.number_key


def by_spare_seats(seat: Seat, request: SeatingRequest) -> Any:
    """Rank for best-fit: fewest spare seats, then fewest tables, then by number."""
    return seat.spare_seats(request.party_size), len(seat.table_ids), seat.number_key


def free_seat(state: SeatingState, request: SeatingRequest, rule: Rule) -> tuple[int, ...] | None:
    """Return the tables that a rule gives a request, or None where no seat is free."""
    held = (
        OccupiedInterval(table_id, party.starts_at, party.ends_at)
        for party in state.parties
        for table_id in party.table_ids
    )
    occupancy = Occupancy((*state.occupied, *held))
    suitable = state.floor.suitable(request.party_size, request.seating, request.channel)
    free = (seat for seat in suitable if occupancy.are_free(seat.table_ids, request.starts_at, request.ends_at))
    best = min(free, key=lambda seat: rule(seat, request), default=None)
    return best.table_ids if best else None
