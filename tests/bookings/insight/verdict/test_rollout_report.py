"""The report on a restaurant, from rows that the services made; the command and the metric on the same rows."""

import json
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from bookings.choices import DecisionVerdict, OverrideSource
from bookings.errors import RequestRefused
from bookings.insight.audit.keeping import audit_capacity
from bookings.insight.metrics.decisions import AlternativesQuestion
from bookings.insight.verdict import Advised, RolloutReport
from bookings.insight.verdict.facts import Above, Offered, Refusals, Seen, Turned, WouldBe
from bookings.insight.verdict.lines import report_lines
from bookings.insight.verdict.reading import get_rollout_report
from bookings.models import AuditRun, Booking, CapacityOverride, Decision
from bookings.services import (
    add_rollout_note,
    cancel_booking,
    change_booking,
    mark_no_show,
    roll_back_enforcement,
    seat_party,
    set_restaurant_mode,
)
from capacity.past import clock_at
from capacity.policy import ReasonCode
from config.errors import RecordNotFound
from tables.choices import EnforcementMode
from tables.models import Restaurant
from tests.helpers.dining_room import book, room
from tests.helpers.factories import CapacityRuleFactory, RestaurantFactory, materialize

pytestmark = pytest.mark.django_db(transaction=True)

YESTERDAY = datetime.now(UTC).date() - timedelta(days=1)


def at(wall: str, on: date = YESTERDAY) -> datetime:
    return datetime.combine(on, time.fromisoformat(wall), UTC)


def house(*seats: int, enforcement: str = EnforcementMode.SHADOW, **limits: int) -> Restaurant:
    """Make a house with limits and a service from noon on, which was over yesterday evening."""
    restaurant = room(*seats, enforcement=enforcement)
    restaurant.service_periods.update(start_time=time(12), last_seating=time(18), end_time=time(20))
    CapacityRuleFactory(restaurant=restaurant, **{"max_covers": None, "pacing_covers": None, **limits})
    materialize(restaurant, YESTERDAY)
    return restaurant


def asked(restaurant: Restaurant, wall: str, party_size: int, *, at_time: str = "09:00") -> Booking | None:
    """Ask for a start yesterday, by the clock of that morning; None where it is refused."""
    with clock_at(at(at_time)):
        try:
            return book(restaurant, wall, party_size, business_date=YESTERDAY)
        except RequestRefused:
            return None


def let_in(restaurant: Restaurant, wall: str, party_size: int) -> Booking:
    booking = asked(restaurant, wall, party_size)
    assert booking is not None
    return booking


def report_on(restaurant: Restaurant, days: int = 30) -> RolloutReport:
    return get_rollout_report(restaurant_id=restaurant.pk, days=days)


def would_be(code: ReasonCode, decisions: int, covers: int, **counts: int) -> WouldBe:
    return WouldBe(
        code=code,
        decisions=decisions,
        covers=covers,
        **{"right": 0, "not_needed": 0, "did_not_come": 0, "open": 0, "covers_not_needed": 0, **counts},
    )


def test_a_waived_refusal_is_right_if_the_limit_was_passed_in_the_end() -> None:
    restaurant = house(4, 4, pacing_covers=4)
    let_in(restaurant, "13:00", 4)
    let_in(restaurant, "13:00", 2)

    report = report_on(restaurant)

    assert report.would_be == (would_be(ReasonCode.PACING_COVERS, 1, 2, right=1),)
    assert report.seen == [Seen(("shadow", "accepted"), 1, 4), Seen(("shadow", "waived"), 1, 2)]
    assert report.sources == [Seen(("web",), 2, 6)]
    assert report.above == [Above("shadow", "PACING_COVERS", 1, 2)]
    assert (report.period.service_days, report.period.observed_days) == (1, 1)
    assert [(span.mode, span.first, span.last, span.decisions) for span in report.modes] == [
        ("shadow", YESTERDAY, YESTERDAY, 2)
    ]


def test_a_waived_refusal_was_not_needed_if_others_stayed_away() -> None:
    restaurant = house(4, 4, pacing_covers=4)
    first = let_in(restaurant, "13:00", 4)
    let_in(restaurant, "13:00", 2)
    with clock_at(at("14:00")):
        mark_no_show(booking_id=first.pk)

    assert report_on(restaurant).would_be == (
        would_be(ReasonCode.PACING_COVERS, 1, 2, not_needed=1, covers_not_needed=2),
    )


