"""A decision of the ledger, decided again from what was stored with it, comes to the same."""

import random
import zlib
from contextlib import suppress
from datetime import time
from io import StringIO

import msgspec
import pytest
from django.core.management import CommandError, call_command

from bookings.choices import BookingSource
from bookings.decision.record import StateUnreadable, decode_state, encode_state, reason_from
from bookings.errors import RequestRefused
from bookings.insight.replay.decisions import DecisionScope, replay_decisions
from bookings.insight.replay.replay import Verdict, decide_again
from bookings.models import Booking, Decision
from bookings.services import cancel_booking, change_booking
from tables.models import Restaurant
from tests.helpers.dining_room import book, room
from tests.helpers.factories import CapacityRuleFactory, TableCombinationFactory, days_ahead, materialize

pytestmark = pytest.mark.django_db(transaction=True)

SIZES = (2, 2, 2, 3, 4, 4, 5, 6, 8, 9)


def busy_house(**columns: str) -> Restaurant:
    """Make a house with tables, a combination, every kind of limit, and room for some forty covers at once."""
    house = room(2, 2, 2, 4, 4, 4, 6, 6, 8, **columns)
    pair = sorted(house.tables.filter(number__in=["T4", "T5"]), key=lambda each: each.number)
    TableCombinationFactory(restaurant=house, tables=pair, min_party_size=5, max_party_size=8)
    CapacityRuleFactory(restaurant=house, max_covers=70, pacing_covers=14, occupancy_parties=9)
    CapacityRuleFactory(restaurant=house, from_time=time(19), to_time=time(20), pacing_parties=3)
    materialize(house, days_ahead())
    return house


def evening_of(house: Restaurant, requests: int, seed: int) -> None:
    """Let parties ask, some of them change or cancel, by the engine itself."""
    rng = random.Random(seed)
    for _ in range(requests):
        at = f"{rng.randrange(17, 22)}:{rng.choice(('00', '15', '30'))}"
        source = rng.choice((BookingSource.WEB, BookingSource.PHONE))
        seating = rng.choice((None, None, None, "indoor"))
        with suppress(RequestRefused):
            book(house, at=at, party_size=rng.choice(SIZES), source=source, seating=seating)
        if rng.random() < 0.25:
            _disturb(rng, house)


def _disturb(rng: random.Random, house: Restaurant) -> None:
    bookings = list(Booking.objects.filter(restaurant=house, status="confirmed").order_by("pk"))
    if not bookings:
        return
    booking = rng.choice(bookings)
    if rng.random() < 0.5:
        cancel_booking(booking_id=booking.pk)
        return
    with suppress(RequestRefused):
        change_booking(booking_id=booking.pk, party_size=rng.choice(SIZES), wall_time=time(rng.randrange(17, 21)))


def replayed(*arguments: str) -> tuple[str, int]:
    """Run the command; return what it said and its exit code."""
    out = StringIO()
    try:
        call_command("replay_decisions", *arguments, stdout=out)
    except SystemExit as end:
        return out.getvalue(), int(str(end.code))
    return out.getvalue(), 0


@pytest.mark.parametrize("mode", ["enforce", "shadow"])
def test_every_decision_of_an_evening_agrees_with_itself_in_both_modes(mode: str) -> None:
    house = busy_house(enforcement=mode)
    evening_of(house, 60, seed=7)

    found = list(replay_decisions(DecisionScope(), in_both_modes=True))

    assert len(found) == Decision.objects.count() > 60
    verdicts = {(each.replayed.verdict, each.in_other_mode.verdict) for each in found if each.replayed}  # type: ignore[union-attr]
    assert verdicts == {(Verdict.AGREES, Verdict.AGREES)}
    kinds = set(Decision.objects.values_list("verdict", flat=True))
    assert kinds == ({"accepted", "refused"} if mode == "enforce" else {"accepted", "refused", "waived"})


def test_what_a_mode_makes_of_the_same_reasons_is_all_that_differs() -> None:
    house = room(8)
    CapacityRuleFactory(restaurant=house, max_covers=4)
    materialize(house, days_ahead())
    with pytest.raises(RequestRefused):
        book(house, party_size=6)

    (found,) = replay_decisions(DecisionScope(), in_both_modes=True)

    assert found.replayed is not None
    assert found.in_other_mode is not None
    assert not found.replayed.judgement.decision.is_accepted
    assert found.in_other_mode.judgement.decision.is_accepted
    assert found.replayed.reasons == found.in_other_mode.reasons


def test_a_state_comes_back_as_it_was() -> None:
    house = busy_house()
    evening_of(house, 5, seed=1)

    for row in Decision.objects.all():
        state = decode_state(bytes(row.state or b""))
        assert decode_state(encode_state(state.case, state.seating, is_undecided=state.is_undecided)) == state
        assert state.case.request.party_size == row.party_size
        assert state.case.now == row.decided_at


