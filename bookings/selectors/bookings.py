"""The reads of bookings and of audits."""

from collections.abc import Collection
from typing import Any

from django.db.models import BigIntegerField, CharField, Q, QuerySet

from bookings.models import AuditRun, Booking
from bookings.selectors.memberships import AnyUser, list_memberships, list_restaurant_ids
from bookings.tokens import is_manage_token
from capacity.clock import ClockTimestamp
from capacity.models import OnlinePause
from config.errors import RecordNotFound
from config.statements import Parameter, Statement

LEAVES_NOTHING_OUT = Q(restaurant__isnull=True, from_date__isnull=True, to_date__isnull=True)


def get_managed_booking(*, reference: str, token: str) -> Booking:
    """Get a booking for the holder of its manage token, with restaurant and tables, in 2 queries.

    Raises: `RecordNotFound`, alike for an unknown reference and a wrong token.
    """
    found = (
        Booking.objects.select_related("restaurant")
        .prefetch_related("assignments__table")
        .filter(reference=reference.upper())
        .first()
    )
    if found is None or not is_manage_token(token, found.public_id, found.token_generation):
        raise RecordNotFound
    return found


def find_by_key(restaurant_id: int, idempotency_key: str) -> Booking | None:
    """Find the booking of an idempotency key, in 1 query if there is none, else in 2."""
    found = BOOKED_BY_KEY.run(restaurant_id=restaurant_id, key=idempotency_key)
    return Booking.objects.get(pk=found[0][0]) if found else None


def _booked_by_key() -> QuerySet[Booking, tuple[Any, ...]]:
    restaurant_id, key = Parameter("restaurant_id", BigIntegerField()), Parameter("key", CharField())
    return Booking.objects.filter(restaurant_id=restaurant_id, idempotency_key=key).order_by().values_list("pk")


BOOKED_BY_KEY = Statement.of("booked_by_key", _booked_by_key)


def get_latest_audit() -> AuditRun | None:
    """Get the latest audit that left nothing out, None before the first one, in 1 query.

    An audit of one restaurant or of a span of dates says nothing about the others.
    """
    full = AuditRun.objects.filter(LEAVES_NOTHING_OUT)
    return full.defer("report").order_by("-finished_at").first()


def list_running_pauses(restaurant_ids: Collection[int] | None = None) -> list[OnlinePause]:
    """List the pauses that keep guests from booking online just now, of some restaurants or all, in 1 query."""
    now = ClockTimestamp()
    running = OnlinePause.objects.filter(lifted_at=None, starts_at__lte=now, ends_at__gt=now)
    if restaurant_ids is not None:
        running = running.filter(restaurant__in=restaurant_ids)
    return list(running.select_related("restaurant", "service_period", "paused_by").order_by("ends_at", "pk"))


def get_telling_audit(viewer: AnyUser | None = None) -> AuditRun | None:
    """Get the latest full audit, or a later one of a part that found an overbooking, in 1 query.

    A viewer who is no owner sees what it found in the own restaurants: 1 query more where it found anything.
    """
    of_part = Q(has_overbooking=True)
    ids = None if viewer is None else list_restaurant_ids(viewer)
    if ids is not None:
        of_part &= Q(restaurant__isnull=True) | Q(restaurant__in=ids)
    telling = AuditRun.objects.filter(LEAVES_NOTHING_OUT | of_part).select_related("restaurant").defer("report")
    run = telling.order_by("-finished_at").first()
    return run if run is None or viewer is None or ids is None else _as_seen_by(viewer, run)


def _as_seen_by(viewer: AnyUser, run: AuditRun) -> AuditRun:
    if run.overbookings or run.problems:
        own = {membership.restaurant.slug for membership in list_memberships(viewer)}
        for kind in ("overbookings", "problems"):
            setattr(run, kind, sum(found["restaurant"] in own for found in run.report.get(kind, ())))
        run.has_overbooking = run.overbookings > 0
    return run
