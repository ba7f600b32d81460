"""How full is how full: the degrees of a limit at their bounds."""

import pytest

from capacity.heat import Heat, heat_of, hottest_use
from capacity.policy import LimitUse
from capacity.reasons import ReasonCode


@pytest.mark.parametrize(
    ("used", "limit", "heat"),
    [
        (0, 1000, Heat.ROOM),
        (699, 1000, Heat.ROOM),
        (700, 1000, Heat.FILLING),
        (900, 1000, Heat.FILLING),
        (901, 1000, Heat.FULL),
        (1000, 1000, Heat.FULL),
        (1001, 1000, Heat.OVER),
        (101, 100, Heat.OVER),
        (2, 3, Heat.ROOM),
        (0, 0, Heat.FULL),
        (1, 0, Heat.OVER),
        (0, None, Heat.NO_LIMIT),
        (99, None, Heat.NO_LIMIT),
    ],
)
def test_the_degree_follows_the_exact_share_of_the_limit(used: int, limit: int | None, heat: Heat) -> None:
    assert heat_of(used, limit) == heat


def use(code: ReasonCode, used: int, limit: int | None) -> LimitUse:
    return LimitUse(code, limit, used)


def test_the_fullest_limit_speaks_and_of_equals_the_first() -> None:
    covers, pacing = use(ReasonCode.SERVICE_COVERS, 40, 80), use(ReasonCode.PACING_COVERS, 9, 10)
    occupancy = use(ReasonCode.OCCUPANCY_COVERS, 18, 20)

    assert hottest_use([covers, pacing, occupancy]) == pacing
    assert hottest_use([covers, use(ReasonCode.PACING_COVERS, 99, None)]) == covers


def test_a_limit_of_none_that_somebody_passed_is_hotter_than_one_that_is_full() -> None:
    passed = use(ReasonCode.PACING_COVERS, 1, 0)

    assert hottest_use([use(ReasonCode.SERVICE_COVERS, 80, 80), passed]) == passed


def test_where_nothing_is_limited_no_limit_is_the_fullest() -> None:
    assert hottest_use([use(ReasonCode.SERVICE_COVERS, 80, None)]) is None
