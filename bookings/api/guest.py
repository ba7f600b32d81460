"""The calls of guests: look for a table, book it, look at the booking, cancel it."""

import re

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from rest_framework import status
from rest_framework.request import Request
from rest_framework.response import Response
from structlog.contextvars import bind_contextvars

from bookings.api import schema
from bookings.api.answers import (
    available_days_answer,
    day_availability_answer,
    managed_booking_answer,
    restaurant_answer,
    restaurant_detail_answer,
    time_availability_answer,
)
from bookings.api.base import GuestView, observe_availability, observe_booking
from bookings.api.kept_answers import Dated, conditional_response_of, kept_answer, response_of
from bookings.api.serializers import (
    AvailabilityQuery,
    AvailableDaysQuery,
    EmptyInput,
    RestaurantsQuery,
    StrictSerializer,
    TokenQuery,
    Values,
    read_booking,
    read_phone,
    read_query,
)
from bookings.api.throttles import AvailabilityThrottle, BookingThrottle
from bookings.contract.guests import Address, Answer, CreatedBookingAnswer, RestaurantPageAnswer
from bookings.models import IDEMPOTENCY_KEY_LENGTH, Booking
from bookings.selectors import (
    check_time,
    find_restaurant_id,
    get_managed_booking,
    list_available_days,
    list_day_slots,
)
from bookings.services import GuestDetails, cancel_booking, create_booking_with_capacity_check
from capacity.selectors import list_service_periods
from config.cached import cached_property
from config.errors import InputInvalid, RecordNotFound
from config.group_commit import SharedWork
from config.replica import reads_replica
from tables.models import Restaurant
from tables.selectors import find_active_restaurants, get_active_restaurant, list_active_restaurants


class AvailabilityView(GuestView):
    """Is there a table at a time, or when is there one on a business date?"""

    throttle_classes = (AvailabilityThrottle,)

    @schema.availability
    @reads_replica
    def get(self, request: Request) -> HttpResponseBase:
        answer = kept_answer(request, _find_availability)
        # A date may be asked again and again; a start is asked once, to be booked.
        return response_of(answer) if _names_start(request) else conditional_response_of(answer, request)

    def observe(self, response: HttpResponseBase | None, seconds: float) -> None:
        observe_availability(response, seconds)


def _find_availability(request: Request) -> tuple[Dated, Answer]:
    query = _read_question(AvailabilityQuery, request)
    if _names_start(request):
        availability = check_time(**query)
        return availability, time_availability_answer(availability)
    slots = list_day_slots(**query)
    return slots, day_availability_answer(slots, party_size=query["party_size"])


def _names_start(request: Request) -> bool:
    return "time" in request.query_params or "startsAt" in request.query_params


def _read_question(form: type[StrictSerializer], request: Request) -> Values:
    values = read_query(form, request)
    restaurant_id = find_restaurant_id(values.pop("restaurant"))
    bind_contextvars(restaurant_id=restaurant_id)
    return {"restaurant_id": restaurant_id, **values}


class AvailableDaysView(GuestView):
    """On which business dates is there a table?"""

    throttle_classes = (AvailabilityThrottle,)

    @schema.available_days
    @reads_replica
    def get(self, request: Request) -> HttpResponse:
        return response_of(kept_answer(request, _find_available_days))


def _find_available_days(request: Request) -> tuple[Dated, Answer]:
    days = list_available_days(**_read_question(AvailableDaysQuery, request))
    return days, available_days_answer(days)


# Each of a hundred guests who come at once would look for the same restaurant.
_FINDING = SharedWork(find_active_restaurants)


class BookingsView(GuestView):
    """Book a table."""

    throttle_classes = (BookingThrottle,)

    @schema.create_booking
    def post(self, request: Request) -> Response:
        read_query(EmptyInput, request)
        values = read_booking(request)
        idempotency_key = read_idempotency_key(request)
        if self.restaurant is None:
            raise RecordNotFound
        bind_contextvars(restaurant_id=self.restaurant.pk)
        receipt = create_booking_with_capacity_check(
            **_booking_arguments(values, self.restaurant), idempotency_key=idempotency_key
        )
        stored = receipt.answer
        answer = CreatedBookingAnswer(stored["booking"], receipt.manage_token, stored["capacity"])
        # A replayed answer is the booking as it was made, and its tag says so.
        headers = {"ETag": entity_tag(FIRST_VERSION)}
        if receipt.is_replayed:
            headers["Idempotency-Replayed"] = "true"
        return Response(answer, status=status.HTTP_201_CREATED, headers=headers)

    @cached_property
    def restaurant(self) -> Restaurant | None:
        """The restaurant that the body names, None if it names none that takes bookings."""
        body = self.request.data
        identifier = body.get("restaurantId") if isinstance(body, dict) else None
        return _FINDING.ask(identifier) if isinstance(identifier, str) else None

    def get_throttle_scope(self) -> str:
        """Return the restaurant, however the body spells it."""
        return str(self.restaurant.pk) if self.restaurant else ""

    def observe(self, response: HttpResponseBase | None, seconds: float) -> None:
        if self.request.method == "POST":
            observe_booking(response, seconds)


