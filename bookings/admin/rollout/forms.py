"""The forms of a change of the rollout: each asks for the reason."""

import hashlib
from collections.abc import Collection
from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from unfold.widgets import UnfoldAdminTextInputWidget

from bookings.admin.operations.base import NumberInput, RefusableForm
from bookings.selectors.rollout import RolloutPlan
from bookings.services.rollout import LONGEST_REASON, LONGEST_TEXT, MOST_TICKETS
from tables.choices import EnforcementMode
from tables.models import Restaurant

OUTDATED = 'Somebody changed a mode after you looked at it, so nothing was done. <a class="underline" href="">{}</a>'


class ReasonForm(RefusableForm):
    """The reason of a change."""

    reason = forms.CharField(
        label="Reason",
        max_length=LONGEST_REASON,
        widget=UnfoldAdminTextInputWidget,
        help_text="Stays in the history, with your name. Nothing that says who a guest is.",
    )
    fields_of_service: ClassVar[dict[str, str]] = {"reason": "reason"}


class ModeForm(ReasonForm):
    """The mode that was offered: a second click sets it again, and does not turn it back."""

    mode = forms.ChoiceField(choices=EnforcementMode.choices, widget=forms.HiddenInput)


class PercentForm(ReasonForm):
    """The percentage, with a fingerprint of the restaurants that were said to join and leave."""

    seen = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, plan: RolloutPlan, data: Any = None) -> None:
        self._fingerprint = _fingerprint_of(plan)
        super().__init__(data, initial={"seen": self._fingerprint})

    def show(self, plan: RolloutPlan, changed: Collection[Restaurant]) -> None:
        """Take a plan as the one on the page: the form sent again goes on from there."""
        self._fingerprint = _fingerprint_of(plan)
        self.data = {**self.data, "seen": self._fingerprint}
        if changed:
            names = ", ".join(map(str, changed))
            said = f"Changed until then: {names}. Who is still to join and leave stands above: send it again to go on."
            self.add_error(None, ValidationError(said, code="changed"))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or self.cleaned_data
        if values.get("seen", self._fingerprint) != self._fingerprint:
            raise ValidationError(format_html(OUTDATED, "See who joins and leaves now"), code="stale")
        return values


def _fingerprint_of(plan: RolloutPlan) -> str:
    named = [[restaurant.pk for restaurant in group] for group in (plan.joining, plan.leaving)]
    return hashlib.sha256(repr(named).encode()).hexdigest()[:16]


class NoteForm(RefusableForm):
    """The number of tickets, and their topic."""

    tickets = forms.IntegerField(
        label="Support tickets since the last note", min_value=0, max_value=MOST_TICKETS, widget=NumberInput
    )
    text = forms.CharField(
        label="What about",
        max_length=LONGEST_TEXT,
        required=False,
        widget=UnfoldAdminTextInputWidget,
        help_text="Nothing that says who a guest is: no name, no address, no phone.",
    )
    fields_of_service: ClassVar[dict[str, str]] = {"tickets": "tickets", "text": "text"}
