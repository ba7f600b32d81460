"""The models of bookings, their history with its actors, their tables, and the guest's key, which is stored nowhere."""

import base64
import hashlib
import hmac
import secrets
import uuid
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeOperators
from django.contrib.postgres.indexes import GinIndex, GistIndex, OpClass
from django.db import models
from django.db.models import F, Func, Q

from bookings.choices import COUNTING_STATUSES, BookingSource, BookingStatus, EventKind
from capacity.calendar.wall_clock import shown_time
from capacity.models import ServiceDay
from tables.choices import SeatingType
from tables.models import Restaurant, Table
from tables.zones import zone_called

IDEMPOTENCY_KEY_LENGTH = 255
REFERENCE_LENGTH = 10
# No 0/O, 1/I/L, U/V or 5/S: a reference is read out on the phone.
REFERENCE_ALPHABET = "2346789ABCDEFGHJKMNPQRTVWXYZ"
LONGEST_GUEST_NAME = 120
LONGEST_NOTES = 1000
LONGEST_ALLERGIES = 500
# Of the name under which an actor stands in a history.
LONGEST_LABEL = 80
GUEST = "guest"
ENGINE = "engine"
# The actor of a change: a user of the admin, or None for a guest.
Actor = AbstractBaseUser | None
# What a booking is searched by, put together by functions of the database.
SEARCHED_NAME = Func(F("guest_name"), function="booking_search_name", output_field=models.TextField())
SEARCHED_CONTACT = Func(
    F("reference"),
    F("guest_email"),
    F("guest_phone"),
    function="booking_search_contact",
    output_field=models.TextField(),
)


class Booking(models.Model):
    """A party's booking: `[starts_at, ends_at)` in UTC, turn and buffer minutes as decided then."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    reference = models.CharField(max_length=10, unique=True, editable=False)
    restaurant = models.ForeignKey(Restaurant, on_delete=models.PROTECT, related_name="bookings")
    service_day = models.ForeignKey(ServiceDay, on_delete=models.PROTECT, related_name="bookings")
    business_date = models.DateField()
    wall_time = models.TimeField()
    # Of the wall clock of a booking from before the restaurant's zone was changed; empty: that of the restaurant.
    timezone = models.CharField(max_length=64, blank=True, default="", db_default="", editable=False)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    turn_minutes = models.PositiveSmallIntegerField()
    buffer_minutes = models.PositiveSmallIntegerField(default=0)
    party_size = models.PositiveIntegerField()
    status = models.CharField(max_length=12, choices=BookingStatus.choices, default=BookingStatus.CONFIRMED)
    source = models.CharField(max_length=8, choices=BookingSource.choices, default=BookingSource.WEB)
    seating = models.CharField("seating wish", max_length=16, choices=SeatingType.choices, blank=True)
    guest_name = models.CharField(max_length=LONGEST_GUEST_NAME)
    guest_email = models.EmailField(blank=True)
    guest_phone = models.CharField(max_length=32, blank=True)
    notes = models.CharField(max_length=LONGEST_NOTES, blank=True)
    allergies = models.CharField(max_length=LONGEST_ALLERGIES, blank=True, default="", db_default="")
    marketing_opt_in = models.BooleanField(default=False)
    expires_at = models.DateTimeField(null=True, blank=True)
    arrived_at = models.DateTimeField(null=True, blank=True)
    seated_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    token_generation = models.PositiveIntegerField(default=1)
    idempotency_key = models.CharField(max_length=IDEMPOTENCY_KEY_LENGTH, null=True, blank=True)  # noqa: DJ001 - "no key" must not collide in the unique constraint
    request_hash = models.CharField(max_length=64, blank=True)
    stored_answer = models.JSONField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["restaurant", "idempotency_key"], name="booking_idempotency_key_unique_in_restaurant"
            ),
            models.CheckConstraint(name="booking_party_size_positive", condition=Q(party_size__gte=1)),
            models.CheckConstraint(name="booking_stay_in_order", condition=Q(ends_at__gt=F("starts_at"))),
            models.CheckConstraint(name="booking_status_known", condition=Q(status__in=BookingStatus.values)),
            models.CheckConstraint(
                name="booking_hold_has_an_expiry",
                condition=~Q(status=BookingStatus.HELD) | Q(expires_at__isnull=False),
            ),
        ]
        indexes = [
            # The decision reads live stays of a restaurant from here: it must never fall back to a
            # sequential scan, which at SERIALIZABLE conflicts with strangers.
            models.Index(
                fields=["restaurant", "ends_at", "starts_at"],
                name="booking_live_stays",
                condition=Q(status__in=COUNTING_STATUSES),
            ),
            models.Index(fields=["restaurant", "business_date", "starts_at"], name="booking_by_date"),
            # Lists over all restaurants are in this order: the first page is read, not all of them sorted.
            models.Index(fields=["business_date", "starts_at", "id"], name="booking_by_start"),
            models.Index(
                fields=["service_day", "expires_at"],
                name="booking_holds",
                condition=Q(status=BookingStatus.HELD),
            ),
            GinIndex(
                OpClass(SEARCHED_NAME, name="gin_trgm_ops"),
                OpClass(SEARCHED_CONTACT, name="gin_trgm_ops"),
                name="booking_search",
                # A booking that finds the list of what is to be sorted in full sorts it: it waits the less.
                gin_pending_list_limit=1024,
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def zone(self) -> ZoneInfo:
        """Return the zone of the wall clock by which the party comes, or came."""
        return zone_called(self.timezone or self.restaurant.timezone)

    @property
    def shown_start(self) -> str:
        """Return its start on that clock, told apart where the time comes twice."""
        return shown_time(self.starts_at, self.zone)

    def is_late(self, now: datetime, grace: timedelta) -> bool:
        """Say whether a party that has not arrived is late beyond the grace: a mark for people, nothing follows."""
        return self.status == BookingStatus.CONFIRMED and now > self.starts_at + grace


class BookingEvent(models.Model):
    """An entry of a booking's history. Rows are only ever added."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.PROTECT, related_name="+")
    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="events")
    kind = models.CharField(max_length=24, choices=EventKind.choices)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    actor_label = models.CharField(max_length=LONGEST_LABEL)
    from_value = models.JSONField(null=True, blank=True)
    to_value = models.JSONField(null=True, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["booking", "created_at"], name="booking_event_by_booking")]

    def __str__(self) -> str:
        return self.get_kind_display()