@pytest.mark.parametrize(
    "content",
    [b"", b"no state", zlib.compress(b""), zlib.compress(msgspec.msgpack.encode([1, 2, 3]))],
    ids=["empty", "not compressed", "nothing", "another shape"],
)
def test_a_state_that_is_broken_is_said_to_be(content: bytes) -> None:
    with pytest.raises(StateUnreadable):
        decode_state(content)


def test_a_state_of_another_format_is_said_to_be() -> None:
    book(busy_house())
    kept = msgspec.msgpack.decode(zlib.decompress(bytes(Decision.objects.get().state or b"")))

    with pytest.raises(StateUnreadable, match="format 2, not 1"):
        decode_state(zlib.compress(msgspec.msgpack.encode([2, *kept[1:]])))


def test_another_outcome_is_found_and_named() -> None:
    house = busy_house()
    book(house, party_size=2)
    row = Decision.objects.get()
    row.reasons = [{"code": "PACING_COVERS", "limit": 14, "used": 14, "asked": 2}]
    row.save()

    said, code = replayed()

    assert code == 1
    assert "1 differ" in said
    assert f"decision {row.pk} (2 at {row.starts_at:%Y-%m-%d %H:%M} UTC, {house.slug})" in said
    assert "PACING_COVERS then, no reason to refuse again" in said


def test_a_planner_that_ran_out_of_time_then_is_told_apart() -> None:
    house = busy_house()
    book(house, party_size=2)
    state = decode_state(bytes(Decision.objects.get().state or b""))
    no_table = reason_from({"code": "NO_TABLE", "limit": 3, "used": 3, "asked": 1})

    undecided = type(state)(state.case, state.seating, is_undecided=True)

    assert decide_again(state, [no_table]).verdict is Verdict.DIFFERS
    assert decide_again(undecided, [no_table]).verdict is Verdict.WITHOUT_PLANNER


def test_the_command_counts_and_says_so() -> None:
    house, other = busy_house(), busy_house()
    evening_of(house, 6, seed=3)
    book(other)
    count = Decision.objects.filter(restaurant=house).count()

    assert replayed("--restaurant", house.slug, "--both-modes") == (
        f"Decided {count} decisions again:\n  {count} agree\n  0 differ\n",
        0,
    )
    assert replayed("--from", "2001-01-01", "--to", "2001-01-02")[0].startswith("Decided 0 decisions again")
    with pytest.raises(CommandError, match="No restaurant 'nowhere'"):
        replayed("--restaurant", "nowhere")


def test_a_row_that_cannot_be_read_is_a_failure_and_one_without_state_is_not() -> None:
    house = busy_house()
    book(house)
    Decision.objects.update(state=None)
    assert replayed()[1] == 0

    Decision.objects.update(state=b"garbled")
    said, code = replayed()
    assert (code, "1 not readable" in said) == (1, True)


def test_a_shadow_decision_that_failed_is_never_examined_and_no_difference(monkeypatch: pytest.MonkeyPatch) -> None:
    house = room(2, enforcement="shadow")
    CapacityRuleFactory(restaurant=house, max_covers=1)
    materialize(house, days_ahead())
    with monkeypatch.context() as failing:
        failing.setattr("bookings.decision.assessment.decide", _fail)
        book(house)
    assert Decision.objects.get().state is not None

    assert replayed("--both-modes") == (
        "Decided 1 decision again:\n  0 agree\n  0 differ\n  1 never examined: the shadow decision failed\n",
        0,
    )


def test_nothing_dies_of_a_shadow_decision_that_would_fail_again(monkeypatch: pytest.MonkeyPatch) -> None:
    house = room(2, enforcement="shadow")
    materialize(house, days_ahead())
    monkeypatch.setattr("bookings.decision.assessment.decide", _fail)
    book(house)

    assert replayed()[1] == 0


def _fail(*args: object, **kwargs: object) -> None:
    raise ZeroDivisionError("no rule for this")


def test_a_decision_that_cannot_be_made_again_is_named_and_the_others_are_made() -> None:
    house = busy_house()
    first, second, _ = book(house), book(house), book(house)
    Decision.objects.filter(booking=first).update(reasons=[{"code": "MOONLIGHT", "limit": 1, "used": 1, "asked": 1}])
    row = Decision.objects.get(booking=second)
    kept = zlib.decompress(bytes(row.state or b""))
    row.state = zlib.compress(kept.replace(b"Etc/UTC", b"Etc/Mar"))
    row.save()

    said, code = replayed("--both-modes")

    assert code == 1
    assert "1 agree\n  0 differ\n  2 cannot be decided again" in said
    assert f"decision {Decision.objects.get(booking=first).pk}: ValueError: 'MOONLIGHT' is not a valid" in said
    assert f"decision {row.pk}: ZoneInfoNotFoundError: 'No time zone found with key Etc/Mar'" in said


def test_dates_the_wrong_way_round_are_a_mistake_and_not_a_success() -> None:
    with pytest.raises(CommandError, match="--to 2026-10-01 is before --from 2026-11-28"):
        replayed("--from", "2026-11-28", "--to", "2026-10-01")
