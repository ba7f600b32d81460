"""The result of a what-if, for programs."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from bookings.insight.what_if.record import FixedBooking
from bookings.insight.what_if.results import PartyDifference, Peak, ServicePeaks, Side, Tally, Told, WhatIf
from capacity.calendar import iso_utc


def what_if_answer(result: WhatIf) -> dict[str, Any]:
    """Shape both simulations, what really happened, and every party that only one of them takes."""
    return {
        "restaurant": result.slug,
        "timezone": result.timezone,
        "from": result.from_date.isoformat(),
        "to": result.to_date.isoformat(),
        "requests": result.requests,
        "parties": result.parties,
        "repeatedRequests": result.repeated,
        "undecidedRequests": result.undecided,
        "actual": _told_answer(result.actual),
        "today": _side_answer(result.today),
        "proposed": _side_answer(result.proposed),
        "difference": _tally_answer(result.difference),
        "gained": [_party_answer(party) for party in result.gained],
        "lost": [_party_answer(party) for party in result.lost],
        "notInLedger": [_there_answer(booking) for booking in result.unrecorded],
        "bookedForAnotherDate": [_there_answer(booking) for booking in result.moved_in],
    }


def _there_answer(booking: FixedBooking) -> dict[str, Any]:
    return {
        "reference": booking.reference,
        "date": booking.business_date.isoformat(),
        "partySize": booking.party_size,
    }


def _tally_answer(tally: Tally) -> dict[str, Any]:
    return {"parties": tally.parties, "covers": tally.covers}


def _told_answer(told: Told) -> dict[str, Any]:
    return {
        "accepted": _tally_answer(told.accepted),
        "refused": _tally_answer(told.refused),
        "undecided": _tally_answer(told.undecided),
    }


def _side_answer(side: Side) -> dict[str, Any]:
    return _told_answer(side.told) | {
        "refusedByFirstReason": _by_reason_answer(side.first_reasons),
        "refusedByEveryReason": _by_reason_answer(side.every_reason),
        "changesRefused": side.changes_refused,
        "seatsUsedPercent": side.seats_used_percent,
        "coversByDate": _by_date_answer(side.covers_by_date),
        "services": [_service_answer(service) for service in side.services],
    }


def _by_reason_answer(reasons: Mapping[str, Tally]) -> dict[str, Any]:
    return {reason: _tally_answer(tally) for reason, tally in reasons.items()}


def _by_date_answer(covers: Mapping[date, int]) -> dict[str, Any]:
    return {day.isoformat(): number for day, number in covers.items()}


def _service_answer(service: ServicePeaks) -> dict[str, Any]:
    return {
        "date": service.business_date.isoformat(),
        "period": service.period_name,
        "covers": _peak_answer(service.covers),
        "pacing": _peak_answer(service.pacing),
        "occupancy": _peak_answer(service.occupancy),
    }


def _peak_answer(peak: Peak) -> dict[str, Any]:
    where = {"slotAt": iso_utc(peak.slot_at)} if peak.slot_at else {}
    return {"used": peak.used, "limit": peak.limit, **where}


def _party_answer(party: PartyDifference) -> dict[str, Any]:
    return {
        "decisionId": party.decision_id,
        "reference": party.reference or None,
        "date": party.business_date.isoformat(),
        "startsAt": iso_utc(party.starts_at),
        "partySize": party.party_size,
        "source": party.source,
        "reasons": list(party.reasons),
    }
