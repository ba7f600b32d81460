"""Tables that a person chose, or that a party had: their use, their fit for it, and the parties that have them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bookings.decision import LoadedDays
from bookings.decision.occupied import without_occupied
from bookings.errors import TablesNotSuitable, TableTaken
from bookings.models import TableAssignment
from bookings.services.rows.seating import shown_tables
from capacity.calendar.wall_clock import shown_time
from capacity.policy import Reason, ReasonCode
from capacity.selectors import ServiceSettings
from config.errors import RecordNotFound
from tables.models import Table, TableBlock
from tables.seating import OccupiedInterval, SeatingRefusal, SeatingRequest, natural_key
from tables.spans import TimeSpan


def require_suitable_tables(loaded: LoadedDays, table_ids: Sequence[int], party_size: int) -> None:
    """Require that chosen tables are in use and take a party; 1 query where one of them is not in use.

    Raises: `RecordNotFound` for a table of no restaurant or of another, `TablesNotSuitable`.
    """
    if not table_ids:
        raise TablesNotSuitable("empty", "Choose at least one table")
    if fault := _find_fault(loaded.settings, table_ids, party_size):
        raise TablesNotSuitable(*fault)


def why_unusable(
    settings: ServiceSettings,
    table_ids: Sequence[int],
    party_size: int,
    during: TimeSpan | None,
    *,
    loaded: LoadedDays | None = None,
) -> str:
    """Say why a party cannot be given tables that it had, empty where it can: the one rule of all ways back to a table.

    They are out of service or retired, do not take it any more, or are blocked in a time. Other parties are for the
    planner to see. Runs 1 query where a table is not in use; 1 for blocks, none on loaded days with nothing there.
    """
    if fault := _find_fault(settings, table_ids, party_size):
        return fault[1]
    if during is None or (loaded is not None and not _is_anything_there(loaded, table_ids, during)):
        return ""
    blocks = {line: None for _, line, _ in _blocks_at(settings, table_ids, during)}
    return " and ".join(blocks)


def _is_anything_there(loaded: LoadedDays, table_ids: Sequence[int], during: TimeSpan) -> bool:
    return any(taken.table_id in table_ids and during.overlaps(taken) for taken in loaded.seating.occupied)


def without_blocks(loaded: LoadedDays, table_ids: Sequence[int]) -> LoadedDays:
    """Return loaded days on which no block lies over some tables: a party that sits there stays all the same; 1 query.

    The planner has to be asked anew.
    """
    blocks = TableBlock.objects.filter(table_id__in=table_ids).values_list("table_id", "starts_at", "ends_at")
    lying = [OccupiedInterval(*block) for block in blocks]
    return replace(loaded, seating=without_occupied(loaded.seating, lying))


def _find_fault(settings: ServiceSettings, table_ids: Sequence[int], party_size: int) -> tuple[str, str] | None:
    """Return the code and the sentence of why tables take no party of a size, at any time."""
    if unused := _find_unused(settings, table_ids):
        return "not_in_use", unused
    chosen = tuple(table_ids)
    if settings.floor.takes(chosen, party_size):
        return None
    numbers = (settings.floor.by_id[table_id].number for table_id in chosen)
    sizes = " or ".join(f"{least} to {most}" for least, most in settings.floor.party_sizes_at(chosen))
    shown = shown_tables(sorted(numbers, key=natural_key))
    return "party_size", f"{shown} can take a party of {sizes}, not of {party_size}"


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
        *_blocks_at(loaded.settings, request.table_ids or (), wanted),
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
        until = shown_time(assignment.during.upper, loaded.settings.zone)
        number, reference = assignment.table.number, assignment.booking.reference
        yield number, f"{number} is taken by {reference} until {until}", assignment.booking_id in loaded.movable


def _blocks_at(
    settings: ServiceSettings, table_ids: Sequence[int], wanted: TimeSpan
) -> Iterator[tuple[str, str, bool]]:
    blocks = TableBlock.objects.filter(
        table_id__in=table_ids, starts_at__lt=wanted.ends_at, ends_at__gt=wanted.starts_at
    ).select_related("table")
    for block in blocks:
        until = shown_time(block.ends_at, settings.zone)
        yield block.table.number, f"{block.table.number} is blocked until {until}: {block.reason}", False


def _find_unused(settings: ServiceSettings, table_ids: Sequence[int]) -> str:
    """Say which tables are not in use, and why.

    Raises: `RecordNotFound`.
    """
    unused = [table_id for table_id in table_ids if table_id not in settings.floor.by_id]
    if not unused:
        return ""
    tables = list(Table.objects.filter(pk__in=unused, restaurant=settings.restaurant))
    if len(tables) < len(unused):
        raise RecordNotFound
    tables.sort(key=lambda table: natural_key(table.number))
    why = " and ".join(dict.fromkeys(table.get_status_display().lower() for table in tables))
    return f"{shown_tables([table.number for table in tables])} is not in use ({why})"
