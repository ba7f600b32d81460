"""Rates of requests, as the environment writes them."""

import re
from dataclasses import dataclass

OFF = "off"
_SECONDS = {"sec": 1, "min": 60, "hour": 3600, "day": 86400}
_RATE = re.compile(r"([1-9][0-9]*)/(sec|min|hour|day)", re.ASCII)


class RateMalformed(ValueError):
    """A rate reads like 60/min (sec, min, hour or day), or off."""


@dataclass(frozen=True)
class Rate:
    """At most `limit` requests within `seconds`."""

    limit: int
    seconds: int


def parse_rate(text: str) -> Rate | None:
    """Read a rate like `60/min`; None for `off`.

    Raises: `RateMalformed`.
    """
    if text == OFF:
        return None
    match = _RATE.fullmatch(text)
    if match is None:
        raise RateMalformed(f"{text!r}: {RateMalformed.__doc__}")
    return Rate(limit=int(match[1]), seconds=_SECONDS[match[2]])
