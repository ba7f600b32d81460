"""The form of a grid of limits: numbers in cells, and other days that get the same."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from bookings.admin.limits.grids import LimitCell, LimitGrid, list_dates_to_copy_to, make_date
from bookings.admin.operations.base import RefusableForm
from bookings.admin.parts.shown import long_date
from bookings.services import LimitEdit
from capacity.choices import Weekday
from capacity.limits import LIMITS, Limit
from capacity.models import CapacityRule
from capacity.scopes import LimitScope
from config.errors import InputInvalid
from config.parsers import parse_json
from config.values import LARGEST_NUMBER

AS_READ = "as_read"
CELL = "cell-"
OPEN_AGAIN = "This page is not of the present settings any more. Open it again."
COPY_TO, COPY_FROM = "copy_to", "copy_from"
# The limit of the week that is shown.
SHOWN = "limit"


@dataclass(frozen=True)
class CellEdit:
    """A cell that gets another number, or none of its own."""

    cell: LimitCell
    number: int | None

    @property
    def edit(self) -> LimitEdit:
        """Return the edit as the service takes it."""
        return LimitEdit(self.cell.scope, self.cell.limit, self.number)


class LimitsForm(RefusableForm):
    """The cells of a grid. Those that somebody else has changed since they were read are not written over.

    A cell that does not come is left as it is; an empty one has no number of its own any more.
    """

    data: QueryDict

    def __init__(self, grid: LimitGrid, data: QueryDict | None = None) -> None:
        super().__init__(data)
        self.grid = grid
        self.cells = grid.cells
        number_fields = {limit: _number_field(limit) for limit in LIMITS}
        self.fields |= {name: number_fields[cell.limit] for name, cell in self.cells.items()}
        self.fields |= _date_fields(grid, grid.on_date) if grid.on_date else _weekday_fields()
        self._as_read = self._read_numbers() if self.is_bound else self._numbers_now()

    def _numbers_now(self) -> dict[str, int]:
        return {name: cell.number for name, cell in self.cells.items() if cell.number is not None}

    def _read_numbers(self) -> dict[str, Any] | None:
        """Return the numbers that the page had when it was opened, None where that is no answer of ours."""
        try:
            numbers = parse_json(self._sent(AS_READ).encode())
        except (InputInvalid, ValueError):
            return None
        return numbers if isinstance(numbers, dict) else None

    @property
    def as_read(self) -> str:
        """Return the numbers as they are now: what is shown again has been read again."""
        return json.dumps(self._numbers_now())

    def clean(self) -> dict[str, Any]:
        if self._as_read is None or any(self._is_of_no_cell(name) for name in self.data):
            raise ValidationError(OPEN_AGAIN, code="stale")
        for name in self._typed():
            was, now, wanted = self._as_read.get(name), self.cells[name].number, self.cleaned_data[name]
            if now not in (was, wanted):
                said = "none" if now is None else now
                self.add_error(name, ValidationError(f"Somebody else has set this to {said} meanwhile.", code="stale"))
        self._check_copying()
        return self.cleaned_data

    def _is_of_no_cell(self, name: str) -> bool:
        """Say whether a number was typed for a service or start that there is not any more."""
        return name.startswith(CELL) and name not in self.fields and bool(self._sent(name))

    def _sent(self, name: str) -> str:
        return str(self.data.get(name, "")).strip()

    def _typed(self) -> Iterator[str]:
        """Yield the names of the cells whose number is another one than was read."""
        as_read = self._as_read or {}
        for name in self.cells:
            if name in self.data and name in self.cleaned_data and self.cleaned_data[name] != as_read.get(name):
                yield name

    def _check_copying(self) -> None:
        if {COPY_FROM, COPY_TO} & set(self.errors):
            return
        if self.grid.on_date is None:
            self._check_weekdays(self.cleaned_data[COPY_FROM], self.cleaned_data[COPY_TO])
        else:
            self._check_dates(self.grid.on_date, self.cleaned_data[COPY_TO])

    def _check_weekdays(self, chosen: int | None, ticked: list[int]) -> None:
        if chosen and not set(ticked) - {chosen}:
            self.add_error(COPY_TO, ValidationError("Tick another day.", code="required"))
        if ticked and not chosen:
            self.add_error(COPY_FROM, ValidationError("Choose the day to copy.", code="required"))

    def _check_dates(self, on_date: date, ticked: list[date]) -> None:
        offered = self.grid.settings.periods_on
        own = set(offered(on_date))
        strange = [long_date(day) for day in ticked if own and not own & set(offered(day))]
        if strange:
            said = f"None of the services of this date: {', '.join(strange)}."
            self.add_error(COPY_TO, ValidationError(said, code="unknown"))

    def list_edits(self) -> list[CellEdit]:
        """List what changes: the numbers that were typed, then the days that are copied over others."""
        numbers = {name: cell.number for name, cell in self.cells.items()}
        numbers |= {name: self.cleaned_data[name] for name in self._typed()}
        copied = self._copied_dates(numbers) if self.grid.on_date else self._copied_weekdays(numbers)
        wanted = {name: CellEdit(cell, numbers[name]) for name, cell in self.cells.items()}
        of_others = [edit for edit in copied if edit.cell.scope.on_date != self.grid.on_date]
        wanted |= {edit.cell.name: edit for edit in copied if edit.cell.scope.on_date == self.grid.on_date}
        return [edit for edit in (*wanted.values(), *of_others) if edit.number != edit.cell.number]

    def _copied_weekdays(self, numbers: dict[str, int | None]) -> list[CellEdit]:
        """List the cells of the ticked weekdays with the numbers of the chosen one."""
        chosen = self.cleaned_data[COPY_FROM]
        by_scope = {(cell.scope, cell.limit): name for name, cell in self.cells.items()}
        return [
            CellEdit(cell, numbers[source])
            for cell in self.cells.values()
            if cell.is_offered and cell.scope.weekday in self.cleaned_data[COPY_TO]
            for source in [by_scope.get((LimitScope(cell.scope.period_id, chosen), cell.limit))]
            if chosen and source is not None and self.cells[source].is_offered
        ]

    def _copied_dates(self, numbers: dict[str, int | None]) -> list[CellEdit]:
        """List the cells of the ticked dates that this date has too, with its numbers."""
        return [
            CellEdit(cell, numbers[name])
            for on_date in self.cleaned_data[COPY_TO]
            for name, cell in make_date(self.grid.settings, on_date).cells.items()
            if name in numbers
        ]

    def sent(self) -> list[tuple[str, str]]:
        """Return the form once more, of its cells those that were typed."""
        typed = [(name, self._sent(name)) for name in (AS_READ, *self._typed())]
        days = [(name, str(value)) for name in (COPY_FROM, COPY_TO, SHOWN) for value in self.data.getlist(name)]
        return [*typed, *days]

    def shown(self, cell: LimitCell) -> str:
        """Return what stands in a cell: what was typed, else its number as it is now."""
        now = "" if cell.number is None else str(cell.number)
        as_read = (self._as_read or {}).get(cell.name)
        typed = self._sent(cell.name)
        was_typed = cell.name in self.data and typed != ("" if as_read is None else str(as_read))
        return typed if was_typed else now


def _number_field(limit: Limit) -> forms.Field:
    column: Any = CapacityRule._meta.get_field(limit.column)
    field: forms.Field = column.formfield(max_value=LARGEST_NUMBER)
    return field


def _weekday_fields() -> dict[str, forms.Field]:
    return {
        COPY_FROM: forms.TypedChoiceField(
            label="Copy",
            choices=[("", "No day"), *Weekday.choices],
            coerce=int,
            empty_value=None,
            required=False,
            widget=UnfoldAdminSelectWidget(),
        ),
        COPY_TO: forms.TypedMultipleChoiceField(
            label="To",
            choices=Weekday.choices,
            coerce=int,
            required=False,
            widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        ),
    }


def _date_fields(grid: LimitGrid, on_date: date) -> dict[str, forms.Field]:
    return {
        COPY_TO: forms.TypedMultipleChoiceField(
            label="Copy to",
            choices=[(day.isoformat(), words) for day, words in list_dates_to_copy_to(grid.settings, on_date)],
            coerce=date.fromisoformat,
            required=False,
            widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        )
    }
