"""Which restaurants a percentage takes: exact, monotonic, stable, partners first."""

from collections.abc import Iterable
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from capacity.rollout_order import PERCENTAGES, Candidate, PercentageChange, change_for_percentage

candidates = st.lists(
    st.builds(Candidate, st.uuids(), st.booleans(), st.booleans()), unique_by=lambda each: each.public_id, max_size=60
)
percentages = st.sampled_from(PERCENTAGES)


def after(known: Iterable[Candidate], change: PercentageChange) -> list[Candidate]:
    """Return the candidates as they are when the change is made."""
    joining, leaving = set(change.joining), set(change.leaving)
    return [
        replace(each, is_enforcing=each in joining or (each.is_enforcing and each not in leaving)) for each in known
    ]


def enforcing(known: Iterable[Candidate]) -> set[UUID]:
    return {each.public_id for each in known if each.is_enforcing}


def order_of_joining(known: Iterable[Candidate]) -> list[UUID]:
    """Return everybody in the order in which they join when nobody enforces yet."""
    waiting = [replace(each, is_enforcing=False) for each in known]
    return [each.public_id for each in change_for_percentage(waiting, 100).joining]


@given(candidates, percentages)
def test_exactly_the_wanted_number_enforces(known: list[Candidate], percent: int) -> None:
    change = change_for_percentage(known, percent)

    assert change.wanted == -(-len(known) * percent // 100)
    assert len(enforcing(after(known, change))) == change.wanted
    assert not (change.joining and change.leaving)


@given(candidates, percentages)
def test_a_second_time_changes_nothing(known: list[Candidate], percent: int) -> None:
    done = after(known, change_for_percentage(known, percent))

    again = change_for_percentage(done, percent)

    assert (again.joining, again.leaving) == ((), ())


@given(candidates)
def test_each_larger_percentage_keeps_everybody_of_the_smaller_one(known: list[Candidate]) -> None:
    known = after(known, change_for_percentage(known, PERCENTAGES[0]))
    for percent in PERCENTAGES[1:]:
        larger = after(known, change_for_percentage(known, percent))
        assert enforcing(known) <= enforcing(larger)
        known = larger


@given(candidates, percentages)
def test_nobody_who_enforces_leaves_where_there_is_room_for_all_of_them(known: list[Candidate], percent: int) -> None:
    change = change_for_percentage(known, percent)

    if len(enforcing(known)) <= change.wanted:
        assert change.leaving == ()


@given(candidates, percentages, st.randoms(use_true_random=False))
def test_the_order_in_which_they_are_listed_does_not_matter(known: list[Candidate], percent: int, dice) -> None:
    shuffled = dice.sample(known, len(known))

    assert change_for_percentage(shuffled, percent) == change_for_percentage(known, percent)


@given(candidates, candidates)
def test_new_restaurants_leave_the_order_of_the_others_as_it_is(known: list[Candidate], new: list[Candidate]) -> None:
    before = order_of_joining(known)
    ids = set(before)

    both = order_of_joining([*known, *(each for each in new if each.public_id not in ids)])

    assert [public_id for public_id in both if public_id in ids] == before


@given(candidates, percentages)
def test_beta_partners_join_first_and_leave_last(known: list[Candidate], percent: int) -> None:
    change = change_for_percentage(known, percent)

    if any(not each.is_beta_partner for each in change.joining):
        assert all(each.is_enforcing or each in change.joining for each in known if each.is_beta_partner)
    if any(each.is_beta_partner for each in change.leaving):
        assert not any(each.is_enforcing and each not in change.leaving for each in known if not each.is_beta_partner)


def test_the_order_is_that_of_the_hash_and_stays_so_from_release_to_release() -> None:
    known = [Candidate(UUID(int=number), number == 9, False) for number in range(1, 11)]

    assert [public_id.int for public_id in order_of_joining(known)] == [9, 10, 4, 2, 7, 1, 3, 6, 8, 5]


@pytest.mark.parametrize(
    ("total", "percent", "wanted"),
    [(0, 100, 0), (1, 10, 1), (10, 10, 1), (11, 10, 2), (3, 50, 2), (4, 50, 2), (7, 100, 7)],
)
def test_a_percentage_is_rounded_up(total: int, percent: int, wanted: int) -> None:
    known = [Candidate(UUID(int=number), False, False) for number in range(total)]

    assert change_for_percentage(known, percent).wanted == wanted