def test_a_waived_party_that_cancels_says_nothing() -> None:
    restaurant = house(4, 4, pacing_covers=4)
    let_in(restaurant, "13:00", 4)
    second = let_in(restaurant, "13:00", 2)
    with clock_at(at("10:00")):
        cancel_booking(booking_id=second.pk)

    assert report_on(restaurant).would_be == (would_be(ReasonCode.PACING_COVERS, 1, 2, did_not_come=1),)


def test_a_party_without_a_table_is_right_until_it_is_given_one() -> None:
    restaurant = house(2)
    first = let_in(restaurant, "13:00", 2)
    second = let_in(restaurant, "13:00", 2)
    assert report_on(restaurant).would_be == (would_be(ReasonCode.NO_TABLE, 1, 2, right=1),)

    with clock_at(at("12:30")):
        cancel_booking(booking_id=first.pk)
    with clock_at(at("13:00")):
        seat_party(booking_id=second.pk)

    assert report_on(restaurant).would_be == (would_be(ReasonCode.NO_TABLE, 1, 2, not_needed=1, covers_not_needed=2),)


def test_a_waived_party_that_cancels_is_settled_before_the_evening() -> None:
    restaurant = house(4, 4, pacing_covers=4)
    book(restaurant, "13:00", 4)
    second = book(restaurant, "13:00", 2)
    cancel_booking(booking_id=second.pk)

    assert report_on(restaurant).would_be == (would_be(ReasonCode.PACING_COVERS, 1, 2, did_not_come=1),)


def test_a_waived_party_that_moved_to_another_start_did_not_come_to_the_first() -> None:
    restaurant = house(4, 4, pacing_covers=4)
    let_in(restaurant, "13:00", 4)
    second = let_in(restaurant, "13:00", 2)
    with clock_at(at("10:00")):
        change_booking(booking_id=second.pk, wall_time=time(15))

    assert report_on(restaurant).would_be == (would_be(ReasonCode.PACING_COVERS, 1, 2, did_not_come=1),)


def test_a_refused_change_is_no_guest_turned_away_and_asks_for_what_it_has_not() -> None:
    restaurant = house(4, 4, 6, enforcement=EnforcementMode.ENFORCE, max_covers=10)
    others = [let_in(restaurant, "13:00", size) for size in (4, 2)]
    own = let_in(restaurant, "15:00", 4)
    with clock_at(at("10:00")), pytest.raises(RequestRefused):
        change_booking(booking_id=own.pk, party_size=5)
    assert report_on(restaurant).turned == Turned(changes=Refusals(decisions=1, covers=1, filled=1))

    with clock_at(at("11:00")):
        for other in others:
            cancel_booking(booking_id=other.pk)

    empty = Refusals(decisions=1, covers=1, stayed_empty=1, covers_empty=1)
    assert report_on(restaurant).turned == Turned(changes=empty)
    assert "  beside them: 1 change of bookings refused, 1 cover more than booked" in run(restaurant.slug).splitlines()


def test_who_was_refused_and_took_another_start_is_told_apart() -> None:
    restaurant = house(4, 4, enforcement=EnforcementMode.ENFORCE, pacing_covers=4)
    first = let_in(restaurant, "13:00", 4)
    for _ in range(3):
        assert asked(restaurant, "13:00", 2, at_time="09:10") is None
    assert asked(restaurant, "13:15", 2, at_time="09:12") is not None
    with clock_at(at("10:00")):
        cancel_booking(booking_id=first.pk)

    assert report_on(restaurant).turned == Turned(repeated=2, answered=1, answered_covers=2)
    assert "  not among them: 2 asked again, 1 (2 covers) took another start" in run(restaurant.slug).splitlines()


def test_clicks_of_one_guest_are_one_refusal_and_no_seat_stays_empty_twice() -> None:
    restaurant = house(4, 4, enforcement=EnforcementMode.ENFORCE, max_covers=6)
    first = let_in(restaurant, "13:00", 4)
    let_in(restaurant, "13:00", 2)
    for minute in (10, 11, 30, 50):
        assert asked(restaurant, "15:00", 4, at_time=f"09:{minute}") is None
    with clock_at(at("10:00")):
        cancel_booking(booking_id=first.pk)

    assert report_on(restaurant).turned == Turned(
        decisions=3, covers=12, stayed_empty=1, covers_empty=4, filled=2, repeated=1, cancelled_covers=4
    )


