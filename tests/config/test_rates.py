"""Rates as the environment writes them."""

import pytest

from config.values import Rate, RateMalformed, parse_rate


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("60/min", Rate(60, 60)),
        ("1/sec", Rate(1, 1)),
        ("1000/hour", Rate(1000, 3600)),
        ("5/day", Rate(5, 86400)),
        ("off", None),
    ],
)
def test_a_rate_is_read(text: str, rate: Rate | None) -> None:
    assert parse_rate(text) == rate


@pytest.mark.parametrize("text", ["", "60", "0/min", "-1/min", "60/m", "60/minute", "six/min", "60 / min", "OFF"])
def test_anything_else_stops_the_start(text: str) -> None:
    with pytest.raises(RateMalformed, match="60/min"):
        parse_rate(text)
