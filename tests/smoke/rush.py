"""Many guests at once for one start: whoever is refused must be refused rightly, and nothing may pass a limit."""

import math
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import httpx

from tests.smoke.ledger import Ledger
from tests.smoke.opening import Opening
from tests.smoke.reading import ask_availability
from tests.smoke.site import REQUEST_SECONDS, TOO_MANY_REQUESTS, Answer, CheckFailed, Site

MOST_GUESTS = 300
REFUSED = "CAPACITY_EXCEEDED"
# Honest answers of a server that is asked too much at once: counted, and no failure.
OVERLOADED = {"BOOKING_CONFLICT", "SERVICE_UNAVAILABLE", "RATE_LIMITED"}


@dataclass(frozen=True)
class Rush:
    """What the guests got, and the start before and after."""

    party_size: int
    before: Any
    after: Any
    answers: Sequence[Answer]
    failures: Sequence[str]

    @property
    def booked(self) -> int:
        """Parties that were booked."""
        return sum(answer.status == 201 for answer in self.answers)

    @property
    def refused(self) -> list[Answer]:
        """Refusals for want of room."""
        return [answer for answer in self.answers if answer.error == REFUSED]

    @property
    def slowed_down(self) -> int:
        """Guests whom a throttle kept from asking."""
        return sum(answer.status == TOO_MANY_REQUESTS for answer in self.answers)

    def tally(self) -> Counter[str]:
        """Count the answers."""
        return Counter(
            "booked" if answer.status == 201 else answer.error or str(answer.status) for answer in self.answers
        )

    def percentile_milliseconds(self, percent: int) -> int:
        """Return a percentile of the waits, by nearest rank."""
        waits = sorted(answer.seconds for answer in self.answers)
        return round(1000 * waits[max(0, math.ceil(percent / 100 * len(waits)) - 1)]) if waits else 0


def run_rush(site: Site, ledger: Ledger, opening: Opening, guests: int) -> Rush:
    """Let all guests ask at once, each over a connection of its own, that is open before they start."""
    before = ask_availability(site, opening).expect(200)
    barrier = threading.Barrier(guests)

    def ask(number: int) -> Answer | str:
        with httpx.Client(base_url=site.client.base_url, timeout=REQUEST_SECONDS) as client:
            try:
                _open_connection(client)
                barrier.wait(REQUEST_SECONDS)
                return ledger.book(opening.body(name=f"Smoke Test {number}"), client=client)
            except (CheckFailed, threading.BrokenBarrierError) as failure:
                return str(failure) or "the guests were stopped"

    with ThreadPoolExecutor(max_workers=guests) as pool:
        try:
            outcomes = list(pool.map(ask, range(1, guests + 1)))
        finally:
            # Whoever has not asked yet need not any more.
            barrier.abort()
    answers = [outcome for outcome in outcomes if isinstance(outcome, Answer)]
    failures = [outcome for outcome in outcomes if isinstance(outcome, str)]
    after = ask_availability(site, opening).expect(200)
    return Rush(opening.party_size, before, after, answers, failures)


def check_answers(rush: Rush) -> None:
    """Every guest is booked, refused for want of room, or told to come back."""
    strange = sorted(set(rush.tally()) - OVERLOADED - {"booked", REFUSED})
    if strange or rush.failures:
        raise CheckFailed(f"{len(rush.failures)} without a good answer {list(rush.failures[:2])}, others {strange}")
    if not rush.booked:
        raise CheckFailed("nobody was booked at a start that was free")


def check_refusals_have_reasons(rush: Rush) -> None:
    """Each refusal names limits that the party would really have passed."""
    for answer in rush.refused:
        if not answer.body.get("reasons"):
            answer.fail("no reason is given")
        for reason in answer.body["reasons"]:
            if _is_counted(reason) and not reason["used"] <= reason["limit"] < reason["used"] + rush.party_size:
                answer.fail(f"the reason does not hold for a party of {rush.party_size}: {reason}")


def list_passed_limits(rush: Rush) -> list[str]:
    """List the limits of the service and the start that are passed now."""
    capacity = rush.after["capacity"] or {}
    service = {"code": "SERVICE_COVERS", "limit": capacity.get("maxCovers"), "used": capacity.get("bookedCovers")}
    counted = [entry for entry in (service, capacity.get("fullest"), *rush.after["reasons"]) if _is_counted(entry)]
    passed = (
        f"{entry['code']} {entry['used']} of {entry['limit']}" for entry in counted if entry["used"] > entry["limit"]
    )
    return list(dict.fromkeys(passed))


def check_limits(rush: Rush) -> None:
    """The service and the start hold no more than their limits say."""
    if passed := list_passed_limits(rush):
        raise CheckFailed(
            f"limits are passed: {', '.join(passed)}. A restaurant in shadow mode waives them: name another by "
            "--restaurant, or say by --shadow that this one only watches"
        )


def check_nobody_refused(rush: Rush) -> None:
    """Shadow mode turns nobody away for want of room."""
    if rush.refused:
        raise CheckFailed(f"{len(rush.refused)} were refused by a limit: the restaurant enforces, leave --shadow out")


def check_exact(rush: Rush) -> None:
    """As many were booked as there was room for: the covers add up, and after a refusal nothing is left."""
    before, after = (_booked_covers(start) for start in (rush.before, rush.after))
    if before is not None and after is not None and after - before != rush.booked * rush.party_size:
        raise CheckFailed(
            f"covers rose from {before} to {after}, {rush.booked} parties of {rush.party_size} were booked: "
            "somebody else booked or cancelled meanwhile, or counters are wrong (manage.py audit_capacity)"
        )
    if rush.refused and rush.after["available"]:
        raise CheckFailed(f"{len(rush.refused)} were refused at a start that still takes a party of {rush.party_size}")


def _booked_covers(start: Any) -> int | None:
    covers: int | None = (start["capacity"] or {}).get("bookedCovers")
    return covers


def _is_counted(entry: Any) -> bool:
    """Tell whether a limit comes with its numbers: they may be kept from guests, and tables are no number."""
    return bool(entry) and entry["code"] != "NO_TABLE" and None not in (entry["limit"], entry["used"])


def _open_connection(client: httpx.Client) -> None:
    """Shake hands before the start: guests who do that first do not come at once."""
    try:
        client.get("/healthz")
    except httpx.HTTPError as error:
        raise CheckFailed(f"no connection: {type(error).__name__} {error}") from error