def test_decisions_that_were_enforced_say_nothing_about_shadow_mode() -> None:
    restaurant = house(4, 4, enforcement=EnforcementMode.ENFORCE)
    let_in(restaurant, "13:00", 4)
    seen = Decision.objects.get()
    for days_ago in range(20):
        for _ in range(3):
            seen.pk, seen.decided_at = None, datetime.now(UTC) - timedelta(days=days_ago)
            seen.save()
    Restaurant.objects.update(enforcement="shadow")

    recommended = report_on(restaurant).recommendation
    assert recommended.advised is Advised.WAIT
    assert recommended.because == (
        "14 more days with decisions in shadow mode, 14 in all",
        "14 more dates with such decisions and a service that is over, 14 in all",
        "50 more decisions in shadow mode, 50 in all",
    )

    Decision.objects.update(mode="shadow")
    recommended = report_on(restaurant).recommendation
    assert recommended.because == ("13 more dates with such decisions and a service that is over, 14 in all",)


def test_during_a_rollback_a_restaurant_that_is_set_to_enforce_says_what_keeps_it_from_it() -> None:
    restaurant = house(4, enforcement=EnforcementMode.ENFORCE)
    roll_back_enforcement(reason="Guests turned away")

    report = report_on(restaurant)

    assert report.recommendation.advised is Advised.WAIT
    assert report.recommendation.because[0] == "the enforcement switch is off: Guests turned away"
    title = f"{restaurant.name} ({restaurant.slug}) is set to enforce and in shadow all the same: WAIT"
    assert next(iter(report_lines(report))) == title


def test_a_short_span_changes_what_is_shown_and_not_what_is_recommended() -> None:
    restaurant = house(4, 4, pacing_covers=4)
    let_in(restaurant, "13:00", 4)
    let_in(restaurant, "13:00", 2)

    short, usual = report_on(restaurant, days=1), report_on(restaurant)

    assert (short.seen, short.would_be) == ([], ())
    assert short.recommendation == usual.recommendation
    first = usual.period.first
    assert f"  the recommendation looks at 30 dates, from {first} on" in list(report_lines(short))
    assert not any("the recommendation looks at" in line for line in report_lines(usual))


def test_a_span_that_is_longer_than_the_ledger_says_what_is_missing(settings: Any) -> None:
    settings.LEDGER_DAYS = 90
    restaurant = house(4)

    kept_from = datetime.now(UTC).date() - timedelta(days=90)
    note = f"  no decisions are kept from before {kept_from}: what is older is not in these numbers"
    assert [note in list(report_lines(report_on(restaurant, days))) for days in (91, 92)] == [False, True]


def test_a_mode_that_changes_within_a_day_splits_no_span() -> None:
    restaurant = house(4)
    let_in(restaurant, "13:00", 4)
    decision = Decision.objects.get()
    today = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    days = [today - timedelta(days=days_ago) for days_ago in (3, 2, 1)]
    Decision.objects.all().delete()
    for hour, mode, day in ((9, "shadow", 0), (9, "shadow", 1), (15, "enforce", 1), (9, "enforce", 2)):
        decision.pk, decision.mode, decision.decided_at = None, mode, days[day] + timedelta(hours=hour)
        decision.save()

    assert [(span.mode, span.first, span.last, span.decisions) for span in report_on(restaurant).modes] == [
        ("shadow", days[0].date(), days[1].date(), 2),
        ("enforce", days[1].date(), days[2].date(), 2),
    ]


def test_of_one_overbooking_the_latest_run_has_the_last_word() -> None:
    restaurant = house(4, max_covers=4)
    let_in(restaurant, "13:00", 4)
    said = []
    for size in (9, 5, 7):
        Booking.objects.update(party_size=size)
        said = [finding.message for finding in audit_capacity(from_date=YESTERDAY).overbookings]

    assert report_on(restaurant).overbookings == said


def test_several_changes_of_settings_add_up_above_one_limit() -> None:
    restaurant = house(4)
    day = let_in(restaurant, "13:00", 4).service_day
    for slot, amount in ((None, 4), (None, 2), (None, 2), (at("13:00"), 3), (at("13:15"), 2), (at("13:15"), 2)):
        CapacityOverride.objects.create(
            restaurant=restaurant,
            service_day=day,
            slot_starts_at=slot,
            limit=ReasonCode.OCCUPANCY_COVERS if slot else ReasonCode.SERVICE_COVERS,
            amount=amount,
            source=OverrideSource.SETTINGS,
            reason="Rule saved",
        )

    assert report_on(restaurant).above == [
        Above("settings", "OCCUPANCY_COVERS", 1, 4),
        Above("settings", "SERVICE_COVERS", 1, 8),
    ]


