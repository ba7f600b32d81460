"""What to do with a restaurant, from what was seen of it: promote, wait, fix; keep or roll back. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

# Less than two weeks does not show every weekday twice.
LEAST_DAYS = 14
LEAST_DECISIONS = 50
# More would-be refusals than this share whose evening is not over: the rest says too little.
MOST_OPEN_SHARE = 0.5
SLOWEST_P95_MS = 1000
MOST_ERRORS = 0.05
# Of would-be refusals that are settled, more than this share for nothing: the limits want a look first.
MOST_NOT_NEEDED_SHARE = 0.5
LEAST_SETTLED = 10


class Advised(StrEnum):
    """What to do. Of a restaurant in shadow the first three, of one that enforces FIX and the last two."""

    PROMOTE = "PROMOTE"
    WAIT = "WAIT"
    FIX = "FIX"
    KEEP = "KEEP"
    ROLL_BACK = "ROLL BACK"


@dataclass(frozen=True)
class Evidence:
    """All that the recommendation looks at; `serious` are the sentences of misconfigurations that must be mended."""

    is_enforced: bool
    observed_days: int
    decisions: int
    overbookings: int = 0
    unexamined: int = 0
    undecided: int = 0
    p95_ms: int = 0
    right: int = 0
    not_needed: int = 0
    open: int = 0
    open_evenings: int = 0
    tickets: int = 0
    serious: Sequence[str] = ()

    @property
    def error_share(self) -> float:
        """Return the share of decisions that were not made in time."""
        return self.undecided / self.decisions if self.decisions else 0.0


@dataclass(frozen=True)
class Recommendation:
    """What to do, what for or because of what, and what speaks for it."""

    advised: Advised
    because: tuple[str, ...]
    evidence: tuple[str, ...]


def recommend(seen: Evidence) -> Recommendation:
    """Recommend what to do; what must be mended comes before what must be waited for."""
    evidence = tuple(_evidence(seen))
    if seen.is_enforced:
        return _recommend_of_enforced(seen, evidence)
    if faults := (*_broken(seen), *_slow(seen), *_too_strict(seen)):
        return Recommendation(Advised.FIX, faults, evidence)
    if missing := tuple(_missing(seen)):
        return Recommendation(Advised.WAIT, missing, evidence)
    return Recommendation(Advised.PROMOTE, ("nothing speaks against enforcing its limits",), evidence)


def _recommend_of_enforced(seen: Evidence, evidence: tuple[str, ...]) -> Recommendation:
    # Shadow mode would let more in, not less: what is overbooked or set wrong is mended, not rolled back.
    if slow := tuple(_slow(seen)):
        return Recommendation(Advised.ROLL_BACK, slow, evidence)
    if faults := tuple(_broken(seen)):
        return Recommendation(Advised.FIX, faults, evidence)
    so_far = tuple(f"so far: {it}" for it in _missing(seen))
    return Recommendation(Advised.KEEP, so_far or ("its limits are enforced and hold",), evidence)


def _broken(seen: Evidence) -> Iterator[str]:
    if seen.overbookings:
        yield f"{_count(seen.overbookings, 'overbooking')} found by the auditor"
    if seen.unexamined:
        yield f"{_count(seen.unexamined, 'decision')} failed in shadow mode and {_were(seen.unexamined)} waived"
    yield from seen.serious


def _slow(seen: Evidence) -> Iterator[str]:
    if seen.p95_ms > SLOWEST_P95_MS:
        yield f"95 of 100 decisions take up to {seen.p95_ms} ms, more than {SLOWEST_P95_MS}"
    if seen.error_share > MOST_ERRORS:
        yield f"{seen.undecided} of {seen.decisions} requests were not decided in time, more than {MOST_ERRORS:.0%}"


def _too_strict(seen: Evidence) -> Iterator[str]:
    settled = seen.right + seen.not_needed
    if settled >= LEAST_SETTLED and seen.not_needed > MOST_NOT_NEEDED_SHARE * settled:
        yield (
            f"{seen.not_needed} of {settled} would-be refusals were not needed in the end: "
            "raise the limits that they name, or see why guests stay away"
        )


def _missing(seen: Evidence) -> Iterator[str]:
    if seen.observed_days < LEAST_DAYS:
        yield f"{_count(LEAST_DAYS - seen.observed_days, 'more day')} with decisions, {LEAST_DAYS} in all"
    if seen.decisions < LEAST_DECISIONS:
        yield f"{_count(LEAST_DECISIONS - seen.decisions, 'more decision')}, {LEAST_DECISIONS} in all"
    would_be = seen.right + seen.not_needed + seen.open
    if seen.open > MOST_OPEN_SHARE * would_be:
        yield (
            f"{_count(seen.open_evenings, 'open evening')}: {seen.open} of {would_be} would-be refusals are not settled"
        )


def _evidence(seen: Evidence) -> Iterator[str]:
    yield f"{_count(seen.decisions, 'decision')} on {_count(seen.observed_days, 'day')}"
    yield f"{_count(seen.overbookings, 'overbooking')}"
    yield f"95 of 100 decisions within {seen.p95_ms} ms, {seen.error_share:.1%} not decided in time"
    if seen.right or seen.not_needed or seen.open:
        yield f"would-be refusals: {seen.right} proved right, {seen.not_needed} not needed, {seen.open} open"
    yield f"{_count(seen.tickets, 'support ticket')}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"
