"""The result of a what-if, for programs."""

from datetime import date

from msgspec import field

from bookings.contract.answer import Answer, Instant
from bookings.insight.what_if.results import PartyDifference, Side, WhatIf


class TallyAnswer(Answer):
    """Parties, and their covers."""

    parties: int
    covers: int


class ToldAnswer(Answer):
    """What parties were told."""

    accepted: TallyAnswer
    refused: TallyAnswer
    undecided: TallyAnswer


class PeakAnswer(Answer, omit_defaults=True):
    """The most of a service, a slot or a moment; no `slotAt` for the whole service."""

    used: int
    limit: int | None
    slot_at: Instant | None = None


class ServicePeaksAnswer(Answer):
    """How full a service gets."""

    business_date: date = field(name="date")
    period_name: str = field(name="period")
    covers: PeakAnswer
    pacing: PeakAnswer
    occupancy: PeakAnswer


class SideAnswer(ToldAnswer):
    """One simulation."""

    first_reasons: dict[str, TallyAnswer] = field(name="refusedByFirstReason")
    every_reason: dict[str, TallyAnswer] = field(name="refusedByEveryReason")
    changes_refused: int
    seats_used_percent: int | None
    covers_by_date: dict[date, int]
    services: list[ServicePeaksAnswer]


class PartyDifferenceAnswer(Answer):
    """A party that only one of the simulations takes."""

    decision_id: int
    reference: str | None
    business_date: date = field(name="date")
    starts_at: Instant
    party_size: int
    source: str
    reasons: list[str]


class FixedBookingAnswer(Answer):
    """A booking that is there anyway."""

    reference: str
    business_date: date = field(name="date")
    party_size: int


class WhatIfAnswer(Answer):
    """Both simulations, what really happened, and every party that only one of them takes."""

    slug: str = field(name="restaurant")
    timezone: str
    from_date: date = field(name="from")
    to_date: date = field(name="to")
    requests: int
    parties: int
    repeated: int = field(name="repeatedRequests")
    undecided: int = field(name="undecidedRequests")
    actual: ToldAnswer
    today: SideAnswer
    proposed: SideAnswer
    difference: TallyAnswer
    gained: list[PartyDifferenceAnswer]
    lost: list[PartyDifferenceAnswer]
    unrecorded: list[FixedBookingAnswer] = field(name="notInLedger")
    moved_in: list[FixedBookingAnswer] = field(name="bookedForAnotherDate")


def what_if_answer(result: WhatIf) -> WhatIfAnswer:
    """Shape a what-if."""
    return WhatIfAnswer.of(
        result,
        today=_side_answer(result.today),
        proposed=_side_answer(result.proposed),
        gained=[_party_answer(party) for party in result.gained],
        lost=[_party_answer(party) for party in result.lost],
    )


def _side_answer(side: Side) -> SideAnswer:
    told = side.told
    return SideAnswer.of(side, accepted=told.accepted, refused=told.refused, undecided=told.undecided)


def _party_answer(party: PartyDifference) -> PartyDifferenceAnswer:
    return PartyDifferenceAnswer.of(party, reference=party.reference or None)
