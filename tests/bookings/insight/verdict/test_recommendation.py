"""What a report recommends: every threshold on both of its sides."""

from dataclasses import replace

import pytest

from bookings.insight.verdict import Advised, Evidence, recommend
from bookings.insight.verdict.recommendation import dates_wanted

READY = Evidence(is_enforced=False, observed_days=14, decisions=100, settled_dates=14, requests=100)
ENFORCED = replace(READY, is_enforced=True)


def test_with_nothing_against_it_a_restaurant_is_promoted() -> None:
    recommended = recommend(READY)

    assert recommended.advised is Advised.PROMOTE
    assert recommended.because == ("nothing speaks against enforcing its limits",)
    assert recommended.evidence == (
        "100 decisions in shadow mode on 14 days, about 14 dates with a service that is over",
        "0 overbookings",
        "95 of 100 decisions within 0 ms, 0.0% not decided in time",
        "0 support tickets",
    )


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"observed_days": 13}, "1 more day with decisions in shadow mode, 14 in all"),
        ({"observed_days": 5}, "9 more days with decisions in shadow mode, 14 in all"),
        ({"settled_dates": 13}, "1 more date with such decisions and a service that is over, 14 in all"),
        (
            {"settled_dates": 1, "wanted_dates": 4},
            "3 more dates with such decisions and a service that is over, 4 in all",
        ),
        ({"decisions": 49}, "1 more decision in shadow mode, 50 in all"),
        (
            {"right": 5, "not_needed": 4, "open": 10, "open_evenings": 3},
            "3 open evenings: 10 of 19 would-be refusals are not settled",
        ),
        ({"open": 1, "open_evenings": 1}, "1 open evening: 1 of 1 would-be refusals are not settled"),
    ],
)
def test_too_little_seen_is_waited_for_by_name(changes: dict[str, int], because: str) -> None:
    recommended = recommend(replace(READY, **changes))

    assert (recommended.advised, recommended.because) == (Advised.WAIT, (because,))


@pytest.mark.parametrize(
    "changes",
    [
        {"observed_days": 14, "decisions": 50},
        {"settled_dates": 4, "wanted_dates": 4},
        {"right": 5, "not_needed": 5, "open": 10, "open_evenings": 3},
        {"p95_ms": 1000},
        {"undecided": 5},
        {"right": 5, "not_needed": 5},
        {"right": 0, "not_needed": 9},
        {"tickets": 40},
    ],
)
def test_on_a_threshold_nothing_is_waited_for_or_mended(changes: dict[str, int]) -> None:
    assert recommend(replace(READY, **changes)).advised is Advised.PROMOTE


@pytest.mark.parametrize(
    ("changes", "because"),
    [
        ({"overbookings": 1}, "1 overbooking found by the auditor"),
        ({"unexamined": 1}, "1 decision failed in shadow mode and was waived"),
        ({"unexamined": 2}, "2 decisions failed in shadow mode and were waived"),
        ({"p95_ms": 1001}, "95 of 100 decisions take up to 1001 ms, more than 1000"),
        ({"undecided": 6}, "6 of 100 requests were not decided in time, more than 5%"),
        ({"serious": ("Drinks: no standing rule.",)}, "Drinks: no standing rule."),
        (
            {"right": 4, "not_needed": 6},
            "6 of 10 would-be refusals were not needed in the end: "
            "raise the limits that they name, or see why guests stay away",
        ),
    ],
)
def test_what_is_wrong_is_to_be_mended_by_name(changes: dict[str, object], because: str) -> None:
    recommended = recommend(replace(READY, **changes))

    assert (recommended.advised, recommended.because) == (Advised.FIX, (because,))


def test_what_is_wrong_comes_before_what_is_missing() -> None:
    recommended = recommend(replace(READY, observed_days=1, overbookings=2, p95_ms=2000))

    assert recommended.advised is Advised.FIX
    assert recommended.because == (
        "2 overbookings found by the auditor",
        "95 of 100 decisions take up to 2000 ms, more than 1000",
    )


def test_nothing_seen_at_all_is_waited_for() -> None:
    recommended = recommend(Evidence(is_enforced=False, observed_days=0, decisions=0))

    assert recommended.advised is Advised.WAIT
    assert recommended.because == (
        "14 more days with decisions in shadow mode, 14 in all",
        "14 more dates with such decisions and a service that is over, 14 in all",
        "50 more decisions in shadow mode, 50 in all",
    )
    assert recommended.evidence == (
        "0 decisions in shadow mode on 0 days, about 0 dates with a service that is over",
        "0 overbookings",
        "0 support tickets",
    )


def test_a_house_that_opens_in_weeks_is_not_promoted_however_many_booked() -> None:
    assert recommend(Evidence(is_enforced=False, observed_days=14, decisions=50)).advised is Advised.WAIT


def test_two_dates_of_each_weekday_with_service_are_enough() -> None:
    assert [dates_wanted(set(weekdays)) for weekdays in ((6,), (5, 6), range(1, 8), ())] == [2, 4, 14, 14]


def test_while_all_are_rolled_back_nobody_is_promoted_and_what_keeps_them_off_is_named() -> None:
    off = ("the enforcement switch is off: Guests turned away",)

    ready, early = (recommend(replace(READY, obstacles=off, observed_days=days)) for days in (14, 13))

    assert (ready.advised, ready.because) == (
        Advised.WAIT,
        (*off, "nothing else speaks against enforcing its limits"),
    )
    assert (early.advised, early.because) == (
        Advised.WAIT,
        (*off, "1 more day with decisions in shadow mode, 14 in all"),
    )


def test_a_restaurant_that_enforces_is_kept() -> None:
    assert (recommend(ENFORCED).advised, recommend(ENFORCED).because) == (
        Advised.KEEP,
        ("its limits are enforced and hold",),
    )


def test_a_restaurant_that_enforces_since_yesterday_is_kept_so_far() -> None:
    recommended = recommend(replace(ENFORCED, observed_days=1))

    assert recommended.advised is Advised.KEEP
    assert recommended.because == ("so far: 13 more days with decisions, 14 in all",)


@pytest.mark.parametrize(
    ("changes", "advised"),
    [
        ({"p95_ms": 1001}, Advised.ROLL_BACK),
        ({"undecided": 6}, Advised.ROLL_BACK),
        ({"p95_ms": 1000, "undecided": 5}, Advised.KEEP),
        ({"overbookings": 1}, Advised.FIX),
        ({"overbookings": 1, "p95_ms": 1001}, Advised.ROLL_BACK),
        ({"serious": ("No table.",)}, Advised.FIX),
    ],
)
def test_only_what_shadow_mode_would_spare_guests_is_rolled_back(changes: dict[str, object], advised: Advised) -> None:
    assert recommend(replace(ENFORCED, **changes)).advised is advised
