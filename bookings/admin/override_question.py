"""A booking that a person answers for: the reason first, then the amounts, which a second click confirms."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from django import forms
from django.http import HttpRequest
from unfold.widgets import UnfoldAdminTextInputWidget

from bookings.errors import RequestRefused
from bookings.models import CapacityOverride
from bookings.rights import MAY_OVERRIDE
from bookings.services import Override
from bookings.services.rows.overrides import REASON_LENGTH
from capacity.limits import LIMIT_OF
from capacity.policy import OVERRIDABLE_REASONS
from capacity.reasons import Reason, ReasonCode
from capacity.wording import reason_name
from tables.models import Restaurant

OVERRIDE = "override"
_WITHOUT_NUMBERS = {
    ReasonCode.NO_TABLE: "no table: the party is booked without one, and somebody has to find it a seat",
    ReasonCode.CLOSED: "the restaurant is closed then",
    ReasonCode.OUTSIDE_SERVICE: "out of hours: the party counts in the nearest service",
}


class OverrideForm(forms.Form):
    """The reason of a person who answers for a party; asked for only where the party is refused."""

    override_reason = forms.CharField(
        label="Why", max_length=REASON_LENGTH, required=False, widget=UnfoldAdminTextInputWidget
    )
    override_fields: ClassVar[dict[str, str]] = {"overrideReason": "override_reason"}


@dataclass(frozen=True)
class OverrideQuestion:
    """The limits that a booking passes, line by line; `value` confirms them, empty before the reason is given."""

    lines: tuple[str, ...]
    value: str
    is_to_confirm: bool
    has_grown: bool


def ask_to_override(request: HttpRequest, restaurant: Restaurant, refusal: RequestRefused) -> OverrideQuestion | None:
    """Return the question whether to book all the same; None where nobody may, or can."""
    if not request.user.has_perm(MAY_OVERRIDE, restaurant) or any(
        reason.code not in OVERRIDABLE_REASONS for reason in refusal.reasons
    ):
        return None
    sent, needed = request.POST.get(OVERRIDE), ",".join(f"{reason.code}:{reason.beyond}" for reason in refusal.reasons)
    if sent == needed:
        # All of it was confirmed, and it is refused: on a date without any service nobody can be booked.
        return None
    return OverrideQuestion(
        lines=tuple(map(_line, refusal.reasons)),
        value="" if sent is None else needed,
        is_to_confirm=sent is not None,
        has_grown=bool(sent),
    )


def _line(reason: Reason) -> str:
    if said := _WITHOUT_NUMBERS.get(reason.code):
        return said
    after = (reason.used or 0) + (reason.asked or 0)
    return f"{reason_name(reason.code)}: {after} of {reason.limit}, {reason.beyond} more above the limit"


def read_override(request: HttpRequest, form: forms.Form) -> Override | None:
    """Return the word of the person, None where nobody answers for the party.

    Raises: `InputInvalid` without a reason.
    """
    if OVERRIDE not in request.POST:
        return None
    return Override(form.cleaned_data["override_reason"], _confirmed(request.POST[OVERRIDE]))


def _confirmed(value: str) -> Mapping[str, int]:
    pairs = (pair.partition(":") for pair in value.split(","))
    return {code: int(amount) for code, _, amount in pairs if amount.isascii() and amount.isdecimal()}


def said_override(override: CapacityOverride) -> str:
    """Say what a booking goes beyond, as it was written."""
    if override.limit not in LIMIT_OF:
        return f"Authorised: {_WITHOUT_NUMBERS[ReasonCode(override.limit)]}."
    return f"Authorised: {override.amount} above the limit on {reason_name(override.limit)}."
