"""The fields of a guest on the forms of staff: the name is needed, ways to reach the guest are not."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from bookings.phones import PhoneNumberInvalid, region_of_zone, to_e164
from bookings.services import GuestDetails
from config.values import has_control_characters
from tables.models import Restaurant

LINE_BREAKS = frozenset("\n\r\t")
CONTROL_CHARACTERS = "Control characters are not allowed."
NO_PHONE = "This is no phone number; with its country code, like +44 20 7946 0000, it always works."


class GuestForm(forms.Form):
    """Name, phone, email and notes of a party; `restaurant` says of which country a phone number is."""

    name = forms.CharField(label="Name", max_length=120, widget=UnfoldAdminTextInputWidget)
    phone = forms.CharField(label="Phone", max_length=32, required=False, widget=UnfoldAdminTextInputWidget)
    email = forms.EmailField(label="Email", max_length=254, required=False, widget=UnfoldAdminEmailInputWidget)
    notes = forms.CharField(
        label="Notes", max_length=1000, required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3})
    )
    guest_fields: ClassVar[dict[str, str]] = {"name": "name", "phone": "phone", "email": "email", "notes": "notes"}
    restaurant: Restaurant

    def clean_name(self) -> str:
        return self._clean_text("name")

    def clean_notes(self) -> str:
        return self._clean_text("notes", takes=LINE_BREAKS)

    def clean_phone(self) -> str:
        """Return the number in E.164, as the guest's own form does."""
        text = self._clean_text("phone")
        try:
            return to_e164(text, region=region_of_zone(self.restaurant.timezone)) if text else ""
        except PhoneNumberInvalid as error:
            raise ValidationError(NO_PHONE, code="invalid_phone") from error

    def _clean_text(self, name: str, *, takes: frozenset[str] = frozenset()) -> str:
        text: str = self.cleaned_data[name]
        if has_control_characters(text, but=takes):
            raise ValidationError(CONTROL_CHARACTERS, code="control_characters")
        return text

    @property
    def guest(self) -> GuestDetails:
        """Return the guest of a valid form."""
        values: dict[str, Any] = self.cleaned_data
        return GuestDetails(name=values["name"], email=values["email"], phone=values["phone"])
