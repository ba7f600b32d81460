"""Turn times: the minutes that a party keeps its table, by party size."""

from collections.abc import Iterable
from dataclasses import dataclass

from config.values import LARGEST_PARTY


@dataclass(frozen=True)
class TurnBand:
    """The turn time in minutes of parties up to a size, in one period or (None) the whole restaurant."""

    up_to: int
    minutes: int
    period_id: int | None


DEFAULT_BANDS = (TurnBand(2, 90, None), TurnBand(6, 120, None), TurnBand(LARGEST_PARTY, 150, None))


def turn_minutes(bands: Iterable[TurnBand], period_id: int | None, party_size: int) -> int:
    """Return the elapsed minutes that a party keeps its table.

    The smallest fitting band of the period decides, else of the restaurant, else of the defaults.
    """
    fitting = (band for band in (*_bands_of(bands, period_id), *DEFAULT_BANDS) if band.up_to >= party_size)
    return next(fitting, DEFAULT_BANDS[-1]).minutes


def longest_turn_minutes(bands: Iterable[TurnBand], period_id: int | None) -> int:
    """Return the longest turn time of any party size, defaults included where no band fits."""
    configured = _bands_of(bands, period_id)
    # The turn time changes only just above a band: one size of each stretch stands for all.
    sizes = {1} | {band.up_to + 1 for band in (*configured, *DEFAULT_BANDS) if band.up_to < LARGEST_PARTY}
    return max(turn_minutes(configured, period_id, size) for size in sizes)


def find_band_gaps(bands: Iterable[TurnBand], period_id: int | None, largest_party: int) -> range:
    """Return the party sizes up to the largest for which bands exist but none fits; falsy if there are none."""
    covered = max((band.up_to for band in _bands_of(bands, period_id)), default=largest_party)
    return range(covered + 1, largest_party + 1)


def _bands_of(bands: Iterable[TurnBand], period_id: int | None) -> tuple[TurnBand, ...]:
    relevant = (band for band in bands if band.period_id is None or band.period_id == period_id)
    return tuple(sorted(relevant, key=lambda band: (band.period_id is None, band.up_to)))
