"""The plans of the planner in the words of the staff: table numbers, references, times."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, time
from zoneinfo import ZoneInfo

from bookings.decision import LoadedDays
from bookings.models import Booking
from capacity.calendar import local_wall_time
from capacity.calendar.wall_clock import shown_time
from tables.models import Table
from tables.seating import Move, SeatingPlan, natural_key


@dataclass(frozen=True)
class ExplainedMove:
    """A party that goes to other tables; `from_tables` is empty for one that had none."""

    reference: str
    party_size: int
    wall_time: time
    shown_start: str
    starts_at: datetime
    from_tables: tuple[str, ...]
    to_tables: tuple[str, ...]

    @property
    def text(self) -> str:
        party = f"the {self.shown_start} party of {self.party_size}"
        if not self.from_tables:
            return f"seat {party}, which has no table, at {shown(self.to_tables)}"
        return f"move {party} from {shown(self.from_tables)} to {shown(self.to_tables)}"


@dataclass(frozen=True)
class ExplainedPlan:
    """The plan for a party: its tables, the moves that make room for it, and the planner's step behind them."""

    tables: tuple[str, ...]
    moves: tuple[ExplainedMove, ...]
    step: str
    spare_seats: int

    @property
    def text(self) -> str:
        moves = ", ".join(move.text for move in self.moves)
        return f"{shown(self.tables)} ({moves})" if moves else shown(self.tables)


@dataclass(frozen=True)
class Names:
    """The table numbers and booking references by id, with the clock on the wall."""

    zone: ZoneInfo
    numbers: dict[int, str]
    references: dict[int, str]

    def tables(self, table_ids: Iterable[int]) -> tuple[str, ...]:
        """Return table numbers in the order of people."""
        return tuple(sorted((self.numbers[table_id] for table_id in table_ids), key=natural_key))

    def wall_time(self, instant: datetime) -> time:
        """Return the time on the restaurant's clock at an instant."""
        return local_wall_time(instant, self.zone)

    def plan(self, loaded: LoadedDays, plan: SeatingPlan) -> ExplainedPlan:
        """Put a plan into words; `book` is the one that it was made on."""
        moves = sorted(plan.moves, key=lambda move: (loaded.movable[move.booking_id].starts_at, move.booking_id))
        return ExplainedPlan(
            tables=self.tables(plan.table_ids),
            moves=tuple(self.move(loaded, move) for move in moves),
            step=str(plan.step),
            spare_seats=plan.spare_seats,
        )

    def move(self, loaded: LoadedDays, move: Move) -> ExplainedMove:
        """Put a move into words."""
        party = loaded.movable[move.booking_id]
        return ExplainedMove(
            reference=self.references[move.booking_id],
            party_size=party.party_size,
            wall_time=self.wall_time(party.starts_at),
            shown_start=shown_time(party.starts_at, self.zone),
            starts_at=party.starts_at,
            from_tables=self.tables(move.from_table_ids),
            to_tables=self.tables(move.to_table_ids),
        )


def load_names(loaded: LoadedDays, booking_ids: Iterable[int] = ()) -> Names:
    """Load the numbers of all tables, and the references of some bookings and all movable ones, in 2 queries."""
    restaurant = loaded.settings.restaurant
    known = Booking.objects.filter(pk__in={*booking_ids, *loaded.movable})
    return Names(
        zone=restaurant.zone,
        numbers=dict(Table.objects.filter(restaurant=restaurant).values_list("pk", "number")),
        references=dict(known.values_list("pk", "reference")),
    )


def shown(tables: Iterable[str]) -> str:
    """Show table numbers as the staff says them: "T4 + T5"."""
    return " + ".join(tables) or "no table"
