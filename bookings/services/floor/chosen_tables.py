"""Tables that a person chose: their use, their fit for the party, and the parties that have them."""

from collections.abc import Iterator, Sequence

from bookings.decision import LoadedDays
from bookings.decision.changes import party_sizes_at
from bookings.errors import TablesNotSuitable, TableTaken
from bookings.models import TableAssignment
from bookings.services.rows.seating import shown_tables, table_numbers
from capacity.calendar import local_wall_time
from capacity.policy import Reason, ReasonCode
from config.errors import RecordNotFound
from tables.models import Table, TableBlock
from tables.seating import SeatingRefusal, SeatingRequest, natural_key
from tables.spans import TimeSpan


def require_suitable_tables(loaded: LoadedDays, table_ids: Sequence[int], party_size: int) -> None:
    """Require that chosen tables are in use and take a party; 1 query where one of them is not in use.

    Raises: `RecordNotFound` for a table of no restaurant or of another, `TablesNotSuitable`.
    """
    if not table_ids:
        raise TablesNotSuitable("empty", "Choose at least one table")
    _require_in_use(loaded, table_ids)
    ranges = party_sizes_at(loaded.seating.floor, table_ids)
    if not any(smallest <= party_size <= largest for smallest, largest in ranges):
        shown = shown_tables(table_numbers(loaded, table_ids))
        sizes = " or ".join(f"{smallest} to {largest}" for smallest, largest in ranges)
        raise TablesNotSuitable("party_size", f"{shown} can take a party of {sizes}, not of {party_size}")


def table_taken(loaded: LoadedDays, requests: Sequence[SeatingRequest], refusal: SeatingRefusal) -> TableTaken:
    """Return the refusal of chosen tables: the parties that have them, and their ends; 2 queries a request.

    The parties that cannot be moved are named alone; where all could be, no other table takes the ones there.
    """
    found = [line for request in requests for line in _obstacles(loaded, request)]
    fixed = [line for line, is_movable in found if not is_movable]
    message = "; ".join(dict.fromkeys(fixed or [f"{line}, and nothing else takes that party" for line, _ in found]))
    return TableTaken(
        message or "A party that has no table yet could not be seated any more",
        reasons=[Reason(ReasonCode.NO_TABLE, limit=refusal.suitable, used=refusal.taken, asked=1)],
    )


def _obstacles(loaded: LoadedDays, request: SeatingRequest) -> Iterator[tuple[str, bool]]:
    """Yield the obstacles of a request, by table number, and whether each may be moved."""
    wanted = TimeSpan(request.starts_at, request.ends_at)
    lines = [
        *_parties_at(loaded, request.table_ids or (), wanted),
        *_blocks_at(loaded, request.table_ids or (), wanted),
    ]
    for _, line, is_movable in sorted(lines, key=lambda found: natural_key(found[0])):
        yield line, is_movable


def _parties_at(loaded: LoadedDays, table_ids: Sequence[int], wanted: TimeSpan) -> Iterator[tuple[str, str, bool]]:
    over = [hold.booking_id for hold in loaded.expired_holds]
    taken = (
        TableAssignment.objects.filter(table_id__in=table_ids, during__overlap=(wanted.starts_at, wanted.ends_at))
        .exclude(booking_id__in=[*over, *loaded.without])
        .select_related("table", "booking")
    )
    for assignment in taken:
        until = local_wall_time(assignment.during.upper, loaded.settings.zone)
        number, reference = assignment.table.number, assignment.booking.reference
        yield number, f"{number} is taken by {reference} until {until:%H:%M}", assignment.booking_id in loaded.movable


def _blocks_at(loaded: LoadedDays, table_ids: Sequence[int], wanted: TimeSpan) -> Iterator[tuple[str, str, bool]]:
    blocks = TableBlock.objects.filter(
        table_id__in=table_ids, starts_at__lt=wanted.ends_at, ends_at__gt=wanted.starts_at
    ).select_related("table")
    for block in blocks:
        until = local_wall_time(block.ends_at, loaded.settings.zone)
        yield block.table.number, f"{block.table.number} is blocked until {until:%H:%M}: {block.reason}", False


def _require_in_use(loaded: LoadedDays, table_ids: Sequence[int]) -> None:
    unused = [table_id for table_id in table_ids if table_id not in loaded.seating.floor.by_id]
    if not unused:
        return
    tables = {table.pk: table for table in Table.objects.filter(pk__in=unused, restaurant=loaded.settings.restaurant)}
    if len(tables) < len(unused):
        raise RecordNotFound
    shown = sorted((table.number for table in tables.values()), key=natural_key)
    raise TablesNotSuitable("not_in_use", f"{shown_tables(shown)} is not in use")
