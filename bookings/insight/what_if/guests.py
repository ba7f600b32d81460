"""The recorded requests that are one guest who asks the same again. Pure.

The decision records know no guests, so this is a reckoning. A repeated request has the same date, start, size, way in
and wish, soon after a request that got no table. A guest refused twice has clicked twice; a guest not told in time
tries again.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import NamedTuple

from bookings.insight.what_if.record import Request

ASKED_AGAIN_WITHIN = timedelta(minutes=15)


class Guests(NamedTuple):
    """Requests in the order of time, one of each guest who asked the same again, and the number of the others."""

    requests: tuple[Request, ...]
    repeated: int


def join_repeated(requests: Iterable[Request]) -> Guests:
    """Return the last request of each guest who asked the same again, with the offers to all of them."""
    found: dict[int, Request] = {}
    waiting: dict[tuple[object, ...], Request] = {}
    repeated = 0
    for request in requests:
        earlier = waiting.pop(_what_is_asked(request), None)
        if earlier is not None and _is_asked_again(earlier, request):
            del found[earlier.decision_id]
            repeated += 1
            request = replace(request, alternatives=_joined(earlier, request))
        if not request.was_accepted:
            waiting[_what_is_asked(request)] = request
        found[request.decision_id] = request
    return Guests(tuple(found.values()), repeated)


def _what_is_asked(request: Request) -> tuple[object, ...]:
    return request.business_date, request.starts_at, request.party_size, request.source, request.seating


def _is_asked_again(earlier: Request, request: Request) -> bool:
    is_soon = request.decided_at - earlier.decided_at <= ASKED_AGAIN_WITHIN
    # A refused table that is free again may be another guest's luck: its taker is not known to be the same.
    return is_soon and (not earlier.was_refused or not request.was_accepted)


def _joined(earlier: Request, request: Request) -> tuple[datetime, ...]:
    return () if request.was_accepted else tuple(dict.fromkeys((*earlier.alternatives, *request.alternatives)))
