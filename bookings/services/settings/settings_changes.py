"""Change the settings of a restaurant, and fit its future service days to them in the same transaction."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from django.db.models import Model

from bookings.decision.floor_change import FloorChange
from bookings.decision.time_budgets import RESEATING_ALL_LOCKED
from bookings.errors import PeriodsOverlap, TableInUse
from bookings.models import Booking, TableAssignment
from bookings.models.booking import Actor
from bookings.selectors import LimitKey, list_excesses
from bookings.selectors.undecided import Problems, Undecided, problems_in, undecided_of
from bookings.services.rollout import DATES_STILL_RUNNING, record_mode_change, sign
from bookings.services.rows.overrides import RaisedExcess, record_settings_excess
from bookings.services.settings.confirmation import require_confirmed
from bookings.services.settings.outcomes import SettingsOutcome
from bookings.services.settings.refit import missing_services, refit_service_days
from bookings.services.settings.reseating import Reseated, reseat_after_change
from bookings.services.settings.settings_rows import delete_row, remove_row, save_row
from bookings.services.settings.zone_change import follow_zone, require_known_zone
from bookings.services.upkeep.deferral import defer_materialization
from capacity.calendar import find_overlaps
from capacity.locks import lock_future_service_days
from capacity.models import ServiceDay
from capacity.selectors import ServiceSettings, forget_settings, get_service_settings, read_clock
from config.transactions import settings_transaction, undo_transaction
from tables.choices import TableStatus
from tables.locks import lock_restaurant_settings
from tables.models import Restaurant, Table, TableCombination
from tables.seating import Floor
from tables.selectors import load_floor

# May return tables that are to be deleted, once no party sits there any more.
Change = Callable[[], Sequence[Table] | None]


@dataclass(frozen=True)
class _Before:
    """The state before a change, read under its locks: settings, service days, problems of bookings, and the floor."""

    settings: ServiceSettings
    days: list[ServiceDay]
    problems: Problems
    floor: Floor


@dataclass(frozen=True)
class _Signed:
    """The reason of a change and its actor, who has a label where there is no account; and whether clocks stay."""

    reason: str
    actor: Actor
    label: str
    keeps_wall_clock: bool


@settings_transaction
def change_settings(
    *,
    restaurant_id: int,
    change: Change,
    reason: str,
    actor: Actor = None,
    label: str = "",
    emptied: Collection[int] = (),
    keeps_wall_clock: bool = False,
    is_dry_run: bool = False,
    confirmed: str | None = None,
    rows: Callable[[], Sequence[object]] = tuple,
) -> SettingsOutcome:
    """Run a change of settings rows and fit the future service days and slots to it.

    Locks the restaurant row FOR NO KEY UPDATE, then its service days from yesterday on. `change` saves or deletes rows
    and may run more than once. It runs under these locks, so that a state that it looks at first (a table without a
    future) still holds when it acts. Nor does a new name or a deletion, which lock a row against references to it, meet
    a booking that holds a service day. Limits below the booked counts keep the bookings, as excess that this change
    authorises. Parties at tables that do not take them any more are re-seated, as many as can be. Another mode of the
    restaurant is an entry in the history of the rollout, by `actor` or, from a shell, by `label`. A job of the same
    transaction creates the days further ahead that are offered now and were not. Parties at tables that are `emptied`
    are concerned also where those were given out no more before. Another zone moves what lies ahead (`follow_zone`);
    `keeps_wall_clock` says that it may. A dry run is the same, rolled back. So is a change whose consequences are not
    those that a person has `confirmed`; None asks nobody (see `require_confirmed`). `rows` returns, after the change,
    the rows of a file, or of a grid, that are confirmed with them.

    Raises: `RecordNotFound`, `PeriodsOverlap`, `ZoneChangeRefused`, `SettingsInvalid`, `TableInUse`, `RecordInUse`,
    `BookingConflict`, `ChangeUnconfirmed`; the errors of `change`.
    """
    before = _lock(restaurant_id, emptied)
    leaving = change() or ()
    outcome = _follow(before, leaving, _Signed(reason, actor, label, keeps_wall_clock))
    if confirmed is not None:
        require_confirmed(outcome, confirmed, settings=before.settings, days=before.days, rows=rows())
    if is_dry_run:
        _undo(restaurant_id)
    else:
        defer_materialization(restaurant_id=restaurant_id)
    return outcome


def _lock(restaurant_id: int, emptied: Collection[int]) -> _Before:
    """Lock the restaurant, then its future service days, and read what a change begins with."""
    lock_restaurant_settings(restaurant_id)
    settings = get_service_settings(restaurant_id)
    days = lock_future_service_days(restaurant_id, from_date=settings.today - DATES_STILL_RUNNING)
    floor = load_floor(restaurant_id, also=emptied) if emptied else settings.floor
    return _Before(settings, days, problems_in({restaurant_id: settings}), floor)


def _follow(before: _Before, leaving: Sequence[Table], signed: _Signed) -> SettingsOutcome:
    """Let service days, limits and tables follow the settings as they are now; the locks are held."""
    settings = get_service_settings(before.settings.restaurant.pk)
    rescheduled = _follow_zone(before, settings, signed)
    excesses = list_excesses(day.pk for day in before.days)
    _record_mode(before, settings, signed)
    _require_disjoint_periods(settings)
    days = before.days + _create_missing_days(settings, before.days)
    changes = refit_service_days(before.settings, settings, days)
    reseated = _fit_floor(settings, before.floor, leaving, signed.reason)
    raised = _record_excess(settings, days, excesses, signed)
    stranded, waiting = _list_stranded(settings, before.problems)
    return SettingsOutcome(len(days), raised, stranded, waiting, reseated.moves, reseated.left, rescheduled, changes)


def _follow_zone(before: _Before, settings: ServiceSettings, signed: _Signed) -> tuple[Booking, ...]:
    return follow_zone(before.settings, settings, before.days, **vars(signed))


def _record_mode(before: _Before, settings: ServiceSettings, signed: _Signed) -> None:
    """Add another mode of the restaurant to the history of the rollout."""
    mode = before.settings.restaurant.enforcement
    if settings.restaurant.enforcement != mode:
        signature = sign(reason=signed.reason, actor=signed.actor, label=signed.label)
        record_mode_change(settings.restaurant, mode, signature)


def _record_excess(
    settings: ServiceSettings, days: Sequence[ServiceDay], before: Mapping[LimitKey, int], signed: _Signed
) -> tuple[RaisedExcess, ...]:
    ids = [day.pk for day in days]
    return record_settings_excess(settings.restaurant.pk, ids, before=before, reason=signed.reason, actor=signed.actor)


def _fit_floor(settings: ServiceSettings, before: Floor, leaving: Sequence[Table], reason: str) -> Reseated:
    """Re-seat the parties that the change left at unsuitable tables; then delete the tables that leave."""
    for table in leaving:
        _give_out_no_more(table)
    after = load_floor(settings.restaurant.pk)
    change = FloorChange(before, after, frozenset(table.pk for table in leaving))
    reseated = reseat_after_change(settings, change, purpose=reason, budget=RESEATING_ALL_LOCKED)
    for table in leaving:
        _require_no_future_assignments(table)
        remove_row(table)
    return reseated


def _give_out_no_more(table: Table) -> None:
    Table.objects.filter(pk=table.pk).update(status=TableStatus.RETIRED)
    # Without one of its tables a combination would seat its parties at what is left.
    TableCombination.objects.filter(tables=table).delete()


def _require_disjoint_periods(settings: ServiceSettings) -> None:
    overlaps = find_overlaps(settings.periods)
    if overlaps:
        raise PeriodsOverlap([(first.name, second.name) for first, second in overlaps])


def _create_missing_days(settings: ServiceSettings, days: list[ServiceDay]) -> list[ServiceDay]:
    """Create, without slots yet, the days that a new period adds between existing ones."""
    expected = missing_services(settings, days, settings.today)
    rows = [
        ServiceDay(
            restaurant_id=settings.restaurant.pk,
            service_period_id=key.period_id,
            business_date=key.business_date,
            starts_at=service.slots[0].starts_at,
            ends_at=service.slots[-1].ends_at,
        )
        for key, service in expected.items()
    ]
    return ServiceDay.objects.bulk_create(rows, batch_size=2000)


def _list_stranded(settings: ServiceSettings, before: Problems) -> tuple[tuple[Undecided, ...], tuple[Undecided, ...]]:
    """List the bookings that wait for a decision: those with a problem that they had not before, and the others."""
    undecided = undecided_of(problems_in({settings.restaurant.pk: settings}))
    stranded = [
        found for found in undecided if not found.keys <= {problem.key for problem in before.get(found.booking.pk, ())}
    ]
    return tuple(stranded), tuple(found for found in undecided if found not in stranded)


def save_settings_row(
    *,
    row: Model,
    columns: Collection[str] | None = None,
    actor: Actor = None,
    keeps_wall_clock: bool = False,
    is_dry_run: bool = False,
    confirmed: str | None = None,
) -> SettingsOutcome:
    """Save one row of a restaurant's settings, or these columns of it; see `change_settings`."""
    is_out = isinstance(row, Table) and row.status != TableStatus.ACTIVE
    return change_settings(
        restaurant_id=_restaurant_id_of(row),
        change=partial(save_row, row, columns),
        reason=_reason_of(row),
        actor=actor,
        emptied=[row.pk] if is_out and row.pk is not None else (),
        keeps_wall_clock=keeps_wall_clock,
        is_dry_run=is_dry_run,
        confirmed=confirmed,
    )


