"""What a manager is told about settings that are allowed but probably not meant."""

import pytest

from capacity.advice import (
    Advice,
    House,
    TableOffer,
    advise_on_closing_limits,
    advise_on_empty_seats,
    advise_on_limits,
    advise_on_table,
    advise_on_turn_times,
)
from capacity.calendar import TurnBand

HOUSE = House(seats=60, smallest_party=1, largest_party=8)


def messages(advice: tuple[Advice, ...]) -> list[str]:
    return [item.message for item in advice]


@pytest.mark.parametrize("limit", [8, 59, 60])
@pytest.mark.parametrize("field", ["max_covers", "pacing_covers", "occupancy_covers"])
def test_a_limit_between_the_largest_party_and_the_seats_needs_no_word(field, limit):
    assert advise_on_limits({field: limit}, HOUSE) == ()


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("occupancy_covers", "A limit of 61 on covers present is above the 60 seats: it can never be reached."),
        ("pacing_covers", "A limit of 61 on covers starting per slot is above the 60 seats: it can never be reached."),
        (
            "max_covers",
            "A limit of 61 on covers per service is above the 60 seats: "
            "it is reached only if tables are used more than once in a service.",
        ),
    ],
)
def test_a_limit_one_above_the_seats_is_named_at_its_field(field, message):
    assert advise_on_limits({field: 61}, HOUSE) == (Advice(field, message),)


def test_a_house_without_tables_has_no_seats_to_compare_with():
    assert advise_on_limits({"occupancy_covers": 500}, House(seats=0, smallest_party=1, largest_party=8)) == ()


def test_a_house_has_its_seats_only_where_every_service_seats_at_tables():
    assert [HOUSE.at_tables(services).seats for services in ((True, True), (True, False), ())] == [60, 0, 60]


@pytest.mark.parametrize(
    ("limit", "message"),
    [
        (7, "A limit of 7 on covers starting per slot: online parties of 8 never fit."),
        (4, "A limit of 4 on covers starting per slot: online parties of 5 to 8 never fit."),
        (2, "A limit of 2 on covers starting per slot: online parties of 3 to 8 never fit."),
        (1, "A limit of 1 on covers starting per slot: no online party fits, the smallest is 2."),
        (0, "A limit of 0 on covers starting per slot: no online party fits, the smallest is 2."),
    ],
)
def test_a_pacing_that_online_parties_do_not_fit_says_which(limit, message):
    house = House(seats=60, smallest_party=2, largest_party=8)

    assert advise_on_limits({"pacing_covers": limit}, house) == (Advice("pacing_covers", message),)


def test_a_limit_of_no_parties_closes_to_everybody():
    advice = advise_on_limits({"max_parties": 0, "pacing_parties": 1, "occupancy_parties": None}, HOUSE)

    assert advice == (Advice("max_parties", "A limit of 0 on parties per service: no party fits."),)


def test_fields_that_say_nothing_need_no_word():
    assert advise_on_limits({"max_covers": None, "pacing_covers": None}, HOUSE) == ()


def test_bands_up_to_the_largest_online_party_leave_no_gap():
    assert advise_on_turn_times([TurnBand(2, 90, None), TurnBand(8, 120, None)], {1: "Lunch"}, 8) == ()


def test_without_any_band_the_defaults_cover_everybody():
    assert advise_on_turn_times([], {1: "Lunch", 2: "Dinner"}, 8) == ()


def test_a_gap_names_the_services_and_the_sizes():
    bands = [TurnBand(2, 90, None), TurnBand(7, 120, None), TurnBand(12, 150, 3)]

    advice = advise_on_turn_times(bands, {1: "Lunch", 2: "Dinner", 3: "Late"}, 8)

    assert messages(advice) == ["Lunch, Dinner: no turn time for parties of 8, so the default applies."]


def test_services_with_different_gaps_are_named_apart():
    bands = [TurnBand(4, 90, 1), TurnBand(6, 120, 2)]

    advice = advise_on_turn_times(bands, {1: "Lunch", 2: "Dinner", 3: "Late"}, 8)

    assert messages(advice) == [
        "Lunch: no turn time for parties of 5 to 8, so the default applies.",
        "Dinner: no turn time for parties of 7 to 8, so the default applies.",
    ]


@pytest.mark.parametrize("field", ["max_covers", "occupancy_covers"])
def test_a_limit_one_below_the_seats_leaves_one_empty(field):
    assert [len(advise_on_empty_seats({field: limit}, HOUSE)) for limit in (59, 60, 61)] == [1, 0, 0]
    assert messages(advise_on_empty_seats({field: 59}, HOUSE))[0].endswith(
        "is below the 60 seats: 1 of them are never filled at once."
    )


def test_a_pacing_below_the_seats_is_what_pacing_is_for():
    assert advise_on_empty_seats({"pacing_covers": 10, "max_covers": None}, HOUSE) == ()


def test_only_limits_that_no_party_fits_close_the_house():
    house = House(seats=60, smallest_party=2, largest_party=8)

    closing = advise_on_closing_limits({"pacing_covers": 1, "occupancy_covers": 2, "pacing_parties": 0}, house)

    assert [item.field for item in closing] == ["pacing_covers", "pacing_parties"]


def table(smallest, largest, *, online=True, in_house=True, combined=False):
    return TableOffer("T9", smallest, largest, is_online=online, is_in_house=in_house, is_combined=combined)


@pytest.mark.parametrize(
    ("offer", "message"),
    [
        (table(2, 4), None),
        (table(9, 12), None),
        (table(8, 12, in_house=False), None),
        (
            table(9, 12, in_house=False),
            "Table T9 takes parties from 9 on and only those that book online, who are 8 at most.",
        ),
        (table(9, 12, in_house=False, combined=True), None),
        (table(2, 4, online=False, in_house=False), "Table T9 is open to nobody."),
        (table(1, 2), None),
        (table(1, 1), "Table T9 takes 1 at most, the smallest party is 2."),
        (table(1, 1, in_house=False), "Table T9 takes 1 at most, the smallest party is 2."),
    ],
)
def test_a_table_that_no_party_fits_says_why(offer, message):
    assert advise_on_table(offer, House(seats=60, smallest_party=2, largest_party=8)) == message
