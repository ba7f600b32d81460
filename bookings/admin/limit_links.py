"""The address where the limit of one service, or of single slots of it, is edited: its own rule, else a new one."""

from collections.abc import Iterable
from urllib.parse import urlencode

from django.urls import reverse

from capacity.limits import Limit, Rule
from capacity.scopes import LimitScope


def limit_url(restaurant_id: int, place: LimitScope, limit: Limit, number: int | None, rules: Iterable[Rule]) -> str:
    """Return the page of the rule for exactly this place, else that of a new one, filled in with `number`."""
    scope = place.of_limit(limit)
    own = next((rule for rule in rules if scope.is_of(rule)), None)
    if own is not None:
        return reverse("admin:capacity_capacityrule_change", args=[own.rule_id])
    filled: dict[str, object] = {
        "restaurant": restaurant_id,
        "service_period": scope.period_id,
        "from_date": scope.on_date,
        "to_date": scope.on_date,
        "from_time": f"{scope.from_time:%H:%M}" if scope.from_time else None,
        "to_time": f"{scope.to_time:%H:%M}" if scope.to_time else None,
        limit.column: number,
    }
    return f"{reverse('admin:capacity_capacityrule_add')}?{urlencode(_given(filled))}"


def _given(values: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}
