"""The parts that answers and refusals are made of."""

from collections.abc import Iterable
from datetime import UTC, datetime, time
from typing import Any, Protocol

from capacity.policy import LimitUse, Reason, ServiceState, percent_of

Answer = dict[str, Any]


def instant_answer(instant: datetime) -> str:
    """Write an instant in ISO 8601 UTC."""
    return instant.astimezone(UTC).isoformat().replace("+00:00", "Z")


def wall_time_answer(wall_time: time) -> str:
    """Write a wall-clock time as HH:MM."""
    return f"{wall_time:%H:%M}"


def reason_answer(reason: Reason) -> Answer:
    """Shape one reason of a refusal."""
    return {
        "code": str(reason.code),
        "limit": reason.limit,
        "used": reason.used,
        "asked": reason.asked,
    }


def reasons_answer(reasons: Iterable[Reason]) -> list[Answer]:
    """Shape the reasons of a refusal, in their order."""
    return [reason_answer(reason) for reason in reasons]


class Start(Protocol):
    """A start time that may be offered."""

    @property
    def wall_time(self) -> time: ...

    @property
    def starts_at(self) -> datetime: ...


def alternatives_answer(alternatives: Iterable[Start]) -> Answer:
    """Shape other times that are really bookable."""
    slots = [
        {"time": wall_time_answer(start.wall_time), "startsAt": instant_answer(start.starts_at)}
        for start in alternatives
    ]
    return {"alternatives": [slot["time"] for slot in slots], "alternativeSlots": slots}


def capacity_answer(service: ServiceState | None, fullest: LimitUse | None) -> Answer | None:
    """Shape how full a service day is; None outside service."""
    if service is None:
        return None
    remaining = None if service.max_covers is None else max(0, service.max_covers - service.booked_covers)
    return {
        "periodName": service.period_name,
        "maxCovers": service.max_covers,
        "bookedCovers": service.booked_covers,
        "remainingCovers": remaining,
        "utilizationPercent": percent_of(service.booked_covers, service.max_covers),
        "fullest": _fullest_answer(fullest),
    }


def _fullest_answer(fullest: LimitUse | None) -> Answer | None:
    if fullest is None:
        return None
    return {
        "code": str(fullest.code),
        "limit": fullest.limit,
        "used": fullest.used,
        "percent": fullest.percent,
    }
