"""The command line of the smoke test: `python -m tests.smoke BASE`."""

import argparse
import signal
import sys
from collections.abc import Sequence
from typing import NoReturn

import httpx

from tests.smoke.ledger import Ledger
from tests.smoke.report import Report
from tests.smoke.rush import MOST_GUESTS
from tests.smoke.site import REQUEST_SECONDS, Site
from tests.smoke.visit import Visit


def main(arguments: Sequence[str]) -> int:
    """Check the installation; return 0 if it does what it promises, else 1."""
    options = _parse(arguments)
    # A pipeline that gives up sends this one: the bookings are cancelled then as well.
    signal.signal(signal.SIGTERM, _interrupt)
    report = Report(sys.stdout)
    with httpx.Client(base_url=options.base, timeout=REQUEST_SECONDS) as client:
        site = Site(client, report.note)
        visit = Visit(site, Ledger(site), report)
        try:
            visit.run(slug=options.restaurant, guests=options.guests, writes=options.writes, shadow=options.shadow)
        except KeyboardInterrupt:
            report.fail("interrupted", "what was booked is cancelled now")
        finally:
            visit.leave()
    return report.end()


def _parse(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m tests.smoke",
        description="Check a running Maitre by its API: contract, one booking, many guests at once for one start. "
        "Every booking is cancelled at the end. Example: python -m tests.smoke https://stage.example --guests 50",
    )
    parser.add_argument("base", type=_address, help="where it answers: https://stage.example")
    parser.add_argument("--restaurant", metavar="SLUG", help="where to book; default: the first that has a free start")
    parser.add_argument("--guests", type=_guests, default=100, help=f"guests at once, 1 to {MOST_GUESTS}; default: 100")
    parser.add_argument(
        "--shadow", action="store_true", help="the restaurant only watches: limits that are passed are no failure"
    )
    parser.add_argument("--no-writes", dest="writes", action="store_false", help="read only: book nothing")
    return parser.parse_args(arguments)


def _address(text: str) -> str:
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    if url.scheme not in ("http", "https") or not url.host:
        raise argparse.ArgumentTypeError("give an address such as https://stage.example")
    return text.rstrip("/")


def _guests(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= MOST_GUESTS:
        raise argparse.ArgumentTypeError(f"a whole number from 1 to {MOST_GUESTS}")
    return int(text)


def _interrupt(*_: object) -> NoReturn:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
