"""The cost of enforced refusals: the parties turned away, and those of them that had room in the end. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime, timedelta

from bookings.insight.verdict.evenings import Attended, Evenings, ServiceOnDate
from bookings.insight.verdict.facts import Refusals, Turned
from bookings.insight.verdict.hindsight import GONE, Aftermath, KnownCase, PartySeen, look_back_at_refusal

# The very same request so soon comes from the same guest: the decision records do not know guests.
ASKED_AGAIN_WITHIN = timedelta(minutes=15)


@dataclass(frozen=True)
class _Judged:
    """A refusal with the verdict of its evening, and the covers that it asked for beside those of its booking."""

    known: KnownCase
    aftermath: Aftermath
    covers: int


def count_turned(
    refused: Iterable[KnownCase],
    *,
    answered: AbstractSet[int],
    parties: Mapping[int, PartySeen],
    evenings: Evenings,
    now: datetime,
) -> tuple[Turned, frozenset[ServiceOnDate]]:
    """Count refusals, and name the services that had room for a new party in the end.

    `answered` are the decisions that another start was taken after, `parties` the later lives of bookings by their id.
    """
    in_order = sorted(refused, key=lambda known: (known.decided_at, known.decision_id))
    guests = _by_guest(in_order)
    for_good = [asked[0] for asked in guests if answered.isdisjoint(known.decision_id for known in asked)]
    took_another = [known for known in in_order if known.decision_id in answered]
    judged = _judge(for_good, parties, evenings, now)
    new, changes = (
        [refusal for refusal in judged if refusal.known.is_change is is_change] for is_change in (False, True)
    )
    turned = Turned(
        **vars(_count(new)),
        repeated=len(in_order) - len(for_good) - len(took_another),
        answered=len(took_another),
        answered_covers=sum(known.case.party_size for known in took_another),
        changes=_count(changes),
    )
    empty = (refusal.known.case.service for refusal in new if refusal.aftermath is Aftermath.STAYED_EMPTY)
    return turned, frozenset(service for service in empty if service is not None)


def _by_guest(in_order: Iterable[KnownCase]) -> list[list[KnownCase]]:
    """Put together requests for the same date, start, size, way in and seating within a quarter of an hour."""
    guests: list[list[KnownCase]] = []
    latest: dict[tuple[object, ...], list[KnownCase]] = {}
    for known in in_order:
        key = (known.booking_id, known.case.service, known.case.starts_at, known.case.party_size)
        asked = latest.get((*key, known.source, known.seating))
        if asked is not None and known.decided_at - asked[0].decided_at <= ASKED_AGAIN_WITHIN:
            asked.append(known)
        else:
            latest[*key, known.source, known.seating] = [known]
            guests.append(latest[*key, known.source, known.seating])
    return guests


def _judge(
    in_order: Sequence[KnownCase], parties: Mapping[int, PartySeen], evenings: Evenings, now: datetime
) -> list[_Judged]:
    """Let refused parties in, one after the other, as long as the parties that came leave room for them."""
    judged = []
    beside: defaultdict[object, list[Attended]] = defaultdict(list)
    own_stays = {booking_id: seen.stay for booking_id, seen in parties.items() if seen.came}
    for known in in_order:
        case, booking_id = known.case, known.booking_id
        own = own_stays.get(booking_id) if booking_id is not None and known.is_change else None
        # Nobody comes twice: a booking that asks for a change does not stand in its own way.
        others = [*beside[_place_of(known)], *([own.taken_out] if own else [])]
        aftermath = look_back_at_refusal(case, evenings, now, others)
        judged.append(_Judged(known, aftermath, _covers_asked(known, parties)))
        if aftermath is Aftermath.STAYED_EMPTY and case.service is not None:
            stay = Attended(case.service, case.starts_at, case.ends_at, case.party_size, 1)
            beside[_place_of(known)] = [*others, stay]
            if own is not None and booking_id is not None:
                own_stays[booking_id] = stay
    return judged


def _place_of(known: KnownCase) -> object:
    """Return the business date: stays of two dates hardly meet, and a search of a month for each refusal is slow."""
    service = known.case.service
    return service.business_date if service else known.case.starts_at.date()


def _covers_asked(known: KnownCase, parties: Mapping[int, PartySeen]) -> int:
    if not known.is_change:
        return known.case.party_size
    stay = parties.get(known.booking_id or 0, GONE).stay
    return max(0, known.case.party_size - (stay.covers if stay else 0))


def _count(judged: Sequence[_Judged]) -> Refusals:
    by_aftermath = {aftermath: [one for one in judged if one.aftermath is aftermath] for aftermath in Aftermath}
    empty = by_aftermath[Aftermath.STAYED_EMPTY]
    return Refusals(
        decisions=len(judged),
        covers=sum(refusal.covers for refusal in judged),
        stayed_empty=len(empty),
        covers_empty=sum(refusal.covers for refusal in empty),
        filled=len(by_aftermath[Aftermath.FILLED]),
        tables_unknown=len(by_aftermath[Aftermath.TABLES_UNKNOWN]),
        open=len(by_aftermath[Aftermath.OPEN]),
    )
