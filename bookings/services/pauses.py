"""Take no online bookings for the service that runs, for a while; it acts at once, and ends by itself."""

from datetime import timedelta

from django.db.models import QuerySet

from bookings.models.booking import Actor
from capacity.calendar import ServiceTimes
from capacity.locks import lock_service_days
from capacity.models import OnlinePause, ServiceDay
from capacity.selectors import ServiceSettings, get_service_settings
from config.errors import InputInvalid, RecordNotFound
from config.transactions import settings_transaction
from tables.locks import lock_restaurant_settings

REASON_LENGTH = 200
LONGEST_PAUSE_MINUTES = 24 * 60


@settings_transaction
def pause_online(*, restaurant_id: int, reason: str, minutes: int | None = None, actor: Actor = None) -> OnlinePause:
    """Pause online booking for the service that runs, else for the next of today: minutes, or the rest of the service.

    Guests are refused as closed, whatever start of that service they ask for; staff and walk-ins are not, nor other
    services. A pause that runs is replaced. Locks the restaurant row and the service day: who waits there is refused.

    Raises: `InputInvalid` without a reason, or where no service is left today; `RecordNotFound`, `BookingConflict`.
    """
    _require_sense(reason, minutes)
    lock_restaurant_settings(restaurant_id)
    settings = get_service_settings(restaurant_id)
    service = _service_to_pause(settings)
    _lock_day(restaurant_id, service)
    _running(restaurant_id, service, settings).update(lifted_at=settings.now, lifted_by=_id_of(actor))
    last = service.slots[-1].ends_at
    return OnlinePause.objects.create(
        restaurant_id=restaurant_id,
        service_period_id=service.period_id,
        business_date=service.business_date,
        starts_at=settings.now,
        ends_at=last if minutes is None else settings.now + timedelta(minutes=minutes),
        reason=reason.strip(),
        paused_by_id=_id_of(actor),
    )


@settings_transaction
def lift_pause(*, pause_id: int, actor: Actor = None) -> OnlinePause:
    """End a pause now; one that is over, or lifted already, stays as it is. Locks as `pause_online`.

    Raises: `RecordNotFound`, `BookingConflict`.
    """
    found = OnlinePause.objects.filter(pk=pause_id).first()
    if found is None:
        raise RecordNotFound
    lock_restaurant_settings(found.restaurant_id)
    now = get_service_settings(found.restaurant_id).now
    running = OnlinePause.objects.filter(pk=pause_id, lifted_at=None, ends_at__gt=now)
    running.update(lifted_at=now, lifted_by=_id_of(actor))
    return OnlinePause.objects.select_related("restaurant", "service_period").get(pk=pause_id)


def _require_sense(reason: str, minutes: int | None) -> None:
    if not reason.strip():
        raise InputInvalid.of_field("reason", "required", "Say why: everybody sees it while online is paused.")
    if len(reason.strip()) > REASON_LENGTH:
        raise InputInvalid.of_field("reason", "too_long", f"At most {REASON_LENGTH} characters.")
    if minutes is not None and not 1 <= minutes <= LONGEST_PAUSE_MINUTES:
        raise InputInvalid.of_field("minutes", "out_of_range", f"From 1 to {LONGEST_PAUSE_MINUTES} minutes.")


def _service_to_pause(settings: ServiceSettings) -> ServiceTimes:
    for service in settings.services_left():
        if service.slots[-1].ends_at > settings.now:
            return service
    raise InputInvalid.of_field("minutes", "no_service", "No service that guests could book is left today.")


def _lock_day(restaurant_id: int, service: ServiceTimes) -> None:
    days = ServiceDay.objects.filter(
        restaurant_id=restaurant_id,
        service_period_id=service.period_id,
        business_date=service.business_date,
    )
    # Where it has no row yet nobody waits for it: creating it takes the restaurant row.
    lock_service_days(days.values_list("pk", flat=True))


def _running(restaurant_id: int, service: ServiceTimes, settings: ServiceSettings) -> QuerySet[OnlinePause]:
    return OnlinePause.objects.filter(
        restaurant_id=restaurant_id,
        service_period_id=service.period_id,
        business_date=service.business_date,
        lifted_at=None,
        ends_at__gt=settings.now,
    )


def _id_of(actor: Actor) -> int | None:
    return actor.pk if actor else None
