"""Redis or Valkey, where the throttles of all processes count together."""

import secrets
from collections.abc import Iterator

from django.conf import settings
from django.core.cache import caches
from redis.exceptions import RedisError

from bookings.management.doctor.findings import Deployment, Finding, ok, problem, unless_demo, warning
from config.logs.failures import describe_error
from config.values import counted

KEPT_SECONDS = 10


def check_redis(deployment: Deployment) -> Iterator[Finding]:
    """Check that the shared cache takes a value and gives it back."""
    if not settings.REDIS_URL:
        saw = f"none: each of {counted(deployment.workers, 'worker')} counts requests for itself"
        yield unless_demo(deployment, warning("redis", saw, "Set REDIS_URL, so that a throttle is what it says."))
        return
    try:
        answers = _answers()
    # A malformed address is a ValueError.
    except (RedisError, OSError, ValueError) as error:
        saw = f"it does not answer, each process counts for itself: {describe_error(error)}"
        yield problem("redis", saw, "Look at REDIS_URL (host, port, password, rediss:// for TLS) and at the server.")
        return
    yield (
        ok("redis", "it answers")
        if answers
        else problem("redis", "it forgets what it was given", "Look at maxmemory and maxmemory-policy of the server.")
    )


def _answers() -> bool:
    cache, key, value = caches["default"], f"doctor:{secrets.token_hex(8)}", secrets.token_hex(8)
    cache.set(key, value, KEPT_SECONDS)
    found = cache.get(key)
    cache.delete(key)
    return bool(found == value)
