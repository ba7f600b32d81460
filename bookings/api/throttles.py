"""The limits on calls from one address, counted in the shared cache, or in this process while that is away."""

import hashlib
import math
import time
from typing import ClassVar

import structlog
from django.conf import settings
from django.core.cache import BaseCache, caches
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from bookings.api.base import GuestView
from config.callers import caller_address
from config.values import Rate, parse_rate

logger = structlog.stdlib.get_logger(__name__)

SHARED_CACHE = "default"
LOCAL_CACHE = "local"
# After a failure the shared cache is left alone for a while: nobody waits for its timeouts.
AWAY_SECONDS = 5
_AWAY_KEY = "throttle:shared-cache-away"


class RateThrottle(BaseThrottle):
    """A fixed window per caller that begins with its first request; `rate_setting` names the rate."""

    rate_setting: ClassVar[str]
    wait_seconds: int | None = None

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request; refuse it if the window is full."""
        rate = parse_rate(getattr(settings, self.rate_setting))
        if rate is None:
            return True
        self.wait_seconds = count_request(self._window_key(request, view), rate)
        return self.wait_seconds is None

    def wait(self) -> float | None:
        """Return the seconds until the window ends."""
        return self.wait_seconds

    def _window_key(self, request: Request, view: APIView) -> str:
        scope = view.get_throttle_scope() if isinstance(view, GuestView) else ""
        caller = f"{caller_address(request._request)} {scope}"
        # Hashed: a restaurant is named by any text, and a cache key is not.
        return f"throttle:{self.rate_setting}:{hashlib.sha256(caller.encode()).hexdigest()}"


class AvailabilityThrottle(RateThrottle):
    """THROTTLE_AVAILABILITY, per address."""

    rate_setting = "THROTTLE_AVAILABILITY"


class BookingThrottle(RateThrottle):
    """THROTTLE_BOOKINGS, per restaurant and address; requests that name no restaurant count together."""

    rate_setting = "THROTTLE_BOOKINGS"


def count_request(key: str, rate: Rate) -> int | None:
    """Count a request; return None if it is within the rate, else the seconds until it will be.

    Counts in this process while the shared cache is away: the limit gets looser, it never opens.
    """
    local = caches[LOCAL_CACHE]
    if local.get(_AWAY_KEY):
        return _count_in(local, key, rate)
    try:
        return _count_in(caches[SHARED_CACHE], key, rate)
    except (RedisError, OSError) as error:
        logger.warning("shared cache not available, rates are counted per process", error=error)
        local.set(_AWAY_KEY, True, AWAY_SECONDS)
        return _count_in(local, key, rate)


def _count_in(cache: BaseCache, key: str, rate: Rate) -> int | None:
    now = time.time()
    ends_key = f"{key}:ends"
    if cache.add(key, 0, rate.seconds):
        cache.set(ends_key, now + rate.seconds, rate.seconds)
    try:
        count = cache.incr(key)
    except ValueError:
        # The window ended between the two commands: this request is the first of another.
        cache.set(key, 1, rate.seconds)
        count = 1
    if count <= rate.limit:
        return None
    ends_at = cache.get(ends_key) or now + rate.seconds
    return max(1, math.ceil(ends_at - now))
