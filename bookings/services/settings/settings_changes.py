"""Change the settings of a restaurant, and fit its future service days to them in the same transaction."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

from django.db.models import F, Model, ProtectedError, RestrictedError

from bookings.decision.floor_change import FloorChange
from bookings.decision.time_budgets import RESEATING_ALL_LOCKED
from bookings.errors import PeriodsOverlap, RecordInUse, TableInUse
from bookings.models import Booking, TableAssignment
from bookings.selectors import list_excesses
from bookings.selectors.undecided import Problems, Undecided, problems_in, undecided_of
from bookings.services.floor.outcomes import MovedParty
from bookings.services.rollout import DATES_STILL_RUNNING, record_mode_change, sign
from bookings.services.rows.events import Actor
from bookings.services.rows.overrides import RaisedExcess, record_settings_excess
from bookings.services.settings.refit import missing_services, refit_service_days
from bookings.services.settings.reseating import PartyLeft, Reseated, reseat_after_change
from bookings.services.settings.zone_change import follow_zone, require_known_zone
from bookings.services.upkeep.deferral import defer_materialization
from capacity.calendar import find_overlaps
from capacity.locks import lock_future_service_days
from capacity.models import CapacityRule, ServiceDay, ServicePeriod
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
class SettingsOutcome:
    """The outcome of a change of settings for the future.

    `service_days` were fitted; `raised` is the excess above limits, authorised by this change. `stranded` could be made
    again as they are before it, and cannot any more; `waiting` wait for a decision since before. `moves` are parties
    that were given other tables because theirs do not take them any more, or to make room for these. `left` could not
    be moved and keep their tables. `rescheduled` kept date and time in another zone: their guests have to be told.
    """

    service_days: int
    raised: tuple[RaisedExcess, ...]
    stranded: tuple[Undecided, ...] = ()
    waiting: tuple[Undecided, ...] = ()
    moves: tuple[MovedParty, ...] = ()
    left: tuple[PartyLeft, ...] = ()
    rescheduled: tuple[Booking, ...] = ()

    @property
    def unnamed(self) -> tuple[Undecided, ...]:
        """Return the stranded bookings that are not among those `left` at their tables."""
        left = {party.booking.pk for party in self.left}
        return tuple(
            found for found in self.stranded if found.booking.pk not in left or found.is_about_more_than_tables
        )


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
    `keeps_wall_clock` says that it may. A dry run is the same, rolled back.

    Raises: `RecordNotFound`, `PeriodsOverlap`, `ZoneChangeRefused`, `SettingsInvalid`, `TableInUse`, `RecordInUse`,
    `BookingConflict`; the errors of `change`.
    """
    lock_restaurant_settings(restaurant_id)
    settings = get_service_settings(restaurant_id)
    days = lock_future_service_days(restaurant_id, from_date=settings.today - DATES_STILL_RUNNING)
    mode_before = settings.restaurant.enforcement
    stranded_before = problems_in({restaurant_id: settings})
    before_change = settings
    floor_before = load_floor(restaurant_id, also=emptied) if emptied else settings.floor
    leaving = change() or ()
    settings = get_service_settings(restaurant_id)
    rescheduled = follow_zone(
        before_change, settings, days, keeps_wall_clock=keeps_wall_clock, reason=reason, actor=actor, label=label
    )
    before = list_excesses(day.pk for day in days)
    if settings.restaurant.enforcement != mode_before:
        record_mode_change(settings.restaurant, mode_before, sign(reason=reason, actor=actor, label=label))
    _require_disjoint_periods(settings)
    days += _create_missing_days(settings, days)
    refit_service_days(settings, days, counts_all=before_change.zone != settings.zone)
    reseated = _fit_floor(settings, floor_before, leaving, reason)
    raised = record_settings_excess(restaurant_id, (day.pk for day in days), before=before, reason=reason, actor=actor)
    stranded, waiting = _list_stranded(settings, stranded_before)
    outcome = SettingsOutcome(len(days), raised, stranded, waiting, reseated.moves, reseated.left, rescheduled)
    if is_dry_run:
        _undo(restaurant_id)
    else:
        defer_materialization(restaurant_id=restaurant_id)
    return outcome


def _fit_floor(settings: ServiceSettings, before: Floor, leaving: Sequence[Table], reason: str) -> Reseated:
    """Re-seat the parties that the change left at unsuitable tables; then delete the tables that leave."""
    for table in leaving:
        _give_out_no_more(table)
    after = load_floor(settings.restaurant.pk)
    change = FloorChange(before, after, frozenset(table.pk for table in leaving))
    reseated = reseat_after_change(settings, change, purpose=reason, budget=RESEATING_ALL_LOCKED)
    for table in leaving:
        _require_no_future_assignments(table)
        _delete(table)
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
    )


def save_row(row: Model, columns: Collection[str] | None = None) -> None:
    """Save a settings row, or these columns of it, inside a change of settings; a capacity rule counts its changes.

    The record of a decision names a rule with its version, so that a limit of the past can be told from one of today.
    """
    if not isinstance(row, CapacityRule) or row._state.adding:
        row.save(update_fields=columns)
        return
    # In the database: a change that runs again after a rollback counts once.
    row.version = F("version") + 1
    row.save()
    row.refresh_from_db(fields=["version"])


def _reason_of(row: Model) -> str:
    if isinstance(row, Table) and row.status != TableStatus.ACTIVE:
        return f"{row} is {row.get_status_display().lower()}"
    return f"{row._meta.verbose_name} saved: {row}"


def delete_settings_row(*, row: Model, actor: Actor = None, is_dry_run: bool = False) -> SettingsOutcome:
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
    )


def _restaurant_id_of(row: Model) -> int:
    restaurant_id: int = row.pk if isinstance(row, Restaurant) else getattr(row, "restaurant_id")  # noqa: B009 - every settings row has one; `Model` does not say so
    return restaurant_id


def delete_row(row: Model) -> tuple[Table, ...]:
    """Delete a settings row inside a change of settings, or retire it if it must stay.

    A table goes at the end of the change, when its parties have other tables: it is returned, for the change to return
    it.

    Raises: `RecordInUse`.
    """
    if isinstance(row, Table):
        return (row,)
    if isinstance(row, ServicePeriod) and row.service_days.exists():
        row.retired_at = read_clock()
        row.save(update_fields=["retired_at"])
    else:
        _delete(row)
    return ()


def _delete(row: Model) -> None:
    try:
        # By query: `row.delete()` would forget the key, which an attempt after a rollback needs again.
        type(row)._default_manager.filter(pk=row.pk).delete()
    except (ProtectedError, RestrictedError) as error:
        name = f"{row._meta.verbose_name} {row}"
        raise RecordInUse(f"Other records refer to {name}: it can be retired, not deleted") from error


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
