"""The advice for a restaurant, from its evidence: promote, wait, fix; keep or roll back. Pure."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from config.values import counted

# Less than two weeks does not show every weekday twice.
LEAST_DAYS = 14
# How often each weekday with service must have been seen to its end.
LEAST_OF_EACH_WEEKDAY = 2
LEAST_DECISIONS = 50
# More would-be refusals than this share whose evening is not over: the rest says too little.
MOST_OPEN_SHARE = 0.5
SLOWEST_P95_MS = 1000
MOST_ERRORS = 0.05
# Of would-be refusals that are settled, more than this share for nothing: the limits want a look first.
MOST_NOT_NEEDED_SHARE = 0.5
LEAST_SETTLED = 10
NOTHING = "nothing speaks against enforcing its limits"
NOTHING_ELSE = "nothing else speaks against enforcing its limits"


class Advised(StrEnum):
    """The advice: one of the first three in shadow mode; FIX or one of the last two under enforced limits."""

    PROMOTE = "PROMOTE"
    WAIT = "WAIT"
    FIX = "FIX"
    KEEP = "KEEP"
    ROLL_BACK = "ROLL BACK"


@dataclass(frozen=True)
class Evidence:
    """All facts that the recommendation looks at.

    `observed_days` and `decisions` belong to the mode that the restaurant has now. `settled_dates` are the dates of
    these decisions whose services are over, `wanted_dates` the number of them that is enough. `requests` are decisions
    in either mode. `obstacles` keep every restaurant from enforcing; `serious` are the sentences of misconfigurations
    that must be mended.
    """

    is_enforced: bool
    observed_days: int
    decisions: int
    settled_dates: int = 0
    wanted_dates: int = LEAST_DAYS
    requests: int = 0
    obstacles: Sequence[str] = ()
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
        return self.undecided / self.requests if self.requests else 0.0


@dataclass(frozen=True)
class Recommendation:
    """The advice, its aim or its causes, and the evidence for it."""

    advised: Advised
    because: tuple[str, ...]
    evidence: tuple[str, ...]


def recommend(seen: Evidence) -> Recommendation:
    """Recommend an action; faults that must be mended come before conditions that must be waited for."""
    evidence = tuple(_evidence(seen))
    if seen.is_enforced:
        return _recommend_of_enforced(seen, evidence)
    if faults := (*_broken(seen), *_slow(seen), *_too_strict(seen)):
        return Recommendation(Advised.FIX, faults, evidence)
    missing = tuple(_missing(seen))
    if seen.obstacles:
        # Whatever is set for the restaurant, nothing of it acts until they are gone.
        return Recommendation(Advised.WAIT, (*seen.obstacles, *(missing or (NOTHING_ELSE,))), evidence)
    if missing:
        return Recommendation(Advised.WAIT, missing, evidence)
    return Recommendation(Advised.PROMOTE, (NOTHING,), evidence)


def dates_wanted(weekdays: Collection[int]) -> int:
    """Return the number of dates that must be over to judge a house with service on these weekdays."""
    return LEAST_OF_EACH_WEEKDAY * len(weekdays) or LEAST_DAYS


def _recommend_of_enforced(seen: Evidence, evidence: tuple[str, ...]) -> Recommendation:
    # Shadow mode would let more in, not less: what is overbooked or set wrong is mended, not rolled back.
    if slow := tuple(_slow(seen)):
        return Recommendation(Advised.ROLL_BACK, slow, evidence)
    if faults := tuple(_broken(seen)):
        return Recommendation(Advised.FIX, faults, evidence)
    so_far = tuple(f"so far: {missing}" for missing in _missing(seen))
    return Recommendation(Advised.KEEP, so_far or ("its limits are enforced and hold",), evidence)


def _broken(seen: Evidence) -> Iterator[str]:
    if seen.overbookings:
        yield f"{counted(seen.overbookings, 'overbooking')} found by the auditor"
    if seen.unexamined:
        yield f"{counted(seen.unexamined, 'decision')} failed in shadow mode and {_were(seen.unexamined)} waived"
    yield from seen.serious


def _slow(seen: Evidence) -> Iterator[str]:
    if seen.p95_ms > SLOWEST_P95_MS:
        yield f"95 of 100 decisions take up to {seen.p95_ms} ms, more than {SLOWEST_P95_MS}"
    if seen.error_share > MOST_ERRORS:
        requests = counted(seen.requests, "request")
        yield f"{seen.undecided} of {requests} were not decided in time, more than {MOST_ERRORS:.0%}"


def _too_strict(seen: Evidence) -> Iterator[str]:
    settled = seen.right + seen.not_needed
    if settled >= LEAST_SETTLED and seen.not_needed > MOST_NOT_NEEDED_SHARE * settled:
        yield (
            f"{seen.not_needed} of {settled} would-be refusals were not needed in the end: "
            "raise the limits that they name, or see why guests stay away"
        )


def _missing(seen: Evidence) -> Iterator[str]:
    if seen.observed_days < LEAST_DAYS:
        yield f"{counted(LEAST_DAYS - seen.observed_days, 'more day')} with decisions{_mode(seen)}, {LEAST_DAYS} in all"
    if seen.settled_dates < seen.wanted_dates:
        more = counted(seen.wanted_dates - seen.settled_dates, "more date")
        yield f"{more} with such decisions and a service that is over, {seen.wanted_dates} in all"
    if seen.decisions < LEAST_DECISIONS:
        yield f"{counted(LEAST_DECISIONS - seen.decisions, 'more decision')}{_mode(seen)}, {LEAST_DECISIONS} in all"
    would_be = seen.right + seen.not_needed + seen.open
    if seen.open > MOST_OPEN_SHARE * would_be:
        evenings = counted(seen.open_evenings, "open evening")
        yield f"{evenings}: {seen.open} of {would_be} would-be refusals are not settled"


def _evidence(seen: Evidence) -> Iterator[str]:
    over = counted(seen.settled_dates, "date")
    yield (
        f"{counted(seen.decisions, 'decision')}{_mode(seen)} on {counted(seen.observed_days, 'day')}, "
        f"about {over} with a service that is over"
    )
    yield counted(seen.overbookings, "overbooking")
    if seen.requests:
        yield f"95 of 100 decisions within {seen.p95_ms} ms, {seen.error_share:.1%} not decided in time"
    if seen.right or seen.not_needed or seen.open:
        yield f"would-be refusals: {seen.right} proved right, {seen.not_needed} not needed, {seen.open} open"
    yield counted(seen.tickets, "support ticket")


def _mode(seen: Evidence) -> str:
    return "" if seen.is_enforced else " in shadow mode"


def _were(number: int) -> str:
    return "was" if number == 1 else "were"
