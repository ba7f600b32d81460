"""The pictures of docs/console.md, taken of a demo that runs: `make pictures PASSWORD=...`, as `make demo` said it."""

import argparse
import os
import re
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.helpers.browsers import OPTIONS, find_chromium

PICTURES = Path(__file__).parents[2] / "docs" / "console"
HOUSE = "demo-bistro"
# The evening that the pictures are about: full enough, and nobody is late for it.
TOMORROW = (datetime.now(UTC) + timedelta(days=1)).date().isoformat()


def _look_at_dinner(page: Page) -> None:
    page.get_by_role("link", name=re.compile("^Dinner")).first.click()
    page.mouse.move(0, 0)


def _open_a_booking(page: Page) -> None:
    _look_at_dinner(page)
    page.get_by_role("button", name=re.compile("Confirmed")).last.click()
    page.get_by_role("button", name="See what happens").wait_for()


def _ask_for_too_many(page: Page) -> None:
    """Ask for a party that the evening cannot take, so that the page says why and offers what would take it."""
    for name, value in {"name": "Grace Hopper", "party_size": "14", "wall_time": "19:30"}.items():
        page.fill(f"[name={name}]", value)
    page.fill("[name=business_date]", TOMORROW)
    page.get_by_role("button", name="Book the table").click()
    page.wait_for_load_state("networkidle")


def _lower_a_limit(page: Page) -> None:
    page.locator("#result_list a, table a").filter(has_text=re.compile("Dinner|Bistro")).first.click()
    page.fill("[name=max_covers]", "10")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_load_state("networkidle")


def _import_tables(page: Page) -> None:
    """Look at what a file would do that retires a table and brings a new one."""
    lines = "number,capacity,status\r\nT1,2,retired\r\nT99,6,active\r\n"
    page.get_by_label("CSV file").set_input_files(
        {"name": "tables.csv", "mimeType": "text/csv", "buffer": lines.encode()}
    )
    page.get_by_role("button", name="Look at what it would do").click()
    page.wait_for_load_state("networkidle")


SHOTS: dict[str, tuple[str, Callable[[Page], None] | None]] = {
    "today": (f"/admin/?restaurant={HOUSE}", None),
    "timeline": (f"/admin/timeline/{HOUSE}/{TOMORROW}/", _look_at_dinner),
    "booking": (f"/admin/timeline/{HOUSE}/{TOMORROW}/", _open_a_booking),
    "heatmap": (f"/admin/capacity/bookingslot/heatmap/?restaurant={HOUSE}&date={TOMORROW}&view=week", None),
    "floor-plan": (f"/admin/floor-plan/?restaurant={HOUSE}&date={TOMORROW}", None),
    "telephone": (f"/admin/bookings/booking/telephone/?restaurant={HOUSE}", _ask_for_too_many),
    "limits": (f"/admin/capacity/capacityrule/limits/?restaurant={HOUSE}", None),
    "import": (f"/admin/tables/table/import/?restaurant={HOUSE}", _import_tables),
    "preview": (f"/admin/capacity/capacityrule/?restaurant={HOUSE}", _lower_a_limit),
    "reports": ("/admin/reports/?restaurant=demo-bar", None),
    "shift-sheet": (f"/admin/bookings/booking/shift-sheet/?restaurant={HOUSE}&date={TOMORROW}", None),
}


def main() -> None:
    """Sign in, and take each picture as a manager sees it on a laptop."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("base", nargs="?", default=f"http://127.0.0.1:{os.environ.get('PORT', '8000')}")
    parser.add_argument("--user", default="ops")
    parser.add_argument("--password", required=True)
    parser.add_argument("--only", choices=SHOTS)
    asked = parser.parse_args()
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(playwright), args=OPTIONS)
        page = browser.new_page(
            base_url=asked.base, viewport={"width": 1280, "height": 800}, color_scheme="light", reduced_motion="reduce"
        )
        _sign_in(page, asked.user, asked.password)
        for name, (path, act) in SHOTS.items():
            if asked.only in (None, name):
                _take(page, name, path, act)
        browser.close()


def _sign_in(page: Page, user: str, password: str) -> None:
    page.goto("/admin/login/")
    page.fill("[name=username]", user)
    page.fill("[name=password]", password)
    page.locator("button[type=submit]").click()
    page.wait_for_url("**/admin/**")


def _take(page: Page, name: str, path: str, act: Callable[[Page], None] | None) -> None:
    page.goto(path)
    page.wait_for_load_state("networkidle")
    if act is not None:
        act(page)
    target = PICTURES / f"{name}.png"
    page.screenshot(path=target)
    sys.stdout.write(f"{target.name}: {target.stat().st_size // 1024} kB\n")


if __name__ == "__main__":
    main()