def test_what_is_to_come_is_open() -> None:
    restaurant = house(4, 4, pacing_covers=4)
    book(restaurant, "13:00", 4)
    book(restaurant, "13:00", 2)

    report = report_on(restaurant)

    assert report.would_be == (would_be(ReasonCode.PACING_COVERS, 1, 2, open=1),)
    assert "1 open evening: 1 of 1 would-be refusals are not settled" in report.recommendation.because


def test_a_real_refusal_says_whether_seats_stayed_empty_and_who_stayed_away() -> None:
    restaurant = house(4, 4, enforcement=EnforcementMode.ENFORCE, max_covers=6)
    first = let_in(restaurant, "13:00", 4)
    assert asked(restaurant, "15:00", 4) is None
    assert asked(restaurant, "15:00", 2) is not None
    with clock_at(at("14:00")):
        mark_no_show(booking_id=first.pk)

    turned = report_on(restaurant).turned

    assert (turned.decisions, turned.covers, turned.stayed_empty, turned.covers_empty) == (1, 4, 1, 4)
    assert (turned.no_show_covers, turned.cancelled_covers, turned.filled) == (4, 0, 0)


def test_a_real_refusal_of_a_service_that_was_full_cost_no_seat() -> None:
    restaurant = house(4, 4, enforcement=EnforcementMode.ENFORCE, max_covers=6)
    let_in(restaurant, "13:00", 4)
    assert asked(restaurant, "15:00", 3) is None

    turned = report_on(restaurant).turned

    assert (turned.decisions, turned.filled, turned.stayed_empty, turned.covers_empty) == (1, 1, 0, 0)


def test_an_answered_refusal_counts_once_in_report_and_metric() -> None:
    restaurant = house(4, 4, enforcement=EnforcementMode.ENFORCE, pacing_covers=4)
    let_in(restaurant, "13:00", 4)
    assert asked(restaurant, "13:00", 2, at_time="09:10") is None
    assert asked(restaurant, "13:15", 2, at_time="09:12") is not None
    assert asked(restaurant, "13:00", 4, at_time="09:20") is None

    assert report_on(restaurant).offered == Offered(refusals=2, accepted=1)
    Decision.objects.update(decided_at=datetime.now(UTC) - timedelta(minutes=5))
    (metric,) = AlternativesQuestion().ask()
    assert (metric.name, [sample.value for sample in metric.samples]) == ("booking_alternative_accepted_ratio", [0.5])


def test_without_refusals_of_the_last_day_the_ratio_has_no_sample() -> None:
    restaurant = house(4)
    let_in(restaurant, "13:00", 4)

    assert list(AlternativesQuestion().ask()) == []


def test_what_is_refused_whatever_the_limits_is_counted_apart() -> None:
    restaurant = house(4)
    assert asked(restaurant, "13:00", 9) is None

    report = report_on(restaurant)

    assert report.refused_otherwise == [Seen(("shadow", "PARTY_TOO_LARGE"), 1, 9)]
    assert (report.would_be, report.turned.decisions) == ((), 0)


def test_undecided_and_unexamined_are_named_with_their_share() -> None:
    restaurant = house(4)
    let_in(restaurant, "13:00", 4)
    decision = Decision.objects.get()
    for verdict in (DecisionVerdict.UNDECIDED, DecisionVerdict.UNEXAMINED, DecisionVerdict.ACCEPTED):
        decision.pk = None
        decision.verdict, decision.duration_ms, decision.attempts = verdict, 400, 3
        decision.save()

    timing = report_on(restaurant).timing

    assert (timing.decisions, timing.undecided, timing.unexamined, timing.repeated) == (4, 1, 1, 3)
    assert (timing.p50_ms, timing.p95_ms, timing.error_share) == (400, 400, 0.25)


def test_an_overbooking_that_many_runs_saw_is_one_and_must_be_mended() -> None:
    restaurant, other = house(4, max_covers=4), house(4, max_covers=4)
    for each in (restaurant, other):
        let_in(each, "13:00", 4)
        Booking.objects.filter(restaurant=each).update(party_size=5)
    for _ in range(2):
        audit_capacity(from_date=YESTERDAY)
    assert AuditRun.objects.filter(has_overbooking=True).count() == 2

    report = report_on(restaurant)

    assert len(report.overbookings) == 1
    assert report.recommendation.advised is Advised.FIX
    assert "1 overbooking found by the auditor" in report.recommendation.because


