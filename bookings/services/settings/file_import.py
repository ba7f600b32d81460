"""Import a restaurant file, or the tables of one by CSV, in one transaction that fits future service days to it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from bookings.models.booking import Actor
from bookings.restaurant_file import rows
from bookings.restaurant_file.comparing import Change, compare
from bookings.restaurant_file.csv_tables import TableLines
from bookings.restaurant_file.entries import RestaurantFile
from bookings.restaurant_file.stored import load_stored, to_file
from bookings.services.settings.file_rows import apply_changes
from bookings.services.settings.outcomes import SettingsOutcome
from bookings.services.settings.settings_changes import change_settings, create_restaurant
from tables.models import Restaurant, Table


@dataclass(frozen=True)
class ImportOutcome:
    """The outcome of an import; `settings` is None for a new restaurant and where nothing changed."""

    changes: tuple[Change, ...]
    settings: SettingsOutcome | None = None


def plan_import(*, file: RestaurantFile) -> tuple[Change, ...]:
    """List the changes that an import would make; writes nothing."""
    return compare(load_stored(file.restaurant.slug), file)


def import_restaurant(
    *,
    file: RestaurantFile,
    actor: Actor = None,
    label: str = "",
    keeps_wall_clock: bool = False,
    is_dry_run: bool = False,
) -> ImportOutcome:
    """Change a restaurant to the state of its file; a second time changes nothing and locks nothing.

    Locks as `change_settings` does, all in one transaction. `label` names the actor from a shell. With
    `keeps_wall_clock` bookings may follow another zone. A dry run is the same, rolled back.

    Raises: `PeriodsOverlap`, `ZoneChangeRefused`, `TableInUse`, `RecordInUse`, `BookingConflict`.
    """
    restaurant = Restaurant.objects.filter(slug=file.restaurant.slug).first()
    if restaurant is None:
        return _create(file, is_dry_run)
    if not plan_import(file=file):
        return ImportOutcome(())
    return _update(
        restaurant,
        lambda: plan_import(file=file),
        actor=actor,
        label=label,
        keeps_wall_clock=keeps_wall_clock,
        is_dry_run=is_dry_run,
    )


def plan_tables(*, slug: str, lines: TableLines) -> tuple[Change, ...]:
    """List the changes that an import of tables would make; writes nothing.

    Raises: `RestaurantFileInvalid`, `RecordNotFound`.
    """
    stored = load_stored(slug)
    changes = compare(stored, lines.on(to_file(stored)))
    return tuple(change for change in changes if change.key == "tables")


def import_tables(
    *, restaurant: Restaurant, lines: TableLines, actor: Actor = None, confirmed: str | None = None
) -> ImportOutcome:
    """Add and change the tables that a CSV file names, and leave the others; a second time changes nothing.

    Locks as `change_settings` does, all in one transaction. Saved are the rows and the consequences that a person has
    `confirmed`, or nothing.

    Raises: `RestaurantFileInvalid`, `ChangeUnconfirmed` with the rows, `BookingConflict`.
    """
    if not plan_tables(slug=restaurant.slug, lines=lines):
        return ImportOutcome(())
    return _update(restaurant, lambda: plan_tables(slug=restaurant.slug, lines=lines), actor=actor, confirmed=confirmed)


def _create(file: RestaurantFile, is_dry_run: bool) -> ImportOutcome:
    restaurant = Restaurant(**rows.restaurant_columns(file.restaurant))
    changes = plan_import(file=file)
    create_restaurant(restaurant=restaurant, change=lambda: apply_changes(restaurant, changes), is_dry_run=is_dry_run)
    return ImportOutcome(changes)


def _update(
    restaurant: Restaurant, plan: Callable[[], tuple[Change, ...]], *, confirmed: str | None = None, **signed: Any
) -> ImportOutcome:
    changes: tuple[Change, ...] = ()

    def change() -> Sequence[Table]:
        nonlocal changes
        # Compared anew under the lock: a person may have saved a setting since.
        changes = plan()
        return apply_changes(restaurant, changes)

    settings = change_settings(
        restaurant_id=restaurant.pk,
        change=change,
        reason=f"Import of {restaurant.slug}",
        rows=lambda: changes,
        confirmed=confirmed,
        **signed,
    )
    return ImportOutcome(changes, settings)
