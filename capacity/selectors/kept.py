"""The settings that a process keeps, by restaurant, and the version that says whether they hold."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock
from uuid import UUID

from cachetools import LRUCache
from django.db import connection
from django.db.models import BigIntegerField, QuerySet, Subquery

from capacity.clock import PREPARED_CLOCK, shown_instant
from capacity.models import EnforcementSwitch, ServicePeriod
from capacity.selectors.rows import list_closures, list_pauses, list_rules, list_turn_bands, period_hours
from capacity.selectors.service_settings import Facts, ServiceSettings
from config.errors import RecordNotFound
from config.group_commit import SharedWork
from config.statements import Parameter, Statement
from tables.models import Restaurant
from tables.selectors import load_floor


def _facts_of_restaurant() -> QuerySet[Restaurant, tuple[UUID, datetime, bool | None]]:
    found = Restaurant.objects.filter(pk=Parameter("restaurant_id", BigIntegerField()))
    return found.values_list("settings_version", PREPARED_CLOCK, SWITCH)


# The switch of enforcement, NULL if nobody ever touched it.
SWITCH = Subquery(EnforcementSwitch.objects.filter(pk=1).values("enforced"))
FACTS = Statement.of("facts_of_restaurant", _facts_of_restaurant)
# By restaurant: the settings that were read last. A worker that is asked for ten thousand houses keeps some.
_kept: LRUCache[int, ServiceSettings] = LRUCache(maxsize=512)
_keeping = Lock()


def get_service_settings(restaurant_id: int) -> ServiceSettings:
    """Get the settings of a restaurant in 1 query; 9 more where the process does not know this version of them.

    Of all who ask for them at once outside a transaction one reads.

    Raises: `RecordNotFound`.
    """
    rows = FACTS.run(restaurant_id=restaurant_id, shown=shown_instant())
    if not rows:
        raise RecordNotFound
    facts = Facts(*rows[0])
    kept = _kept_settings(restaurant_id)
    if kept is None or kept.version != facts.settings_version:
        # What a transaction has changed itself nobody else can read.
        load = _settings_of if connection.in_atomic_block else _LOADING.ask
        kept = load((restaurant_id, facts.settings_version))
    return kept.at(facts)


def presumed_settings(restaurant_id: int) -> ServiceSettings:
    """Return the settings that this process read last, by its own clock: they may not hold any more.

    No query, but as above where it has read none.
    """
    kept = _kept_settings(restaurant_id) or get_service_settings(restaurant_id)
    return replace(kept, now=shown_instant() or datetime.now(UTC), is_presumed=True)


def forget_settings(restaurant_id: int) -> None:
    """Forget the kept settings of a restaurant: they were read in a transaction that is rolled back."""
    with _keeping:
        _kept.pop(restaurant_id, None)


def _kept_settings(restaurant_id: int) -> ServiceSettings | None:
    with _keeping:
        return _kept.get(restaurant_id)


def _settings_of(asked: tuple[int, UUID]) -> ServiceSettings:
    """Return what is kept of a restaurant if it is of a version, else what is read now."""
    restaurant_id, version = asked
    kept = _kept_settings(restaurant_id)
    if kept is None or kept.version != version:
        kept = _load_settings(restaurant_id)
        with _keeping:
            _kept[restaurant_id] = kept
    return kept


def _settings_of_each(asked: Sequence[tuple[int, UUID]]) -> list[ServiceSettings]:
    return [_settings_of(each) for each in asked]


# Each of a hundred guests who come at once to a restaurant that the process does not know would read its settings.
_LOADING = SharedWork(_settings_of_each)


def _load_settings(restaurant_id: int) -> ServiceSettings:
    # The restaurant first: what is changed meanwhile is then kept under a version that nobody will ever see again.
    restaurant = Restaurant.objects.filter(pk=restaurant_id).first()
    if restaurant is None:
        raise RecordNotFound
    periods = list(ServicePeriod.objects.filter(restaurant_id=restaurant_id, retired_at__isnull=True).order_by("pk"))
    return ServiceSettings(
        restaurant=restaurant,
        now=datetime.now(UTC),
        is_enforced=True,
        periods=tuple(period_hours(period) for period in periods),
        modes={period.pk: period.seating_mode for period in periods},
        bands=list_turn_bands(restaurant_id),
        rules=list_rules(restaurant_id),
        closures=list_closures(restaurant_id),
        floor=load_floor(restaurant_id),
        pauses=list_pauses(restaurant_id),
    )
