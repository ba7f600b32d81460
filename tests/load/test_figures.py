"""The figures of `make bench`, their bars and their page: what is computed, not what is measured."""

from collections import Counter
from datetime import date

import pytest

from tests.helpers.benchmark_pages import percentile, replace_section
from tests.load.figures import Bar, Measured, Series, ratio_bar, wait_bar
from tests.load.page import Compared, Report, section, summary


def series(title: str, *answered: int, clients: int = 16, refused: int = 0) -> Series:
    """Return runs of two seconds with so many bookings each, and refusals that do not count."""
    runs = [
        Measured(2.0, [0.010] * count + [0.5] * refused, Counter({"201": count, "409 FULL": refused}), load=3.0)
        for count in answered
    ]
    return Series(title, clients, "201", runs)


def report(*bars: Bar, faults: tuple[str, ...] = ()) -> Report:
    limit, booked = series("the limit", 100, 300), series("Booked", 50, 60)
    table = Compared("Bookings", "the limit", {16: limit}, [booked, series("Crowd", 4, clients=100)])
    return Report(date(2026, 3, 4), "2 cores", "serializable", 2, 2.0, 0.5, [table], bars, faults)


@pytest.mark.parametrize(("percent", "expected"), [(1, 1), (50, 50), (95, 95), (99, 99), (100, 100)])
def test_a_percentile_is_the_nearest_rank(percent: int, expected: float) -> None:
    assert percentile(list(range(100, 0, -1)), percent) == expected


def test_a_percentile_of_one_value_is_that_value() -> None:
    assert percentile([7.0], 95) == 7.0


def test_a_rate_counts_the_wanted_answers_alone() -> None:
    assert series("Booked", 50, 60, refused=10).rates == [25.0, 30.0]


def test_a_share_is_taken_round_by_round() -> None:
    # Of all rounds together it would be 110 / 400.
    bar = ratio_bar(series("Booked", 50, 60), series("the limit", 100, 300), 0.35)

    assert bar.figure == pytest.approx((0.5 + 0.2) / 2)


@pytest.mark.parametrize(("figure", "is_met"), [(0.19, False), (0.20, True), (0.21, True)])
def test_a_share_is_met_from_its_bound_on(figure: float, is_met: bool) -> None:
    assert Bar("Booked", figure, 0.20).is_met == is_met


@pytest.mark.parametrize(("figure", "is_met"), [(499.0, True), (500.0, False), (501.0, False)])
def test_a_wait_is_met_below_its_bound(figure: float, is_met: bool) -> None:
    assert Bar("Booked", figure, 500.0, is_time=True).is_met == is_met


def test_a_wait_is_that_of_all_answers_of_all_rounds() -> None:
    assert wait_bar(series("Booked", 94, 94, refused=6), 500).figure == 500.0
    assert wait_bar(series("Booked", 95, 95, refused=5), 500).figure == pytest.approx(10.0)


def test_attempts_are_averaged_over_the_rounds_that_know_them() -> None:
    runs = [Measured(1.0, [], Counter(), attempts=known) for known in (1.0, 1.5, None)]

    assert Series("Booked", 1, "201", runs).attempts == 1.25
    assert Series("Booked", 1, "201", runs[2:]).attempts is None


def test_a_missed_bar_says_by_how_much() -> None:
    assert Bar("Booked", 0.05, 0.20).verdict == "**missed**: 25% of it"
    assert Bar("Booked", 1500.0, 500.0, is_time=True).verdict == "**missed**: 3.0 times"


def test_a_run_passes_with_every_bar_met_and_no_promise_broken() -> None:
    met, missed = Bar("Booked", 0.3, 0.2), Bar("Booked", 0.1, 0.2)

    assert report(met).is_passed
    assert not report(met, missed).is_passed
    assert not report(met, faults=("11 booked",)).is_passed


def test_a_row_has_its_share_its_answers_and_its_load() -> None:
    rows = [line for line in summary(report()).splitlines() if line.startswith("| Booked")]

    rates, shares = "27.5 (25.0 to 30.0)", "0.350 (0.200 to 0.500)"
    assert rows == [
        f"| Booked | 16 | {rates} | {shares} | 10.0 ms | 10.0 ms | 10.0 ms |  | 110 x 201 | 3.0 (3.0 to 3.0) |"
    ]


def test_every_row_has_the_cells_of_its_head() -> None:
    tables = [line for line in summary(report(Bar("Booked", 0.3, 0.2))).splitlines() if line.startswith("|")]

    assert {line.count("|") for line in tables[:3]} == {5}
    assert {line.count("|") for line in tables[3:]} == {11}
    assert any(line.startswith("| Crowd | 100 |") for line in tables)


def test_the_page_names_conditions_and_broken_promises() -> None:
    text = section(report(faults=("11 booked",)))

    assert "on 2026-03-04" in text
    assert "2 cores" in text
    assert "serializable" in text
    assert "**Broken promise**: 11 booked" in text
    assert max(len(line) for line in text.splitlines() if not line.startswith("|")) <= 120


def test_a_section_replaces_its_own_text_alone() -> None:
    marked = "<!-- make {0} -->\n\n{1}\n\n<!-- end of make {0} -->\n"
    page = f"# Page\n\n{marked.format('a', 'old')}\n{marked.format('b', 'kept')}"

    assert replace_section(page, "a", "new\n") == page.replace("old", "new")
    with pytest.raises(ValueError, match="no marks of make c"):
        replace_section(page, "c", "new\n")
