"""The inputs of the API: one strict serializer per body and per query string."""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Any, TypeVar

import msgspec
from django.http import QueryDict
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError
from rest_framework.request import Request

from bookings.api import fields
from bookings.contacts import LONGEST_TYPED, read_email, region_of_zone, to_e164
from bookings.insight.explain.explaining import COMPARISONS
from bookings.models.booking import LONGEST_ALLERGIES, LONGEST_GUEST_NAME, LONGEST_NOTES
from config.values import LARGEST_PARTY, read_date, read_wall_time
from tables.choices import Audience
from tables.models import Restaurant

LONGEST_SPAN_DAYS = 62
LARGEST_PAGE = 100
# An answer need not repeat a body full of nonsense.
MOST_UNKNOWN_REPORTED = 20
LONGEST_NAME_REPORTED = 64

Values = dict[str, Any]


class StrictSerializer(serializers.Serializer[Any]):
    """Take the declared fields and nothing else."""

    def to_internal_value(self, data: Any) -> Values:
        """Return the values; report every field that is wrong, and every one that is not known."""
        unknown = self._unknown_errors(data)
        try:
            values: Values = super().to_internal_value(data)
        except ValidationError as error:
            if not isinstance(error.detail, dict):
                raise
            raise ValidationError({**error.detail, **unknown}) from error
        if unknown:
            raise ValidationError(unknown)
        return values

    def _unknown_errors(self, data: Any) -> dict[str, list[ErrorDetail]]:
        if not isinstance(data, Mapping):
            return {}
        unknown = sorted(_printable(name) for name in data.keys() - self.fields.keys())
        return {name: [ErrorDetail("Unknown field.", "unknown_field")] for name in unknown[:MOST_UNKNOWN_REPORTED]}


def _printable(name: str) -> str:
    """Return a name that fits into any answer: half characters of broken escapes do not."""
    return name[:LONGEST_NAME_REPORTED].encode(errors="replace").decode()


class BookingInput(StrictSerializer):
    """A party that wants a table."""

    restaurantId = fields.restaurant_field(source="restaurant")
    date = fields.DateField(source="business_date", help_text="Business date, also after midnight.")
    time = fields.WallTimeField(source="wall_time", help_text="On the restaurant's wall clock.")
    partySize = fields.WholeNumberField(source="party_size", min_value=1, max_value=LARGEST_PARTY)
    name = fields.NameField(max_length=LONGEST_GUEST_NAME)
    email = fields.EmailField(max_length=254, help_text="Plain letters before the @; any domain of the Internet.")
    phone = fields.PhoneField(
        max_length=LONGEST_TYPED,
        help_text="Any international number, or one of the restaurant's country; an extension behind it.",
    )
    seating = fields.SeatingField(required=False, help_text="A requirement; `any` is no wish.")
    notes = fields.TextField(required=False, allow_blank=True, max_length=LONGEST_NOTES, takes_line_breaks=True)
    allergies = fields.TextField(
        required=False,
        allow_blank=True,
        max_length=LONGEST_ALLERGIES,
        takes_line_breaks=True,
        help_text="What a guest must not eat: the staff sees it apart from notes.",
    )
    marketingOptIn = fields.FlagField(required=False, source="marketing_opt_in")
    startsAt = fields.InstantField(
        required=False, source="starts_at", help_text="Tells the two instants of a repeated hour apart."
    )


# As it is stored already.
_PLAIN = r"\A[!-~](?:[ -~]*[!-~])?\Z"


class PlainBooking(msgspec.Struct, forbid_unknown_fields=True):
    """A body as nearly all guests send it: a `BookingInput` of plain letters, no wish, its number with a country."""

    restaurantId: Annotated[str, msgspec.Meta(pattern=_PLAIN, max_length=63)]
    date: str
    time: str
    partySize: Annotated[int, msgspec.Meta(ge=1, le=LARGEST_PARTY)]
    name: Annotated[str, msgspec.Meta(pattern=_PLAIN, max_length=LONGEST_GUEST_NAME)]
    email: Annotated[str, msgspec.Meta(pattern=_PLAIN, max_length=254)]
    phone: Annotated[str, msgspec.Meta(pattern=r"\A\+[ -~]*[!-~]\Z", max_length=LONGEST_TYPED)]

    def values(self) -> Values:
        """Return what a `BookingInput` makes of it.

        Raises: `ValueError`, if a reader refuses one.
        """
        return {
            "restaurant": self.restaurantId,
            "business_date": read_date(self.date),
            "wall_time": read_wall_time(self.time),
            "party_size": self.partySize,
            "name": self.name,
            "email": read_email(self.email),
            "phone": to_e164(self.phone, region=None),
        }


class EmptyInput(StrictSerializer):
    """No fields at all."""


class RestaurantQuery(StrictSerializer):
    """A restaurant."""

    restaurantId = fields.restaurant_field(source="restaurant")


class UtilizationQuery(RestaurantQuery):
    """A business date of a restaurant."""

    date = fields.DateField(source="business_date")


class AvailabilityQuery(UtilizationQuery):
    """A start, or (without `time` and `startsAt`) all starts of a business date."""

    partySize = fields.WholeNumberParameter(source="party_size", min_value=1, max_value=LARGEST_PARTY)
    time = fields.WallTimeField(required=False, source="wall_time", help_text="On the restaurant's wall clock.")
    startsAt = fields.InstantField(required=False, source="starts_at", help_text="Instead of `time`; + is %2B.")
    seating = fields.SeatingField(required=False, allow_blank=True)


