"""What a service day still takes, limit by limit: full - 1, full, full + 1."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from capacity.policy import (
    CAPACITY_REASONS,
    IN_HOUSE,
    ONLINE,
    WALK_IN,
    BookingWindow,
    DayState,
    LimitUse,
    PartyRequest,
    Reason,
    ReasonCode,
    ServiceState,
    SlotState,
    decide,
    decide_without_capacity,
    fullest_use,
    percent_of,
)

FRIDAY = date(2027, 1, 15)
SEVEN = datetime(2027, 1, 15, 19, 0, tzinfo=UTC)
NOW = datetime(2027, 1, 10, 12, 0, tzinfo=UTC)
QUARTER = timedelta(minutes=15)
WINDOW = BookingWindow(ZoneInfo("Europe/London"), party_size_min=1, party_size_max=8)
PARTY_OF_FOUR = PartyRequest(4, FRIDAY, SEVEN, SEVEN + 2 * QUARTER)


def slot(starts_at: datetime = SEVEN, **limits: int | None) -> SlotState:
    return SlotState(starts_at=starts_at, ends_at=starts_at + QUARTER, **limits)  # type: ignore[arg-type]


def day(*slots: SlotState, **columns: int | None) -> DayState:
    slots = slots or (slot(), slot(SEVEN + QUARTER))
    service = ServiceState(
        1,
        "Dinner",
        FRIDAY,
        SEVEN,
        SEVEN + timedelta(hours=4),
        slots,
        **columns,  # type: ignore[arg-type]
    )
    present = tuple(each for each in slots if each.overlaps(PARTY_OF_FOUR))
    return DayState(WINDOW, service, present)


def codes(state: DayState, request: PartyRequest = PARTY_OF_FOUR, now: datetime = NOW) -> list[str]:
    return [str(reason.code) for reason in decide(request, state, now).reasons]


def test_without_any_limit_a_party_is_accepted() -> None:
    decision = decide(PARTY_OF_FOUR, day(), NOW)

    assert decision.is_accepted
    assert decision.reasons == ()


@pytest.mark.parametrize(
    ("booked", "refused"), [(35, []), (36, []), (37, ["SERVICE_COVERS"]), (40, ["SERVICE_COVERS"])]
)
def test_covers_of_the_service_are_refused_only_above_their_limit(booked: int, refused: list[str]) -> None:
    assert codes(day(max_covers=40, booked_covers=booked)) == refused


@pytest.mark.parametrize(
    ("booked", "refused"), [(8, []), (9, []), (10, ["SERVICE_PARTIES"]), (11, ["SERVICE_PARTIES"])]
)
def test_parties_of_the_service_are_refused_only_above_their_limit(booked: int, refused: list[str]) -> None:
    assert codes(day(max_parties=10, booked_parties=booked)) == refused


@pytest.mark.parametrize(("starting", "refused"), [(15, []), (16, []), (17, ["PACING_COVERS"])])
def test_covers_starting_in_a_slot_are_paced(starting: int, refused: list[str]) -> None:
    assert codes(day(slot(pacing_covers=20, starting_covers=starting))) == refused


@pytest.mark.parametrize(("starting", "refused"), [(3, []), (4, []), (5, ["PACING_PARTIES"])])
def test_parties_starting_in_a_slot_are_paced(starting: int, refused: list[str]) -> None:
    assert codes(day(slot(pacing_parties=5, starting_parties=starting))) == refused


@pytest.mark.parametrize(("present", "refused"), [(55, []), (56, []), (57, ["OCCUPANCY_COVERS"])])
def test_covers_present_are_limited_at_every_moment_of_the_stay(present: int, refused: list[str]) -> None:
    later = slot(SEVEN + QUARTER, occupancy_covers=60, present_covers=present)

    assert codes(day(slot(occupancy_covers=60), later)) == refused


@pytest.mark.parametrize(("present", "refused"), [(18, []), (19, []), (20, ["OCCUPANCY_PARTIES"])])
def test_parties_present_are_limited_at_every_moment_of_the_stay(present: int, refused: list[str]) -> None:
    later = slot(SEVEN + QUARTER, occupancy_parties=20, present_parties=present)

    assert codes(day(slot(occupancy_parties=20), later)) == refused


def test_a_slot_after_the_stay_limits_nothing() -> None:
    after = slot(SEVEN + 2 * QUARTER, occupancy_covers=1, present_covers=1)

    assert codes(day(slot(), slot(SEVEN + QUARTER), after)) == []


def test_a_slot_that_ends_as_the_stay_starts_limits_nothing() -> None:
    before = slot(SEVEN - QUARTER, occupancy_covers=1, present_covers=1)

    assert codes(day(before, slot(), slot(SEVEN + QUARTER))) == []


def test_pacing_of_a_later_slot_is_no_concern_of_an_earlier_start() -> None:
    later = slot(SEVEN + QUARTER, pacing_covers=0)

    assert codes(day(slot(), later)) == []


def test_occupancy_reports_its_least_free_moment() -> None:
    tight = slot(SEVEN, occupancy_covers=10, present_covers=8)
    tighter = slot(SEVEN + QUARTER, occupancy_covers=60, present_covers=59)

    decision = decide(PARTY_OF_FOUR, day(tight, tighter), NOW)

    assert decision.reasons == (Reason(ReasonCode.OCCUPANCY_COVERS, limit=60, used=59, asked=4),)


def test_every_reason_that_holds_is_given_with_its_figures() -> None:
    full = slot(
        pacing_covers=4,
        starting_covers=4,
        pacing_parties=1,
        starting_parties=1,
        occupancy_covers=9,
        present_covers=8,
        occupancy_parties=2,
        present_parties=2,
    )
    state = replace(
        day(full, max_covers=8, booked_covers=8, max_parties=2, booked_parties=2),
        no_table=Reason(ReasonCode.NO_TABLE, limit=3, used=3, asked=1),
    )

    decision = decide(PARTY_OF_FOUR, state, NOW)

    assert decision.reasons == (
        Reason(ReasonCode.SERVICE_COVERS, 8, 8, 4),
        Reason(ReasonCode.SERVICE_PARTIES, 2, 2, 1),
        Reason(ReasonCode.PACING_COVERS, 4, 4, 4),
        Reason(ReasonCode.PACING_PARTIES, 1, 1, 1),
        Reason(ReasonCode.OCCUPANCY_COVERS, 9, 8, 4),
        Reason(ReasonCode.OCCUPANCY_PARTIES, 2, 2, 1),
        Reason(ReasonCode.NO_TABLE, 3, 3, 1),
    )


def test_a_limit_of_zero_takes_nobody() -> None:
    assert codes(day(max_covers=0)) == ["SERVICE_COVERS"]


def test_what_is_booked_above_a_lowered_limit_still_refuses() -> None:
    assert codes(day(max_covers=10, booked_covers=16)) == ["SERVICE_COVERS"]


@pytest.mark.parametrize(("size", "refused"), [(1, ["PARTY_TOO_SMALL"]), (2, []), (8, []), (9, ["PARTY_TOO_LARGE"])])
def test_party_size_is_checked_online(size: int, refused: list[str]) -> None:
    state = replace(day(), window=replace(WINDOW, party_size_min=2))

    assert codes(state, replace(PARTY_OF_FOUR, party_size=size)) == refused


@pytest.mark.parametrize("channel", [IN_HOUSE, WALK_IN])
def test_party_size_is_not_checked_for_staff(channel: str) -> None:
    assert codes(day(), replace(PARTY_OF_FOUR, party_size=30, channel=channel)) == []


@pytest.mark.parametrize(
    ("now", "refused"), [(SEVEN - timedelta(seconds=1), []), (SEVEN, []), (SEVEN + timedelta(seconds=1), ["PAST"])]
)
def test_a_start_may_be_booked_until_it_has_passed(now: datetime, refused: list[str]) -> None:
    assert codes(day(), now=now) == refused


def test_a_walk_in_starts_in_the_past_by_the_time_it_is_written() -> None:
    assert codes(day(), replace(PARTY_OF_FOUR, channel=WALK_IN), SEVEN + timedelta(minutes=3)) == []


@pytest.mark.parametrize(
    ("ahead", "refused"), [(119, [Reason(ReasonCode.TOO_SOON, limit=120, asked=119)]), (120, []), (121, [])]
)
def test_notice_is_counted_in_minutes(ahead: int, refused: list[Reason]) -> None:
    state = replace(day(), window=replace(WINDOW, min_notice_minutes=120))

    assert list(decide(PARTY_OF_FOUR, state, SEVEN - timedelta(minutes=ahead)).reasons) == refused


@pytest.mark.parametrize(("ahead", "refused"), [(29, []), (30, []), (31, ["TOO_FAR"])])
def test_days_ahead_are_counted_on_the_restaurants_calendar(ahead: int, refused: list[str]) -> None:
    state = replace(day(), window=replace(WINDOW, max_days_ahead=30))

    assert codes(state, now=SEVEN - timedelta(days=ahead)) == refused


def test_days_ahead_follow_the_date_on_the_wall_not_the_utc_date() -> None:
    auckland = replace(WINDOW, zone=ZoneInfo("Pacific/Auckland"), max_days_ahead=1)
    just_after_midnight_there = datetime(2027, 1, 13, 11, 30, tzinfo=UTC)

    assert codes(replace(day(), window=auckland), now=just_after_midnight_there) == []
    assert codes(replace(day(), window=auckland), now=just_after_midnight_there - timedelta(hours=1)) == ["TOO_FAR"]


def test_a_closure_refuses() -> None:
    assert codes(replace(day(), closed=True)) == ["CLOSED"]


def test_outside_every_service_there_is_nothing_to_count() -> None:
    assert codes(DayState(WINDOW, service=None)) == ["OUTSIDE_SERVICE"]


def test_a_slot_that_is_not_offered_any_more_is_outside_service() -> None:
    assert codes(day(replace(slot(), bookable=False))) == ["OUTSIDE_SERVICE"]


def test_a_start_between_slots_is_outside_service_online_only() -> None:
    between = replace(PARTY_OF_FOUR, starts_at=SEVEN + timedelta(minutes=7))

    assert codes(day(), between) == ["OUTSIDE_SERVICE"]
    assert codes(day(), replace(between, channel=WALK_IN)) == []


def test_a_party_between_slots_starts_in_the_slot_before() -> None:
    state = day(slot(pacing_covers=4, starting_covers=1), slot(SEVEN + QUARTER))
    between = replace(PARTY_OF_FOUR, starts_at=SEVEN + timedelta(minutes=7), channel=WALK_IN)

    assert codes(state, between) == ["PACING_COVERS"]


def test_reasons_come_in_the_order_in_which_the_first_gives_the_error() -> None:
    state = replace(day(max_covers=0), closed=True, window=replace(WINDOW, party_size_max=3))

    assert codes(state, now=SEVEN + QUARTER) == ["PARTY_TOO_LARGE", "PAST", "CLOSED", "SERVICE_COVERS"]


def test_shadow_mode_waives_limits_and_tables_and_nothing_else() -> None:
    state = replace(day(max_covers=0), closed=True, no_table=Reason(ReasonCode.NO_TABLE, limit=1, used=1, asked=1))

    decision = decide(PARTY_OF_FOUR, state, NOW).in_shadow()

    assert [reason.code for reason in decision.reasons] == [ReasonCode.CLOSED]
    assert [reason.code for reason in decision.waived] == [ReasonCode.SERVICE_COVERS, ReasonCode.NO_TABLE]
    assert {reason.code for reason in decision.waived} <= CAPACITY_REASONS


def test_what_no_mode_waives_can_be_decided_alone() -> None:
    state = replace(day(max_covers=0), closed=True)

    assert [reason.code for reason in decide_without_capacity(PARTY_OF_FOUR, state, NOW).reasons] == [ReasonCode.CLOSED]


@pytest.mark.parametrize(
    ("used", "limit", "percent"),
    [(0, 80, 0), (60, 80, 75), (1, 200, 1), (1, 201, 0), (80, 80, 100), (90, 80, 113), (0, 0, 100), (5, None, None)],
)
def test_percent_is_rounded_with_halves_up(used: int, limit: int | None, percent: int | None) -> None:
    assert percent_of(used, limit) == percent


def test_the_fullest_limit_is_the_one_used_most_in_per_cent() -> None:
    covers = LimitUse(ReasonCode.SERVICE_COVERS, 80, 60)
    pacing = LimitUse(ReasonCode.PACING_COVERS, 20, 19)
    unlimited = LimitUse(ReasonCode.SERVICE_PARTIES, None, 500)

    assert fullest_use([unlimited, covers, pacing]) == pacing
    assert fullest_use([unlimited]) is None


@pytest.mark.parametrize(("used", "raised"), [(35, 0), (36, 0), (37, 1), (40, 4), (44, 4)])
def test_excess_is_raised_by_what_passes_the_limit(used: int, raised: int) -> None:
    assert LimitUse(ReasonCode.SERVICE_COVERS, 40, used).excess_raised_by(4) == raised


def test_without_a_limit_nothing_is_excess() -> None:
    assert LimitUse(ReasonCode.SERVICE_COVERS, None, 400).excess_raised_by(4) == 0


def test_a_party_counts_once_against_limits_on_parties() -> None:
    assert LimitUse(ReasonCode.PACING_PARTIES, 5, 4).after(8).used == 5
    assert LimitUse(ReasonCode.PACING_COVERS, 20, 4).after(8).used == 12


def test_online_is_the_way_in_unless_said_otherwise() -> None:
    assert PARTY_OF_FOUR.channel == ONLINE
