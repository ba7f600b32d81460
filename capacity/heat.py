"""How full a slot is: the fullest of its limits, in five degrees. Pure: no Django, no clock."""

from collections.abc import Iterable
from enum import StrEnum
from fractions import Fraction

from capacity.policy import LimitUse

# In per cent of a limit: from here on it fills up, and above here it is nearly full.
FILLING_FROM, NEARLY_FULL_ABOVE = 70, 90


class Heat(StrEnum):
    """The degree to which a limit is used, from the least."""

    NO_LIMIT = "no_limit"
    ROOM = "room"
    FILLING = "filling"
    FULL = "full"
    OVER = "over"


def heat_of(used: int, limit: int | None) -> Heat:
    """Classify the use of a limit, by the exact numbers and not by a rounded percentage.

    A limit of 0 is full from the start.
    """
    if limit is None:
        return Heat.NO_LIMIT
    if used > limit:
        return Heat.OVER
    if limit == 0 or 100 * used > NEARLY_FULL_ABOVE * limit:
        return Heat.FULL
    return Heat.FILLING if 100 * used >= FILLING_FROM * limit else Heat.ROOM


def hottest_use(uses: Iterable[LimitUse]) -> LimitUse | None:
    """Return the limit that is used most, the first of equals; None where nothing is limited."""
    return max((use for use in uses if use.limit is not None), key=_order, default=None)


def _order(use: LimitUse) -> tuple[int, Fraction]:
    return list(Heat).index(heat_of(use.used, use.limit)), Fraction(use.used, use.limit or 1)
