"""Set limits of many scopes at once: rules are made, changed and, where they say nothing any more, deleted."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.core.exceptions import ValidationError
from django.db.models import F

from bookings.models.booking import Actor
from bookings.services.settings.outcomes import SettingsOutcome
from bookings.services.settings.settings_changes import change_settings
from capacity.limits import LIMIT_FIELDS, Limit
from capacity.models import CapacityRule, ServicePeriod
from capacity.scopes import LimitScope
from capacity.selectors import rule_of
from config.errors import InputInvalid

Numbers = Mapping[str, int | None]


class LimitEdit(NamedTuple):
    """The number that a limit gets in a scope; None leaves it to less specific rules."""

    scope: LimitScope
    limit: Limit
    number: int | None


@dataclass(frozen=True)
class WrittenRule:
    """A rule that was made, changed or deleted, with its limits before and after."""

    rule: CapacityRule
    before: Numbers
    after: Numbers

    @property
    def is_new(self) -> bool:
        """Say whether the rule was made."""
        return not _says_something(self.before)

    @property
    def is_gone(self) -> bool:
        """Say whether the rule was deleted."""
        return not _says_something(self.after)


class LimitsSet(NamedTuple):
    """The outcome of limits that were set, and the rules that were written."""

    outcome: SettingsOutcome
    rules: tuple[WrittenRule, ...]


def set_limits(
    *, restaurant_id: int, edits: Sequence[LimitEdit], actor: Actor = None, confirmed: str | None = None
) -> LimitsSet:
    """Set limits of a restaurant, all of them or none, in one change of settings; see `change_settings`.

    A person confirms them also where nothing follows from them: under other settings they are asked about anew.

    Raises: `InputInvalid`, and the errors of `change_settings`.
    """
    change = _LimitChange(restaurant_id, edits)
    outcome = change_settings(
        restaurant_id=restaurant_id,
        change=change.write,
        reason=_reason_of(edits),
        actor=actor,
        confirmed=confirmed,
        rows=lambda: [(edit.scope, edit.limit.column, edit.number) for edit in edits],
    )
    return LimitsSet(outcome, tuple(change.written))


def _reason_of(edits: Sequence[LimitEdit]) -> str:
    return f"limits set: {', '.join(dict.fromkeys(edit.limit.name for edit in edits))}"


@dataclass
class _LimitChange:
    """A change of limits; it may run more than once, and each time reads the rules anew."""

    restaurant_id: int
    edits: Sequence[LimitEdit]
    written: list[WrittenRule] = field(default_factory=list)

    def write(self) -> None:
        """Write all edits in 5 statements at most."""
        self._require_periods()
        numbers: dict[LimitScope, dict[str, int | None]] = {}
        for edit in self.edits:
            numbers.setdefault(edit.scope, {})[edit.limit.column] = edit.number
        rows = list(CapacityRule.objects.filter(restaurant=self.restaurant_id).order_by("pk"))
        known = [(row, rule_of(row), _limits_of(row)) for row in rows]
        touched = [row for scope, wanted in numbers.items() for row in self._apply(scope, wanted, known)]
        before: dict[int | None, Numbers] = {row.pk: limits for row, _, limits in known}
        self.written = list(_written(touched, before))
        _store(self.written)

    def _require_periods(self) -> None:
        asked = {edit.scope.period_id for edit in self.edits if edit.scope.period_id is not None}
        offered = ServicePeriod.objects.filter(restaurant=self.restaurant_id, retired_at=None, pk__in=asked)
        if offered.count() != len(asked):
            raise InputInvalid.of_field("edits", "unknown", "A service is not offered any more. Open the page again.")

    def _apply(self, scope: LimitScope, wanted: Numbers, known: Sequence[Any]) -> list[CapacityRule]:
        """Give the rules of a scope their numbers: one that says nothing about a limit may get it, else a new one."""
        own = [row for row, rule, _ in known if scope.is_of(rule)]
        for column, number in wanted.items():
            saying = [row for row in own if getattr(row, column) is not None]
            if number is not None and not own:
                own.append(_new_rule(self.restaurant_id, scope))
            for row in saying if number is None else (saying or own)[-1:]:
                setattr(row, column, number)
        return own


def _new_rule(restaurant_id: int, scope: LimitScope) -> CapacityRule:
    return CapacityRule(
        restaurant_id=restaurant_id,
        service_period_id=scope.period_id,
        weekday=scope.weekday,
        from_date=scope.on_date,
        to_date=scope.on_date,
        from_time=scope.from_time,
        to_time=scope.to_time,
    )


def _written(rows: Sequence[CapacityRule], before: Mapping[int | None, Numbers]) -> Iterator[WrittenRule]:
    nothing = dict.fromkeys(LIMIT_FIELDS)
    for row in rows:
        written = WrittenRule(row, before.get(row.pk, nothing), _limits_of(row))
        if written.before != written.after:
            _require_valid(row)
            yield written


def _require_valid(row: CapacityRule) -> None:
    try:
        # Both are known by now, and each would be asked for.
        row.clean_fields(exclude={"restaurant", "service_period"})
    except ValidationError as error:
        raise InputInvalid.of_field("edits", "invalid", " ".join(error.messages)) from error


def _store(written: Sequence[WrittenRule]) -> None:
    gone = [each.rule.pk for each in written if each.is_gone]
    changed = [each.rule for each in written if not each.is_gone and not each.is_new]
    for row in changed:
        # In the database, as `save_row` counts a change.
        row.version = F("version") + 1
    CapacityRule.objects.bulk_update(changed, [*LIMIT_FIELDS, "version"])
    CapacityRule.objects.filter(pk__in=gone).delete()
    CapacityRule.objects.bulk_create([each.rule for each in written if each.is_new])


def _limits_of(row: CapacityRule) -> dict[str, int | None]:
    return {name: getattr(row, name) for name in LIMIT_FIELDS}


def _says_something(numbers: Numbers) -> bool:
    return any(number is not None for number in numbers.values())
