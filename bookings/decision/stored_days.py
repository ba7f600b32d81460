"""The rows of service days and their slots, with all that a decision reads anew: one prepared statement."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any
from uuid import UUID

from django.db.models import (
    Count,
    DateTimeField,
    F,
    FilteredRelation,
    FloatField,
    Func,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    TextField,
)
from django.db.models.functions import Cast

from bookings.choices import BookingStatus
from bookings.decision.service_days import KnownDay
from bookings.models import Booking
from capacity.clock import PREPARED_CLOCK, shown_instant
from capacity.limits import SERVICE_LIMITS, SLOT_LIMITS
from capacity.models import ServiceDay
from capacity.policy import ServiceState, SlotState
from capacity.selectors import SWITCH, Facts, ServiceSettings
from config.statements import AnyOf, Parameter, Statement, ids
from config.transactions import AttemptOutdated
from tables.models import Restaurant
from tables.spans import TimeSpan

# As the constraint on Restaurant.slot_minutes has it.
LONGEST_SLOT = timedelta(minutes=240)


class SettingsOutdated(AttemptOutdated):
    """The settings that the process presumed are not those of the locked state."""

    label = "settings"


@dataclass(frozen=True)
class StoredDays:
    """Service days as they were read, and the settings at that moment.

    `next_hold_ends_at` is the expiry of the hold, of all on these days, that ends or has ended first; None without one.
    """

    settings: ServiceSettings
    services: tuple[ServiceState, ...]
    next_hold_ends_at: datetime | None


class Epoch(Func):
    """An instant as seconds since 1970: hundreds come with each decision, and a number is read ten times as fast."""

    template = "extract(epoch from %(expressions)s)::double precision"
    output_field = FloatField()


# By its key, and no join: a plan for any number of days would read all restaurants, and conflict with each change.
SETTINGS_VERSION = Subquery(Restaurant.objects.filter(pk=OuterRef("restaurant_id")).values("settings_version"))
FACTS_OF_DAY = (Cast(SETTINGS_VERSION, TextField()), Epoch(PREPARED_CLOCK), SWITCH)
# The rest of a service day is known: it changes with the settings alone.
DAY_COLUMNS = (
    "pk",
    *(limit.column for limit in SERVICE_LIMITS),
    *(limit.counter for limit in SERVICE_LIMITS),
    "version",
)
SLOT_COLUMNS = (
    "pk",
    "service_day_id",
    "bookable",
    *(limit.column for limit in SLOT_LIMITS),
    *(limit.counter for limit in SLOT_LIMITS),
)
# Where the columns of the service day begin, and those of the slot, its times first.
DAY, SLOT = 4, 4 + len(DAY_COLUMNS)


def _query() -> QuerySet[ServiceDay, tuple[Any, ...]]:
    first, last, opens = (Parameter(name, DateTimeField()) for name in ("first", "last", "opens"))
    # Without the lower bound the scan would read every slot of the past.
    in_time = Q(slots__starts_at__gte=first, slots__starts_at__lte=last, slots__ends_at__gt=opens)
    held = Booking.objects.filter(AnyOf(F("service_day_id"), ids("hold_day_ids")), status=BookingStatus.HELD)
    next_hold = held.order_by("expires_at").values("expires_at")[:1]
    days = ServiceDay.objects.filter(AnyOf(F("pk"), ids("day_ids"))).annotate(
        slot=FilteredRelation("slots", condition=in_time)
    )
    return days.order_by("pk", "slot__starts_at").values_list(
        *FACTS_OF_DAY,
        Epoch(Subquery(next_hold)),
        *DAY_COLUMNS,
        Epoch("slot__starts_at"),
        Epoch("slot__ends_at"),
        *(f"slot__{column}" for column in SLOT_COLUMNS),
    )


STORED_DAYS = Statement.of("stored_days", _query)


def read_days(
    settings: ServiceSettings, days: Sequence[KnownDay], window: TimeSpan, *, holds_of: Iterable[KnownDay]
) -> StoredDays:
    """Read service days with the slots that meet a window, and the next hold of some to end; 1 query, none for none.

    Presumed settings are confirmed: in the mode and by the clock of this read.

    Raises: `SettingsOutdated` where they are others now.
    """
    rows = days and STORED_DAYS.run(
        day_ids=[day.service_day_id for day in days],
        hold_day_ids=[day.service_day_id for day in holds_of],
        first=window.starts_at - LONGEST_SLOT,
        last=window.ends_at,
        opens=window.starts_at,
        shown=shown_instant(),
    )
    if not rows:
        if settings.is_presumed:
            raise SettingsOutdated
        return StoredDays(settings, (), next_hold_ends_at=settings.now)
    *facts, next_hold = rows[0][:DAY]
    known = {day.service_day_id: day for day in days}
    return StoredDays(
        settings=_confirmed(settings, _facts(*facts)),
        services=tuple(_service_of(known[pk], list(of_day)) for pk, of_day in groupby(rows, key=itemgetter(DAY))),
        next_hold_ends_at=None if next_hold is None else _instant(next_hold),
    )


def _facts(version: str, now: float, switch: bool | None) -> Facts:
    return Facts(UUID(version), _instant(now), switch)


def _confirmed(settings: ServiceSettings, facts: Facts) -> ServiceSettings:
    if not settings.is_presumed:
        return settings
    if settings.version != facts.settings_version:
        raise SettingsOutdated
    return settings.at(facts)


def _service_of(day: KnownDay, rows: Sequence[tuple[Any, ...]]) -> ServiceState:
    # A day without a slot in the window has one row of NULLs for it.
    slots = tuple(_slot_of(*row[SLOT:]) for row in rows if row[SLOT] is not None)
    return ServiceState(
        *(day.key.period_id, day.period_name, day.key.business_date, day.starts_at, day.ends_at, slots),
        *rows[0][DAY:SLOT],
    )


def _slot_of(starts_at: float, ends_at: float, *columns: Any) -> SlotState:
    return SlotState(_instant(starts_at), _instant(ends_at), *columns)


def _instant(epoch: float) -> datetime:
    return datetime.fromtimestamp(epoch, UTC)


def _version_query() -> QuerySet[ServiceDay, tuple[Any, ...]]:
    version, now, switch = FACTS_OF_DAY
    days = ServiceDay.objects.filter(AnyOf(F("pk"), ids("day_ids"))).order_by().values(settings_version=version)
    return days.annotate(now=Max(now), switch=switch, days=Count("pk"), versions=Sum("version")).values_list(
        "settings_version", "now", "switch", "days", "versions"
    )


VERSIONS = Statement.of("versions_of_days", _version_query)


def read_versions(day_ids: Collection[int]) -> tuple[Facts | None, int]:
    """Read the facts of the restaurant of some service days, and the sum of their versions, in 1 query.

    A version only rises: while the sum is the same, so is each. None and 0 where any of them is gone.
    """
    rows = VERSIONS.run(day_ids=list(day_ids), shown=shown_instant())
    if not rows or rows[0][3] != len(day_ids):
        return None, 0
    *facts, _, versions = rows[0]
    return _facts(*facts), int(versions)
