"""The browser of the machine, for tests and pictures."""

import shutil
from pathlib import Path

from playwright.sync_api import Playwright

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
# Chromium's sandbox wants a kernel that a container seldom has; the pages are the project's own.
OPTIONS = ["--no-sandbox"]


def find_chromium(playwright: Playwright) -> str | None:
    """Find the browser of the machine, else the one that Playwright has installed."""
    own = Path(playwright.chromium.executable_path)
    return next(filter(None, map(shutil.which, PROGRAMS)), None) or (str(own) if own.exists() else None)
