"""Whom a limit counts: by the address of the connection, or what the proxies in front have written."""

import pytest
from django.test import RequestFactory
from pytest_django.fixtures import Settings

from config.callers import UNKNOWN_CALLER, caller_address


def counted_as(address: str, forwarded: str | None = None) -> str:
    headers = {} if forwarded is None else {"x-forwarded-for": forwarded}
    return caller_address(RequestFactory().get("/", headers=headers, REMOTE_ADDR=address))


def behind(settings: Settings, proxies: int) -> None:
    settings.REST_FRAMEWORK = {**settings.REST_FRAMEWORK, "NUM_PROXIES": proxies}


@pytest.mark.parametrize(
    ("written", "counted"),
    [
        ("192.0.2.1", "192.0.2.1"),
        (" 192.0.2.1\t", "192.0.2.1"),
        ("192.0.2.1:4711", "192.0.2.1"),
        ('"192.0.2.1:4711"', "192.0.2.1"),
        ("[192.0.2.1]:4711", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("::FFFF:c000:201", "192.0.2.1"),
        ("0:0:0:0:0:ffff:192.0.2.1", "192.0.2.1"),
        ("[::ffff:192.0.2.1]", "192.0.2.1"),
        ("[::ffff:192.0.2.1]:4711", "192.0.2.1"),
        ("::ffff:192.0.2.1%eth0", "192.0.2.1"),
        ("64:ff9b::192.0.2.1", "192.0.2.1"),
        ("64:ff9b:1::192.0.2.1", "192.0.2.1"),
        ("::ffff:0:192.0.2.1", "192.0.2.1"),
        ("2002:c000:201::1", "192.0.2.1"),
        ("2002:c000:201:ffff::1", "192.0.2.1"),
        ("2001:0:c633:6401:0:eeee:3fff:fdfe", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:DB8:1:2::ffff", "2001:db8:1:2::"),
        ("2001:db8:1:2::ffff%eth0", "2001:db8:1:2::"),
        ("[2001:db8:1:2::1]:4711", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("::1", "::"),
    ],
)
def test_an_address_counts_alike_however_it_is_written(settings: Settings, written: str, counted: str) -> None:
    behind(settings, 1)

    assert counted_as(written) == counted
    assert counted_as("10.0.0.1", written) == counted


RUBBISH = ["", " ", "unknown", "_hidden", "1.2.3", "1.2.3.4.5", "256.1.1.1", "1.2.3.4:", "1.2.3.4:x", "[::1]x"]


@pytest.mark.parametrize("rubbish", [*RUBBISH, "1.2.3.4;5", "::ffff:999.1.1.1", "x" * 5000, "\u00e9", "1" * 5000])
def test_an_entry_that_is_no_address_counts_as_the_proxy_that_wrote_it(settings: Settings, rubbish: str) -> None:
    behind(settings, 1)

    assert counted_as("10.0.0.1", rubbish) == "10.0.0.1"
    assert counted_as("10.0.0.1", f"203.0.113.1, {rubbish}") == "10.0.0.1"


@pytest.mark.parametrize("socket", ["", "unix:", "rubbish"])
def test_without_any_address_all_callers_count_together(settings: Settings, socket: str) -> None:
    behind(settings, 1)

    assert counted_as(socket) == counted_as(socket, "rubbish") == UNKNOWN_CALLER


def test_the_header_is_believed_as_far_as_there_are_proxies(settings: Settings) -> None:
    forwarded = "198.51.100.1, 203.0.113.1:80, ::ffff:10.0.0.2"

    counted = []
    for proxies in range(5):
        behind(settings, proxies)
        counted.append(counted_as("10.0.0.1", forwarded))

    assert counted == ["10.0.0.1", "10.0.0.2", "203.0.113.1", "198.51.100.1", "198.51.100.1"]
