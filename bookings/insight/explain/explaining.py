"""Explain a decision: every reason, the holders of each table, and the changes that would make room."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time

from bookings.decision import SOLVING, Assessment, blocked_interval, load_days, read_wish, seating_request
from bookings.decision.time_budgets import TRYING
from bookings.insight.explain.changes import Case
from bookings.insight.explain.first_fit import FirstFit, first_fit
from bookings.insight.explain.holders import Holder, list_holders
from bookings.insight.explain.ladders import Refused, ladders_for
from bookings.insight.explain.levers import Lever, Patience, climb
from bookings.selectors.plans import ExplainedPlan, Names, load_names
from capacity.policy import ONLINE, ReasonCode
from capacity.selectors import ServiceSettings, get_service_settings
from tables.seating import Seat

FIRST_FIT = "first-fit"
COMPARISONS = (FIRST_FIT,)
MOST_LEVERS = 8
LEVER_SECONDS = 2.0


@dataclass(frozen=True)
class ExplainedSeat:
    """A table or a combination that could ever take the party, and the holders of its tables in that time."""

    tables: tuple[str, ...]
    min_party_size: int
    max_party_size: int
    holders: tuple[Holder, ...]

    @property
    def is_free(self) -> bool:
        return not self.holders


@dataclass(frozen=True)
class Comparison:
    """The answer of first-fit, on the evening as it stands; `refused_by` are the limits that bind it as well."""

    tables: tuple[str, ...] | None
    answer: FirstFit
    refused_by: tuple[ReasonCode, ...]

    @property
    def is_accepted(self) -> bool:
        return self.tables is not None and not self.refused_by


@dataclass(frozen=True)
class Explanation:
    """The reasons for taking or refusing a party.

    `seats` are all that could ever take it, the best first; empty where no table is needed. `levers` are the changes
    that make room, the smallest first, if the party is refused or would be under enforced limits. `has_all_levers` is
    False if time ran out before everything was tried. Names and phone numbers of guests are left out.
    """

    settings: ServiceSettings
    assessment: Assessment
    plan: ExplainedPlan | None
    seats: tuple[ExplainedSeat, ...]
    levers: tuple[Lever, ...]
    has_all_levers: bool
    comparison: Comparison | None
    names: Names


def explain_availability(
    *,
    restaurant_id: int,
    business_date: date,
    party_size: int,
    wall_time: time | None = None,
    starts_at: datetime | None = None,
    seating: str | None = None,
    channel: str = ONLINE,
    turn_minutes: int | None = None,
    compare: str | None = None,
) -> Explanation:
    """Explain the decision about one start, in at most 15 queries, 16 with a day not yet there.

    Nothing is written. The search for levers lasts 2 seconds; the decision itself tries each on loaded days with that
    one thing changed.

    Raises: `RecordNotFound`, `InputInvalid`, `NonexistentTime`.
    """
    settings = get_service_settings(restaurant_id)
    wish = read_wish(
        settings,
        party_size=party_size,
        business_date=business_date,
        wall_time=wall_time,
        starts_at=starts_at,
        seating=seating,
        channel=channel,
    )
    wish = replace(wish, turn_minutes=turn_minutes)
    loaded = load_days(settings, business_date, business_date, budget=SOLVING, channel=channel)
    return _explain(Case(loaded, wish), compare)


def _explain(case: Case, compare: str | None) -> Explanation:
    settings = case.loaded.settings
    holders = list_holders(case.loaded, blocked_interval(settings, case.wish))
    names = load_names(case.loaded, (holder.booking_id for holder in holders if holder.booking_id is not None))
    assessment = case.assess()
    levers, has_all = _find_levers(case, assessment, holders, names)
    return Explanation(
        settings=settings,
        assessment=assessment,
        plan=names.plan(case.loaded, assessment.plan) if assessment.plan else None,
        seats=tuple(_explained(seat, holders, names) for seat in _suitable_seats(case)),
        levers=levers,
        has_all_levers=has_all,
        comparison=_compare(case, assessment, names) if compare == FIRST_FIT else None,
        names=names,
    )


def _find_levers(
    case: Case, assessment: Assessment, holders: tuple[Holder, ...], names: Names
) -> tuple[tuple[Lever, ...], bool]:
    strict = case.enforced()
    verdict = assessment if case.loaded.settings.is_enforced else strict.assess()
    if verdict.is_available:
        return (), True
    quick = replace(strict, loaded=replace(strict.loaded, budget=TRYING))
    patience = Patience(LEVER_SECONDS)
    levers = climb(ladders_for(Refused(quick, verdict, holders, names)), names, patience, most=MOST_LEVERS)
    return levers, not patience.ran_out


def _needs_table(case: Case) -> bool:
    return case.wish.period_id is not None and case.loaded.settings.needs_tables(case.wish.period_id)


def _suitable_seats(case: Case) -> tuple[Seat, ...]:
    if not _needs_table(case):
        return ()
    return case.loaded.planner.suitable_seats(seating_request(case.loaded.settings, case.wish))


def _explained(seat: Seat, holders: tuple[Holder, ...], names: Names) -> ExplainedSeat:
    return ExplainedSeat(
        tables=names.tables(seat.table_ids),
        min_party_size=seat.min_party_size,
        max_party_size=seat.max_party_size,
        holders=tuple(holder for holder in holders if holder.table_id in seat.table_ids),
    )


def _compare(case: Case, assessment: Assessment, names: Names) -> Comparison | None:
    if not _needs_table(case):
        return None
    answer = first_fit(case.loaded.planner, seating_request(case.loaded.settings, case.wish))
    return Comparison(
        tables=names.tables(answer.table_ids) if answer.table_ids else None,
        answer=answer,
        refused_by=tuple(reason.code for reason in assessment.decision.reasons if reason.code != ReasonCode.NO_TABLE),
    )
