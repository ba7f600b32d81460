"""The fields of a guest on the forms of staff: the name is needed, ways to reach the guest are not."""

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from unfold.widgets import UnfoldAdminEmailInputWidget, UnfoldAdminTextInputWidget

from bookings.admin.operations.base import words_field
from bookings.contacts import LONGEST_TYPED, PhoneNumberInvalid, region_of_zone, to_e164
from bookings.models.booking import LONGEST_ALLERGIES, LONGEST_GUEST_NAME, LONGEST_NOTES
from bookings.services import GuestDetails
from bookings.services.requests import LONGEST_EMAIL
from tables.models import Restaurant


class GuestForm(forms.Form):
    """Name, phone, email and words of a party; `restaurant` says of which country a phone number is."""

    name = forms.CharField(label="Name", max_length=LONGEST_GUEST_NAME, widget=UnfoldAdminTextInputWidget)
    phone = forms.CharField(label="Phone", max_length=LONGEST_TYPED, required=False, widget=UnfoldAdminTextInputWidget)
    email = forms.EmailField(
        label="Email", max_length=LONGEST_EMAIL, required=False, widget=UnfoldAdminEmailInputWidget
    )
    allergies = words_field("Allergies", LONGEST_ALLERGIES)
    notes = words_field("Notes", LONGEST_NOTES)
    guest_fields: ClassVar[dict[str, str]] = {name: name for name in ("name", "phone", "email", "allergies", "notes")}
    restaurant: Restaurant

    def clean_phone(self) -> str:
        """Return the number in E.164, as the guest's own form does."""
        text: str = self.cleaned_data["phone"]
        try:
            return to_e164(text, region=region_of_zone(self.restaurant.timezone)) if text else ""
        except PhoneNumberInvalid as error:
            raise ValidationError(str(error), code="invalid_phone") from error

    @property
    def guest(self) -> GuestDetails:
        """Return the guest of a valid form."""
        values: dict[str, Any] = self.cleaned_data
        return GuestDetails(name=values["name"], email=values["email"], phone=values["phone"])

    @property
    def words(self) -> dict[str, str]:
        """Return the notes and allergies of a valid form."""
        return {name: self.cleaned_data[name] for name in ("notes", "allergies")}