def _booking_arguments(values: Values, restaurant: Restaurant) -> Values:
    name, email, phone = values.pop("name"), values.pop("email"), values.pop("phone")
    guest = GuestDetails(name=name, email=email, phone=read_phone(phone, restaurant))
    del values["restaurant"]
    return {**values, "restaurant_id": restaurant.pk, "guest": guest}


class BookingView(GuestView):
    """A booking, for whoever holds its manage token."""

    @schema.get_booking
    def get(self, request: Request, reference: str) -> Response:
        return _booking_response(_managed_booking(request, reference))


class BookingCancelView(GuestView):
    """Cancel a booking. The call has no body: what is sent along is not read."""

    @schema.cancel_booking
    def post(self, request: Request, reference: str) -> Response:
        booking = _managed_booking(request, reference)
        expected_version = read_expected_version(request, booking)
        return _booking_response(cancel_booking(booking_id=booking.pk, expected_version=expected_version))


def _managed_booking(request: Request, reference: str) -> Booking:
    query = read_query(TokenQuery, request)
    token = request.headers.get("X-Manage-Token") or query.get("token", "")
    booking = get_managed_booking(reference=reference, token=token)
    bind_contextvars(restaurant_id=booking.restaurant_id)
    return booking


def _booking_response(booking: Booking) -> Response:
    return Response(managed_booking_answer(booking), headers={"ETag": entity_tag(booking.version)})


class RestaurantsView(GuestView):
    """Where can guests book?"""

    @schema.list_restaurants
    def get(self, request: Request) -> Response:
        query = read_query(RestaurantsQuery, request)
        limit: int = query["limit"]
        found = list_active_restaurants(after=query["after"], limit=limit + 1)
        page = found[:limit]
        next_page: Address | None = None
        if len(found) > limit:
            next_page = Address(request.build_absolute_uri(f"/api/restaurants?after={page[-1].slug}&limit={limit}"))
        return Response(RestaurantPageAnswer([restaurant_answer(restaurant) for restaurant in page], next_page))


class RestaurantView(GuestView):
    """A restaurant, and when it seats guests."""

    @schema.get_restaurant
    def get(self, request: Request, slug: str) -> Response:
        read_query(EmptyInput, request)
        restaurant = get_active_restaurant(slug)
        return Response(restaurant_detail_answer(restaurant, list_service_periods(restaurant.pk)))


_PRINTABLE_ASCII = re.compile(r"[\x20-\x7e]+")
_ENTITY_TAG = re.compile(r'(?:W/)?"[^"]*"|\*')
FIRST_VERSION = 1
# No booking ever has it.
NO_VERSION = 0


def read_idempotency_key(request: Request) -> str | None:
    """Return the Idempotency-Key, None if there is none.

    Raises: `InputInvalid`.
    """
    key: str | None = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if len(key) > IDEMPOTENCY_KEY_LENGTH:
        raise InputInvalid.of_field("Idempotency-Key", "max_length", f"At most {IDEMPOTENCY_KEY_LENGTH} characters.")
    if not _PRINTABLE_ASCII.fullmatch(key) or not key.strip():
        raise InputInvalid.of_field("Idempotency-Key", "invalid", "Must be printable ASCII, and not blank.")
    return key


def read_expected_version(request: Request, booking: Booking) -> int | None:
    """Return the version that If-Match asks for, None where any will do.

    Of several entity tags the current one counts; a weak or unknown one never matches (RFC 9110, 13.1.1).
    """
    header: str | None = request.headers.get("If-Match")
    if header is None:
        return None
    tags = _ENTITY_TAG.findall(header)
    if "*" in tags:
        return None
    return booking.version if entity_tag(booking.version) in tags else NO_VERSION


def entity_tag(version: int) -> str:
    """Return the ETag of a booking at a version."""
    return f'"{version}"'
