"""Reasons, limits and refusals in words, for every screen, terminal and error. Pure: no Django, no clock."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from capacity.limits import LIMIT_OF
from capacity.reasons import Reason, ReasonCode
from config.values import counted

_NOT_ACCEPTED = "Parties of {party_size} cannot be booked online; the limit is {limit}"
_NO_SERVICE = "No service at {at} on {business_date}"
_NO_CAPACITY = "No capacity for {guests} at {at}"
_REFUSALS = {
    ReasonCode.PARTY_TOO_SMALL: _NOT_ACCEPTED,
    ReasonCode.PARTY_TOO_LARGE: _NOT_ACCEPTED,
    ReasonCode.PAST: "That time has passed",
    ReasonCode.TOO_SOON: "That time is too soon to be booked online",
    ReasonCode.TOO_FAR: "That date is too far ahead",
    ReasonCode.CLOSED: _NO_SERVICE,
    ReasonCode.OUTSIDE_SERVICE: _NO_SERVICE,
}
_REASONS = {
    ReasonCode.PARTY_TOO_SMALL: "the party is smaller than the restaurant takes, which is {limit}",
    ReasonCode.PARTY_TOO_LARGE: "the party is larger than the restaurant takes, which is {limit}",
    ReasonCode.PAST: "that time has passed",
    ReasonCode.TOO_SOON: "that time is too soon",
    ReasonCode.TOO_FAR: "that date is too far ahead",
    ReasonCode.CLOSED: "the restaurant is closed then",
    ReasonCode.OUTSIDE_SERVICE: "there is no service then",
}
_NAMES: dict[str, str] = {
    ReasonCode.NO_TABLE: "no table",
    ReasonCode.CLOSED: "closed",
    ReasonCode.OUTSIDE_SERVICE: "out of hours",
}


def limit_name(code: str) -> str:
    """Return the name of a limit by its code, the code itself where it is of none."""
    return LIMIT_OF[code].name if code in LIMIT_OF else code


def reason_name(code: str) -> str:
    """Return the name of a reason that a mode waives, or that a person answers for: a limit, no table, the hours."""
    return _NAMES.get(code) or limit_name(code)


def refusal_message(reason: Reason, *, party_size: int, at: str, business_date: date) -> str:
    """Return the message of a refusal `at` a time as it is shown, for the first of its reasons."""
    message = _REFUSALS.get(reason.code, _NO_CAPACITY)
    return message.format(
        party_size=party_size,
        guests=counted(party_size, "guest"),
        at=at,
        business_date=business_date,
        limit=reason.limit,
    )


def reason_in_words(reason: Reason) -> str:
    """Say one reason of a refusal with its numbers, to the staff."""
    if reason.code == ReasonCode.NO_TABLE:
        return _no_table(reason)
    if said := _REASONS.get(reason.code):
        return said.format(limit=reason.limit)
    return f"{limit_name(reason.code)}: {reason.used} of {reason.limit} are taken and {reason.asked} more were asked"


def _no_table(reason: Reason) -> str:
    if not reason.limit:
        return "no table or combination is for such a party"
    return f"no table: {reason.used} of the {reason.limit} that would suit are taken, and no moves make room"


def recorded_reason(reason: Mapping[str, Any]) -> str:
    """Say one reason as a decision recorded it."""
    if "above" in reason:
        return f"{limit_name(reason['code'])}: {reason['above']} above"
    if reason["code"] == ReasonCode.NO_TABLE:
        return f"no table: none of {reason['limit']} that suit" if reason["limit"] else "no table could ever take it"
    if reason["limit"] is None:
        return str(reason["code"])
    return f"{limit_name(reason['code'])}: {reason['used']} of {reason['limit']}, {reason['asked']} asked"


def reason_text(reason: Reason) -> str:
    """Say a reason by its code with its numbers, as far as it has any."""
    numbers = (("limit", reason.limit), ("used", reason.used), ("asked", reason.asked))
    said = ", ".join(f"{name} {number}" for name, number in numbers if number is not None)
    return f"{reason.code}: {said}" if said else str(reason.code)


def reason_codes(reasons: Iterable[Reason]) -> str:
    """Name the codes of some reasons."""
    return ", ".join(reason.code for reason in reasons)
