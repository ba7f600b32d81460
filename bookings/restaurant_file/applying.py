"""Import a restaurant file in one transaction, through the services that fit future service days to it."""

from collections.abc import Sequence
from dataclasses import dataclass

from bookings.models import Booking, TableAssignment
from bookings.restaurant_file import rows
from bookings.restaurant_file.comparing import Action, Change, compare
from bookings.restaurant_file.entries import RestaurantFile
from bookings.restaurant_file.row_changes import apply_changes
from bookings.restaurant_file.stored import load_stored
from bookings.services import SettingsOutcome, change_settings, create_restaurant
from bookings.services.history import Actor
from capacity.selectors import read_clock
from tables.models import Restaurant


@dataclass(frozen=True)
class ImportOutcome:
    """What an import changed; `settings` is None for a new restaurant and where nothing changed.

    `seated_at_retired` are future bookings at tables that this import retired: they keep them.
    """

    changes: tuple[Change, ...]
    settings: SettingsOutcome | None = None
    seated_at_retired: tuple[Booking, ...] = ()


def plan_import(*, file: RestaurantFile) -> tuple[Change, ...]:
    """List what an import would change; writes nothing."""
    return compare(load_stored(file.restaurant.slug), file)


def import_restaurant(*, file: RestaurantFile, actor: Actor = None) -> ImportOutcome:
    """Make a restaurant what its file says; a second time changes nothing and locks nothing.

    Locks as `change_settings` does, all in one transaction.

    Raises: `PeriodsOverlap`, `TableInUse`, `RecordInUse`, `BookingConflict`.
    """
    restaurant = Restaurant.objects.filter(slug=file.restaurant.slug).first()
    if restaurant is None:
        return _create(file, actor)
    if not plan_import(file=file):
        return ImportOutcome(())
    return _update(restaurant, file, actor)


def _create(file: RestaurantFile, actor: Actor) -> ImportOutcome:
    restaurant = Restaurant(**rows.restaurant_columns(file.restaurant))
    changes = plan_import(file=file)
    create_restaurant(restaurant=restaurant, change=lambda: apply_changes(restaurant, changes), actor=actor)
    return ImportOutcome(changes)


def _update(restaurant: Restaurant, file: RestaurantFile, actor: Actor) -> ImportOutcome:
    changes: tuple[Change, ...] = ()

    def change() -> None:
        nonlocal changes
        # Compared anew under the lock: somebody may have saved a setting since.
        changes = plan_import(file=file)
        apply_changes(restaurant, changes)

    reason = f"Import of {file.restaurant.slug}"
    settings = change_settings(restaurant_id=restaurant.pk, change=change, reason=reason, actor=actor)
    return ImportOutcome(changes, settings, _list_seated_at_retired(changes))


def _list_seated_at_retired(changes: Sequence[Change]) -> tuple[Booking, ...]:
    retired = [change.row for change in changes if change.key == "tables" and change.action is Action.RETIRE]
    future = TableAssignment.objects.filter(table__in=retired, during__endswith__gt=read_clock())
    return tuple(assignment.booking for assignment in future.select_related("booking").order_by("during"))