class AvailableDaysQuery(RestaurantQuery):
    """The business dates `from` to `to`, both included, at most 62."""

    partySize = fields.WholeNumberParameter(source="party_size", min_value=1, max_value=LARGEST_PARTY)
    seating = fields.SeatingField(required=False, allow_blank=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Add `from`, which is no name that Python would take, and `to`."""
        declared = super().get_fields()
        declared["from"] = fields.DateField(source="from_date")
        declared["to"] = fields.DateField(source="to_date", help_text="At most 62 days, `from` included.")
        return declared

    def validate(self, attrs: Values) -> Values:
        """Refuse a span that is empty or too long."""
        days = (attrs["to_date"] - attrs["from_date"]).days + 1
        if days < 1:
            raise ValidationError({"to": [ErrorDetail("Must not be before from.", "before_from")]})
        if days > LONGEST_SPAN_DAYS:
            raise ValidationError({"to": [ErrorDetail(f"At most {LONGEST_SPAN_DAYS} days.", "too_many_days")]})
        return attrs


class RestaurantsQuery(StrictSerializer):
    """A page of restaurants by slug."""

    after = fields.TextField(required=False, default="", max_length=63, help_text="Slug; take it from `next`.")
    limit = fields.WholeNumberParameter(required=False, default=50, min_value=1, max_value=LARGEST_PAGE)


class TableCountsQuery(UtilizationQuery):
    """A business date of a restaurant, and perhaps one party size; without it all that book online."""

    partySize = fields.WholeNumberParameter(required=False, source="party_size", min_value=1, max_value=LARGEST_PARTY)


class ExplanationQuery(UtilizationQuery):
    """A start, by `time` or `startsAt`."""

    time = fields.WallTimeField(required=False, source="wall_time", help_text="On the restaurant's wall clock.")
    startsAt = fields.InstantField(required=False, source="starts_at", help_text="Instead of `time`; + is %2B.")
    partySize = fields.WholeNumberParameter(source="party_size", min_value=1, max_value=LARGEST_PARTY)
    seating = fields.SeatingField(required=False, allow_blank=True)
    channel = fields.PlainChoiceField(required=False, choices=Audience.values, help_text="Default: online.")
    compare = fields.PlainChoiceField(
        required=False, choices=list(COMPARISONS), help_text="Also say what such a system would have said."
    )

    def validate(self, attrs: Values) -> Values:
        """Refuse a question without a start."""
        if "wall_time" not in attrs and "starts_at" not in attrs:
            raise ValidationError({"time": [ErrorDetail("Give time or startsAt.", "required")]})
        return attrs


class TokenQuery(StrictSerializer):
    """The manage token, for links; X-Manage-Token keeps it out of addresses."""

    # Whatever it is: what is no token is a wrong one.
    token = serializers.CharField(required=False, allow_blank=True, trim_whitespace=False)


S = TypeVar("S", bound=StrictSerializer)


def read_body(form: type[StrictSerializer], request: Request) -> Values:
    """Return the values of a JSON body.

    Raises: `ValidationError`, `InputInvalid`, `PayloadTooLarge`, `UnsupportedMediaType`.
    """
    return _valid(form, request.data)


def read_booking(request: Request) -> Values:
    """Return the values of a `BookingInput`; whatever is not plain, and every error, is the serializer's.

    Raises: as `read_body`.
    """
    body = request.data
    try:
        return msgspec.convert(body, PlainBooking).values()
    # ValueError is the base of what the readers raise, and of what half a character does.
    except (msgspec.ValidationError, ValueError):
        return _valid(BookingInput, body)


def read_query(form: type[StrictSerializer], request: Request) -> Values:
    """Return the values of a query string, in which every name stands once.

    Raises: `ValidationError`.
    """
    _refuse_repeated(request.query_params)
    return _valid(form, request.query_params.dict())


def _refuse_repeated(query: QueryDict) -> None:
    repeated = [_printable(name) for name, values in query.lists() if len(values) > 1]
    if repeated:
        error = [ErrorDetail("Give it once.", "repeated")]
        raise ValidationError(dict.fromkeys(repeated[:MOST_UNKNOWN_REPORTED], error))


def _valid(form: type[StrictSerializer], data: Any) -> Values:
    try:
        return dict(_validator(form).run_validation(data))
    except ValidationError:
        # Told in the words of the framework, which are for whoever has a form with data.
        form(data=data).is_valid(raise_exception=True)
        raise


@cache
def _validator(form: type[StrictSerializer]) -> StrictSerializer:
    """Return the one instance that only validates: copying the fields of a new one costs more than asking them."""
    return form()


def read_phone(text: str, restaurant: Restaurant) -> str:
    """Return a guest's phone number in E.164: as the field has read it, or by the restaurant's country.

    Raises: `ValidationError`.
    """
    if text.startswith("+"):
        return text
    try:
        return fields.PhoneField().require_possible(text, region=region_of_zone(restaurant.timezone))
    except ValidationError as error:
        raise ValidationError({"phone": error.detail}) from error