def _reason_of(row: Model) -> str:
    if isinstance(row, Table) and row.status != TableStatus.ACTIVE:
        return f"{row} is {row.get_status_display().lower()}"
    return f"{row._meta.verbose_name} saved: {row}"


def delete_settings_row(
    *, row: Model, actor: Actor = None, is_dry_run: bool = False, confirmed: str | None = None
) -> SettingsOutcome:
    """Delete one row of a restaurant's settings; a service period with a history is retired instead.

    Raises: `TableInUse` for a table with future assignments, `RecordInUse` where other records
    refer to the row; see also `change_settings`.
    """
    return change_settings(
        restaurant_id=_restaurant_id_of(row),
        change=partial(delete_row, row),
        reason=f"{row._meta.verbose_name} deleted: {row}",
        actor=actor,
        is_dry_run=is_dry_run,
        confirmed=confirmed,
    )


def _restaurant_id_of(row: Model) -> int:
    restaurant_id: int = row.pk if isinstance(row, Restaurant) else getattr(row, "restaurant_id")  # noqa: B009 - every settings row has one; `Model` does not say so
    return restaurant_id


def _require_no_future_assignments(table: Table) -> None:
    future = (
        TableAssignment.objects.filter(table=table, during__endswith__gt=read_clock())
        .select_related("booking")
        .order_by("during")
    )
    bookings = [assignment.booking for assignment in future]
    if bookings:
        raise TableInUse(number=table.number, bookings=bookings)


@settings_transaction
def create_restaurant(*, restaurant: Restaurant, change: Change | None = None, is_dry_run: bool = False) -> Restaurant:
    """Create a restaurant and, in the same transaction, the rows that `change` saves for it and a job for its days.

    A dry run is the same, rolled back.

    Raises: `PeriodsOverlap`, `BookingConflict`, and the errors of `change`.
    """
    require_known_zone(restaurant.timezone)
    # A run again must insert again: the row of the run before was rolled back with it.
    restaurant.pk = None
    restaurant._state.adding = True
    restaurant.save(force_insert=True)
    if change is not None:
        change()
    _require_disjoint_periods(get_service_settings(restaurant.pk))
    if is_dry_run:
        _undo(restaurant.pk)
    else:
        defer_materialization(restaurant_id=restaurant.pk)
    return restaurant


def _undo(restaurant_id: int) -> None:
    """End a dry run: the rows go with the transaction, and what the process has read of them with these."""
    undo_transaction()
    forget_settings(restaurant_id)
