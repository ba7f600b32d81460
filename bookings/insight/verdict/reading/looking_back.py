"""The verdicts of evenings on the refusals of a span, enforced ones and would-be ones."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from bookings.insight.replay.alternatives import match_alternatives
from bookings.insight.verdict.facts import Offered, Turned, WouldBe
from bookings.insight.verdict.hindsight import GONE, Hindsight, KnownCase, look_back
from bookings.insight.verdict.reading.decisions import DecisionSpan, list_alternative_rows, list_cases
from bookings.insight.verdict.reading.evenings import get_covers_away, get_evenings, get_parties_seen
from bookings.insight.verdict.refusals import count_turned
from capacity.policy import ReasonCode
from capacity.selectors import ServiceSettings

Judged = Sequence[tuple[KnownCase, Hindsight]]


@dataclass(frozen=True)
class Hindsights:
    """Would-be refusals by reason, enforced ones together, the number of open evenings, and of other starts taken."""

    would_be: tuple[WouldBe, ...]
    turned: Turned
    open_evenings: int
    offered: Offered


def look_back_on(settings: ServiceSettings, span: DecisionSpan) -> Hindsights:
    """Look back on all refusals of a span, in at most 7 queries."""
    cases, rows = list_cases(span), list_alternative_rows(span)
    answers = match_alternatives(rows)
    evenings = get_evenings(span.restaurant_id, [known.case for known in cases])
    parties = get_parties_seen([known.booking_id for known in cases if known.booking_id is not None])
    judged = [
        (known, look_back(known.case, parties.get(known.booking_id or 0, GONE), evenings, settings.now))
        for known in cases
        if not known.is_refused
    ]
    refused = [known for known in cases if known.is_refused]
    turned, empty = count_turned(refused, answered=answers.keys(), parties=parties, evenings=evenings, now=settings.now)
    no_show_covers, cancelled_covers = get_covers_away(span.restaurant_id, empty)
    return Hindsights(
        would_be=tuple(_would_be_by_reason(judged)),
        turned=replace(turned, no_show_covers=no_show_covers, cancelled_covers=cancelled_covers),
        open_evenings=len({known.case.service for known, hindsight in judged if hindsight is Hindsight.OPEN}),
        offered=Offered(refusals=sum(row.is_refused for row in rows), accepted=len(answers)),
    )


def _would_be_by_reason(judged: Judged) -> Iterable[WouldBe]:
    by_code: defaultdict[ReasonCode, list[tuple[KnownCase, Hindsight]]] = defaultdict(list)
    for known, hindsight in judged:
        by_code[known.case.code].append((known, hindsight))
    for code in sorted(by_code, key=list(ReasonCode).index):
        group = by_code[code]
        counts = {outcome: sum(found is outcome for _, found in group) for outcome in Hindsight}
        yield WouldBe(
            code=code,
            decisions=len(group),
            covers=_covers(known for known, _ in group),
            right=counts[Hindsight.RIGHT],
            not_needed=counts[Hindsight.NOT_NEEDED],
            did_not_come=counts[Hindsight.DID_NOT_COME],
            open=counts[Hindsight.OPEN],
            covers_not_needed=_covers(known for known, found in group if found is Hindsight.NOT_NEEDED),
        )


def _covers(cases: Iterable[KnownCase]) -> int:
    return sum(known.case.party_size for known in cases)
