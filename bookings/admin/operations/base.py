"""An operation on one booking: the question first, then one call of a service, then its outcome."""

from collections.abc import Collection
from datetime import datetime, tzinfo
from typing import Any, ClassVar

from django import forms
from django.contrib.auth.models import User
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.widgets import BASE_INPUT_CLASSES, UnfoldAdminTextareaWidget

from bookings.admin.parts.forms import TypedInput
from bookings.admin.sentences import refusal_sentences
from bookings.models import Booking
from bookings.services.floor.outcomes import FloorOutcome
from config.errors import DomainError, EditIsStale, InputInvalid

STALE = 'Somebody changed this booking after you looked at it, so nothing was done. <a class="underline" href="">{}</a>'


class NumberInput(forms.NumberInput):
    """The browser's own input of a number, as narrow as the number."""

    def __init__(self) -> None:
        super().__init__(attrs={"class": " ".join((*BASE_INPUT_CLASSES, "max-w-40"))})


def words_field(label: str, longest: int) -> forms.CharField:
    """Return a field of a few lines of text."""
    widget = UnfoldAdminTextareaWidget(attrs={"rows": 2})
    return forms.CharField(label=label, max_length=longest, required=False, widget=widget)


class RefusableForm(TypedInput, forms.Form):
    """A form whose service may refuse: the refusal stands at the field that can be corrected."""

    # The fields by the names that the service gives them.
    fields_of_service: ClassVar[dict[str, str]] = {}
    # The clock by which a refusal names other starts, where the form is about one.
    zone: tzinfo | None = None

    def add_refusal(self, refusal: DomainError) -> None:
        """Show the refusal of the service: at a field if it is about one, else above them all."""
        if isinstance(refusal, EditIsStale):
            self.add_error(None, ValidationError(format_html(STALE, "See it as it is now"), code=refusal.code))
        elif isinstance(refusal, InputInvalid):
            self._add_details(refusal)
        else:
            self.add_error(None, ValidationError(refusal_sentences(refusal, self.zone), code=refusal.code))

    def _add_details(self, refusal: InputInvalid) -> None:
        for name, problems in refusal.details.items():
            for problem in problems:
                error = ValidationError(problem["message"], code=problem["code"])
                field = self.fields_of_service.get(name)
                self.add_error(field if field in self.fields else None, error)

    @property
    def general_errors(self) -> list[str]:
        """Return the errors of the whole form; a hidden field has no place of its own."""
        hidden = [error for field in self.hidden_fields() for error in field.errors]
        return [*self.non_field_errors(), *hidden]


class OperationForm(RefusableForm):
    """The choices of a person about an operation; the form knows the version of the booking on the page."""

    expected_version = forms.IntegerField(
        widget=forms.HiddenInput,
        error_messages={"required": "Open this page again.", "invalid": "Open this page again."},
    )

    def __init__(self, booking: Booking, now: datetime, data: Any = None) -> None:
        super().__init__(data)
        self.booking = booking
        self.zone = booking.zone
        self.now = now
        self.initial["expected_version"] = booking.version
        self.prepare()

    def prepare(self) -> None:
        """Fill in the fields that depend on the booking."""

    @property
    def version(self) -> int:
        """Return the version of the booking that the person looked at."""
        return int(self.cleaned_data["expected_version"])


class Operation:
    """An operation of staff on a booking, with a page of its own."""

    # Of the method of the admin class, and of the address.
    name: ClassVar[str]
    label: ClassVar[str]
    icon: ClassVar[str]
    # On the button that does it.
    submit: ClassVar[str]
    is_dangerous: ClassVar[bool] = False
    statuses: ClassVar[Collection[str]]
    form_class: ClassVar[type[OperationForm]] = OperationForm

    @property
    def path(self) -> str:
        """Return the last part of the address."""
        return self.name.replace("_", "-")

    def is_offered(self, booking: Booking, now: datetime) -> bool:
        """Say whether the operation can begin at a booking."""
        return booking.status in self.statuses

    def question(self, booking: Booking, now: datetime) -> str | SafeString:
        """Return the question to the person, with the effects of the operation."""
        raise NotImplementedError

    def write(self, booking: Booking, form: Any, actor: User) -> FloorOutcome:
        """Call the one service of the operation.

        Raises: `DomainError`, which stands on the form then.
        """
        raise NotImplementedError

    def done(self, outcome: FloorOutcome) -> str | SafeString:
        """Return the sentence on the booking's own change."""
        raise NotImplementedError
