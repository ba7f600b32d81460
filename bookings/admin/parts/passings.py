"""The choice between the two instants of a time that comes twice: on the night on which the clocks go back."""

from collections.abc import Sequence
from datetime import date, datetime, time, tzinfo
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminSelectWidget

from capacity.calendar import resolve_time
from capacity.calendar.wall_clock import shown_time
from capacity.selectors import get_service_settings
from tables.models import Restaurant

BOTH = 2


class PassingField(forms.TypedChoiceField):
    """The one of two instants; `offer_passings` keeps the field where a time comes twice."""

    def __init__(self, label: str = "Which of the two") -> None:
        super().__init__(
            label=label,
            coerce=datetime.fromisoformat,
            empty_value=None,
            widget=UnfoldAdminSelectWidget(),
            help_text="That night the clocks go back, and this time comes twice.",
            error_messages={"required": "This time comes twice that night: choose one."},
        )


def asked_of(form: forms.BaseForm, name: str) -> Any:
    """Return the value of a field as it was sent, before the form is checked; None for one that is no value."""
    if not form.is_bound:
        return form.initial.get(name)
    try:
        return form.fields[name].clean(form.data.get(name))
    except forms.ValidationError:
        return None


def list_passings(restaurant: Restaurant, business_date: date, wall_time: time) -> tuple[datetime, ...]:
    """List the instants of a start on a business date, of its night too; 1 query and what it needs of the settings."""
    settings = get_service_settings(restaurant.pk)
    periods, slot_minutes = settings.periods_on(business_date), settings.restaurant.slot_minutes
    asked = resolve_time(periods, business_date, wall_time, settings.zone, slot_minutes)
    if not asked.exists:
        return ()
    return tuple(instant for instant in (asked.starts_at, asked.second_starts_at) if instant is not None)


def offer_passings(form: forms.BaseForm, name: str, passings: Sequence[datetime], zone: tzinfo) -> None:
    """Offer the instants of a time that comes twice; without two of them nothing is asked, and None is the answer."""
    if len(passings) < BOTH:
        form.initial.pop(name, None)
        # Not taken out: a page of Django's admin names its fields before it has read what was sent.
        form.fields[name] = forms.Field(required=False, disabled=True, widget=forms.HiddenInput())
        return
    field: Any = form.fields[name]
    choices = [(instant.isoformat(), shown_time(instant, zone)) for instant in passings]
    is_known = form.initial.get(name) in dict(choices)
    field.choices = choices if is_known else [("", "Choose"), *choices]