def test_changes_notes_and_authorised_excess_of_the_period_are_told() -> None:
    restaurant = house(4)
    booking = let_in(restaurant, "13:00", 4)
    set_restaurant_mode(restaurant_id=restaurant.pk, mode="enforce", reason="Ready", label="ada")
    add_rollout_note(restaurant_id=restaurant.pk, tickets=3, text="No table at once", label="support")
    for slot in (at("13:00"), at("13:15")):
        CapacityOverride.objects.create(
            restaurant=restaurant,
            service_day=booking.service_day,
            slot_starts_at=slot,
            limit=ReasonCode.OCCUPANCY_COVERS,
            amount=2,
            source=OverrideSource.STAFF,
            reason="Stays",
            booking=booking,
        )

    report = report_on(restaurant)

    assert [(each.from_value, each.to_value, each.by, each.reason) for each in report.changes] == [
        ("shadow", "enforce", "ada", "Ready")
    ]
    assert [(each.tickets, each.text, each.by) for each in report.tickets] == [(3, "No table at once", "support")]
    assert report.above == [Above("staff", "OCCUPANCY_COVERS", 1, 2)]
    assert (report.is_enforced, report.recommendation.advised) == (True, Advised.KEEP)


def test_the_days_are_those_of_the_wall_and_end_today() -> None:
    restaurant = RestaurantFactory(timezone="Pacific/Kiritimati")

    period = report_on(restaurant, days=7).period

    today = datetime.now(restaurant.zone).date()
    assert (period.first, period.last) == (today - timedelta(days=6), today)


def test_what_is_older_than_the_period_is_left_out() -> None:
    restaurant = house(4)
    let_in(restaurant, "13:00", 4)

    assert report_on(restaurant, days=1).seen == []
    assert report_on(restaurant, days=2).seen == [Seen(("shadow", "accepted"), 1, 4)]


def test_a_report_takes_the_same_queries_however_much_there_is() -> None:
    restaurant = house(4, 4, pacing_covers=4, enforcement=EnforcementMode.SHADOW)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            report_on(restaurant)
        return len(captured)

    assert queries() == 15
    let_in(restaurant, "13:00", 4)
    let_in(restaurant, "13:00", 2)
    few = queries()
    let_in(restaurant, "14:00", 4)
    let_in(restaurant, "14:00", 3)
    assert few == queries() == 19


def test_an_unknown_restaurant_is_none() -> None:
    with pytest.raises(RecordNotFound):
        get_rollout_report(restaurant_id=0)


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("rollout", "report", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_prints_the_recommendation_first_and_the_reasons() -> None:
    restaurant = house(4, 4, pacing_covers=4)
    let_in(restaurant, "13:00", 4)
    let_in(restaurant, "13:00", 2)

    lines = run(restaurant.slug).splitlines()

    assert lines[0] == f"{restaurant.name} ({restaurant.slug}) is in shadow: WAIT"
    assert lines[1] == "  because 13 more days with decisions in shadow mode, 14 in all"
    assert "  Shadow, would be refused, waived: 1 (2 covers)" in lines
    assert (
        "  PACING_COVERS        1 (2 covers): 1 proved right, 0 not needed (0 covers), 0 did not come, 0 open" in lines
    )
    assert max(len(line) for line in lines) < 200


def test_the_command_says_the_same_as_json() -> None:
    restaurant = house(4, 4, pacing_covers=4)
    let_in(restaurant, "13:00", 4)
    let_in(restaurant, "13:00", 2)

    answer = json.loads(run(restaurant.slug, "--days", "2", "--json"))

    assert (answer["restaurant"], answer["isEnforced"], answer["timezone"]) == (restaurant.slug, False, "Etc/UTC")
    assert answer["recommendation"]["advised"] == "WAIT"
    assert answer["wouldBeRefusals"] == [
        {
            "code": "PACING_COVERS",
            "decisions": 1,
            "covers": 2,
            "right": 1,
            "notNeeded": 0,
            "didNotCome": 0,
            "open": 0,
            "coversNotNeeded": 0,
        }
    ]


def test_a_restaurant_that_nobody_has_asked_yet_has_a_report() -> None:
    restaurant = RestaurantFactory()

    assert "  none yet: the ledger fills with the next request" in run(restaurant.slug).splitlines()
    assert list(report_lines(report_on(restaurant)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("nowhere",), "No restaurant 'nowhere'; there are: here"),
        (("here", "--days", "0"), "'0' is no whole number from 1 to 366"),
        (("here", "--days", "367"), "'367' is no whole number from 1 to 366"),
    ],
)
def test_bad_arguments_are_refused_with_a_way_out(arguments: tuple[str, ...], message: str) -> None:
    RestaurantFactory(slug="here")

    with pytest.raises(CommandError, match=message):
        run(*arguments)