class TableAssignment(models.Model):
    """A table held for a booking during an interval, buffer included; one row per table."""

    restaurant = models.ForeignKey(Restaurant, on_delete=models.PROTECT, related_name="+")
    booking = models.ForeignKey(Booking, on_delete=models.CASCADE, related_name="assignments")
    table = models.ForeignKey(Table, on_delete=models.PROTECT, related_name="assignments")
    during = DateTimeRangeField()
    pinned = models.BooleanField(default=False)
    assigned_by = models.CharField(max_length=80)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        db_table = "booking_table_assignments"
        constraints = [
            # Not deferrable: no code path can put two parties on one table at one time.
            ExclusionConstraint(
                name="assignment_no_double_seating",
                expressions=[("table", RangeOperators.EQUAL), ("during", RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                name="assignment_interval_not_empty",
                condition=Q(during__isempty=False, during__lower_inf=False, during__upper_inf=False),
            ),
        ]
        indexes = [GistIndex(fields=["restaurant", "during"], name="assignment_by_time")]

    def __str__(self) -> str:
        return f"table {self.table_id}"


def manage_token(public_id: uuid.UUID, generation: int) -> str:
    """Derive the 256-bit manage token of a booking; a higher generation revokes the ones before."""
    digest = hmac.digest(
        settings.MANAGE_TOKEN_KEY.encode(), f"manage:{public_id}:{generation}".encode(), hashlib.sha256
    )
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_manage_token(token: str, public_id: uuid.UUID, generation: int) -> bool:
    """Compare a token in constant time."""
    return hmac.compare_digest(token.encode(), manage_token(public_id, generation).encode())


def new_reference() -> str:
    """Draw a booking reference: a label, never a key to anything."""
    drawn = secrets.randbelow(len(REFERENCE_ALPHABET) ** REFERENCE_LENGTH)
    letters = []
    for _ in range(REFERENCE_LENGTH):
        drawn, letter = divmod(drawn, len(REFERENCE_ALPHABET))
        letters.append(REFERENCE_ALPHABET[letter])
    return "".join(letters)
