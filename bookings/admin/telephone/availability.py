"""The starts of a date beside the form: free, or why not, each a button that fills in its time."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from bookings.admin.parts.shown import long_date
from bookings.admin.telephone.form import TelephoneForm
from bookings.decision import Assessment
from bookings.selectors import list_day_slots
from capacity.calendar.wall_clock import shown_time
from capacity.policy import IN_HOUSE, ReasonCode, ServiceState
from capacity.wording import reason_in_words, reason_name
from config.values import counted


@dataclass(frozen=True)
class Start:
    """A start with the answer of the engine for the party on the page; `value` fills in the form."""

    wall_time: str
    value: str
    is_free: bool
    words: str
    details: str


@dataclass(frozen=True)
class ServiceBeside:
    """A service of the date with its starts."""

    name: str
    booked: str
    starts: tuple[Start, ...]


@dataclass(frozen=True)
class Beside:
    """All starts of a date for a party."""

    title: str
    services: tuple[ServiceBeside, ...]


def availability_beside(form: TelephoneForm) -> Beside | None:
    """Decide every start of the date on the page for its party; None where the page does not say which yet."""
    asked = form.asked
    if asked is None:
        return None
    found = list_day_slots(
        restaurant_id=form.restaurant.pk,
        business_date=asked["business_date"],
        party_size=asked["party_size"],
        seating=asked["seating"] or None,
        channel=IN_HOUSE,
        turn_minutes=asked["minutes"],
    )
    services = (_service(service, found.assessments) for service in found.services)
    return Beside(_title(asked), tuple(service for service in services if service.starts))


def _title(asked: dict[str, Any]) -> str:
    size, day = asked["party_size"], asked["business_date"]
    return f"{long_date(day) if isinstance(day, date) else day}, party of {size}"


def _service(service: ServiceState, assessments: tuple[Assessment, ...]) -> ServiceBeside:
    own = (found for found in assessments if found.wish.period_id == service.period_id)
    booked, limit = service.booked_covers, service.max_covers
    covers = counted(booked, "cover") if limit is None else f"{booked} of {counted(limit, 'cover')}"
    return ServiceBeside(
        name=service.period_name,
        booked=f"{covers} booked",
        starts=tuple(_start(found) for found in own if not _has_passed(found)),
    )


def _has_passed(assessment: Assessment) -> bool:
    return any(reason.code is ReasonCode.PAST for reason in assessment.decision.reasons)


def _start(assessment: Assessment) -> Start:
    wish, reasons = assessment.wish, assessment.decision.reasons
    return Start(
        wall_time=shown_time(wish.starts_at, assessment.case.day.window.zone),
        value=start_value(assessment),
        is_free=not reasons,
        words=f"full: {_short(reasons[0].code)}" if reasons else _free(assessment),
        details="; ".join(reason_in_words(reason) for reason in reasons),
    )


def _short(code: ReasonCode) -> str:
    return "closed" if code is ReasonCode.CLOSED else reason_name(code)


def _free(assessment: Assessment) -> str:
    if assessment.decision.waived:
        return f"over {_short(assessment.decision.waived[0].code)}, waived"
    moves = len(assessment.plan.moves) if assessment.plan else 0
    return f"free, {moves} to move" if moves else "free"


def start_value(assessment: Assessment) -> str:
    """Return what fills in the start of an assessed wish: its time, and its instant where the hour repeats."""
    wish = assessment.wish
    is_second = wish.starts_at.astimezone(assessment.case.day.window.zone).fold
    instant = f"&starts_at={wish.starts_at:%Y-%m-%dT%H:%M:%SZ}" if is_second else ""
    return f"wall_time={wish.wall_time:%H:%M}{instant}"
