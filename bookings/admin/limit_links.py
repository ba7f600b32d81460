"""The address where the limit of one service, or of single slots of it, is edited: its own rule, else a new one."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from urllib.parse import urlencode

from django.urls import reverse

from capacity.limits import Limit, LimitKind, Rule


@dataclass(frozen=True)
class LimitPlace:
    """The place of a limit: a service on one date, and of a limit of slots the wall times `[from_time, to_time)`."""

    restaurant_id: int
    period_id: int
    business_date: date
    from_time: time
    to_time: time

    def times(self, limit: Limit) -> tuple[time, time] | tuple[None, None]:
        """Return the times of a rule for a limit here: a whole service has none."""
        return (None, None) if limit.kind is LimitKind.SERVICE else (self.from_time, self.to_time)


def limit_url(place: LimitPlace, limit: Limit, number: int | None, rules: Iterable[Rule]) -> str:
    """Return the page of the rule for exactly this place, else that of a new one, filled in with `number`."""
    own = next((rule for rule in rules if _is_of(rule, place, limit)), None)
    if own is not None:
        return reverse("admin:capacity_capacityrule_change", args=[own.rule_id])
    from_time, to_time = place.times(limit)
    filled = {
        "restaurant": place.restaurant_id,
        "service_period": place.period_id,
        "from_date": place.business_date.isoformat(),
        "to_date": place.business_date.isoformat(),
        "from_time": f"{from_time:%H:%M}" if from_time else None,
        "to_time": f"{to_time:%H:%M}" if to_time else None,
        limit.column: number,
    }
    return f"{reverse('admin:capacity_capacityrule_add')}?{urlencode(_given(filled))}"


def _is_of(rule: Rule, place: LimitPlace, limit: Limit) -> bool:
    return (
        rule.period_id == place.period_id
        and rule.weekday is None
        and rule.from_date == place.business_date
        and rule.to_date in (None, place.business_date)
        and (rule.from_time, rule.to_time) == place.times(limit)
    )


def _given(values: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in values.items() if value is not None}
