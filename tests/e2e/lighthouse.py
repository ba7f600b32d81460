"""Let Lighthouse look at the first page and the timeline: `make check-lighthouse`.

A lively evening on a database of its own, the project's web server with its static files collected as in the image, the
Chromium of the machine, a desktop's screen and network. Of three runs of a page the one in the middle counts. Exit code
1 if a bar is missed.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import django

from tests.load.bench_servers import ENVIRONMENT, database_server

PROGRAM = Path(__file__).parents[2] / ".lighthouse" / "node_modules" / ".bin" / "lighthouse"
BARS = {"accessibility": 100, "best-practices": 90, "performance": 90}
RUNS = 3
BROKEN_RECORDING = "NO_NAVSTART"


def main() -> None:
    """Furnish, look and print; see above."""
    os.environ |= {**ENVIRONMENT, "LOG_LEVEL": "CRITICAL", "DJANGO_SETTINGS_MODULE": "tests.settings"}
    with database_server():
        django.setup()
        from django.core.management import call_command

        from tests.helpers.web_servers import collect_static_files

        call_command("migrate", verbosity=0)
        with TemporaryDirectory() as collected:
            collect_static_files(collected)
            met = [_look_at(*page, collected) for page in _pages()]
    sys.exit(0 if all(met) else 1)


def _pages() -> list[tuple[str, str, dict[str, str]]]:
    """Furnish the evening; return the pages by name and path, with the cookie of an owner."""
    from django.conf import settings
    from django.test import Client

    from tests.helpers.factories import UserFactory
    from tests.helpers.timeline_evening import lively_evening

    house, client = lively_evening(), Client()
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    name = settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": client.cookies[name].value}
    on = house.bookings.latest("starts_at").business_date
    paths = {"Today": f"/admin/?restaurant={house.slug}", "Timeline": f"/admin/timeline/{house.slug}/{on}/"}
    return [(name, path, cookie) for name, path in paths.items()]


def _look_at(name: str, path: str, cookie: dict[str, str], static_root: str) -> bool:
    """Print what Lighthouse says of a page; return whether it meets the bars."""
    from tests.helpers.web_servers import running_granian

    with running_granian(STATIC_ROOT=static_root) as server, _signed_in({**cookie, "url": server}) as port:
        reports = sorted((_run(server + path, port) for _ in range(RUNS)), key=lambda report: _scores(report)[-1])
    report = reports[RUNS // 2]
    sys.stdout.write(
        f"{name}: {', '.join(f'{bar} {score}' for bar, score in zip(BARS, _scores(report), strict=True))}\n"
    )
    for audit in report["audits"].values():
        if audit.get("score") is not None and audit["score"] < 0.9:
            sys.stdout.write(f"  {audit['id']}: {audit['title']} {audit.get('displayValue', '')}\n")
    return all(score >= bar for score, bar in zip(_scores(report), BARS.values(), strict=True))


@contextmanager
def _signed_in(cookie: Any) -> Iterator[int]:
    """Run a browser that has a cookie; yield the port by which Lighthouse drives it.

    A header in place of the cookie goes with the page alone: what the page asks for later would be signed out.
    """
    from playwright.sync_api import sync_playwright

    from tests.helpers.browsers import OPTIONS, find_chromium
    from tests.helpers.web_servers import free_port

    port = free_port()
    options = [f"--remote-debugging-port={port}", *OPTIONS]
    with sync_playwright() as playwright, TemporaryDirectory() as profile:
        chromium = find_chromium(playwright)
        if chromium is None:
            sys.exit("No Chromium on this machine: apt-get install chromium")
        launch = playwright.chromium.launch_persistent_context
        with launch(profile, executable_path=chromium, headless=True, args=options) as browser:
            browser.add_cookies([cookie])
            yield port


def _run(url: str, port: int) -> dict[str, Any]:
    command = [str(PROGRAM), url, "--quiet", "--output=json", "--preset=desktop", f"--only-categories={','.join(BARS)}"]
    command += [f"--port={port}", "--disable-storage-reset"]
    for _ in range(RUNS):
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        # A recording that lost its beginning says nothing of the page: Lighthouse asks to be run again.
        if BROKEN_RECORDING not in done.stderr:
            break
    if done.returncode:
        sys.exit(done.stderr)
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def _scores(report: dict[str, Any]) -> list[int]:
    """Return the scores; a category without one, since a check in it failed to run, has none to meet its bar."""
    return [round(100 * (report["categories"][name]["score"] or 0)) for name in BARS]


if __name__ == "__main__":
    main()
