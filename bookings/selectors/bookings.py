"""The reads of bookings and of audits."""

from collections.abc import Collection, Sequence
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import DEFAULT_DB_ALIAS
from django.db.models import BooleanField, F, Q, QuerySet, TextField

from bookings.models import AuditRun, Booking
from bookings.models.booking import is_manage_token
from bookings.selectors.memberships import AnyUser, list_memberships, list_restaurant_ids
from capacity.clock import PREPARED_CLOCK, shown_instant
from capacity.models import OnlinePause
from config.errors import RecordNotFound
from config.group_commit import SharedWork
from config.statements import AnyOf, Parameter, Statement, ids

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
    """Find the booking of an idempotency key, in 1 query if there is none, else in 2; outside a transaction.

    Of all who ask at once one reads.
    """
    found = _FINDING.ask((restaurant_id, idempotency_key))
    return None if found is None else Booking.objects.get(pk=found)


def _find_by_keys(asked: Sequence[tuple[int, str]]) -> list[int | None]:
    restaurant_ids, keys = zip(*asked, strict=True)
    rows = BOOKED_BY_KEYS.run(restaurant_ids=list(set(restaurant_ids)), keys=list(keys))
    found = {(restaurant_id, key): pk for restaurant_id, key, pk in rows}
    return [found.get(each) for each in asked]


# The refused ones of a crowd would each look for what they might have booked before.
_FINDING = SharedWork(_find_by_keys)


def _booked_by_keys() -> QuerySet[Booking, tuple[Any, ...]]:
    of_restaurants = AnyOf(F("restaurant_id"), ids("restaurant_ids"))
    by_keys = AnyOf(F("idempotency_key"), Parameter("keys", ArrayField(TextField())))
    found = Booking.objects.filter(of_restaurants, by_keys).order_by()
    return found.values_list("restaurant_id", "idempotency_key", "pk")


BOOKED_BY_KEYS = Statement.of("booked_by_keys", _booked_by_keys)


def get_latest_audit() -> AuditRun | None:
    """Get the latest audit that left nothing out, None before the first one, in 1 query.

    An audit of one restaurant or of a span of dates says nothing about the others.
    """
    full = AuditRun.objects.filter(LEAVES_NOTHING_OUT)
    return full.defer("report").order_by("-finished_at").first()


def list_running_pauses(restaurant_ids: Collection[int] | None = None) -> list[OnlinePause]:
    """List the pauses that keep guests from booking online just now, of some restaurants or all.

    1 query, and another where there is one: every page asks, and seldom is anything paused.
    """
    if restaurant_ids is None:
        running = _RUNNING_PAUSES.run(shown=shown_instant())
    else:
        running = _RUNNING_PAUSES_OF.run(shown=shown_instant(), restaurant_ids=list(restaurant_ids))
    if not running:
        return []
    pauses = OnlinePause.objects.filter(pk__in=[pk for (pk,) in running])
    return list(pauses.select_related("restaurant", "service_period", "paused_by").order_by("ends_at", "pk"))


def _running_pauses(*of_restaurants: AnyOf) -> QuerySet[OnlinePause, tuple[int]]:
    running = OnlinePause.objects.filter(lifted_at=None, starts_at__lte=PREPARED_CLOCK, ends_at__gt=PREPARED_CLOCK)
    return running.filter(*of_restaurants).order_by().values_list("pk")


_RUNNING_PAUSES = Statement.of("running_pauses", _running_pauses)
_RUNNING_PAUSES_OF = Statement.of(
    "running_pauses_of_restaurants", lambda: _running_pauses(AnyOf(F("restaurant_id"), ids("restaurant_ids")))
)


def get_telling_audit(viewer: AnyUser | None = None) -> AuditRun | None:
    """Get the latest full audit, or a later one of a part that found an overbooking, in 1 query.

    Its report and its restaurant are read where they are looked at. A viewer who is no owner sees what it found in the
    own restaurants: 1 query more where it found anything.
    """
    own = None if viewer is None else list_restaurant_ids(viewer)
    row = next(iter(_TELLING_AUDIT.run(of_all=own is None, own=list(own or ()))), None)
    if row is None:
        return None
    run = AuditRun.from_db(DEFAULT_DB_ALIAS, _AUDIT_COLUMNS, row)
    return run if viewer is None or own is None else _as_seen_by(viewer, run)


def _telling_audit() -> QuerySet[AuditRun, tuple[Any, ...]]:
    of_own = Q(restaurant__isnull=True) | Q(AnyOf(F("restaurant_id"), ids("own")))
    of_part = Q(has_overbooking=True) & (Q(Parameter("of_all", BooleanField())) | of_own)
    telling = AuditRun.objects.filter(LEAVES_NOTHING_OUT | of_part)
    return telling.order_by("-finished_at").values_list(*_AUDIT_COLUMNS)[:1]


_AUDIT_COLUMNS = [field.attname for field in AuditRun._meta.concrete_fields if field.name != "report"]
_TELLING_AUDIT = Statement.of("telling_audit", _telling_audit)


def _as_seen_by(viewer: AnyUser, run: AuditRun) -> AuditRun:
    if run.overbookings or run.problems:
        own = {membership.restaurant.slug for membership in list_memberships(viewer)}
        for kind in ("overbookings", "problems"):
            setattr(run, kind, sum(found["restaurant"] in own for found in run.report.get(kind, ())))
        run.has_overbooking = run.overbookings > 0
    return run
