"""What tests in a browser use: the Chromium of the machine, the project's own web server, a signed-in page."""

from collections.abc import Callable, Iterator

import pytest
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Playwright, sync_playwright

from tests.helpers.browsers import OPTIONS, find_chromium
from tests.helpers.factories import UserFactory
from tests.helpers.web_servers import running_granian

NO_BROWSER = (
    "No Chromium on this machine. Install one: `apt-get install chromium`, or `.venv/bin/playwright install chromium`."
)

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as running, pytest.MonkeyPatch.context() as patch:
        # Playwright's loop runs in the thread of the tests, which wait for it: nothing asks the database meanwhile.
        patch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        yield running


@pytest.fixture(scope="session")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    """Return the browser, started."""
    found = find_chromium(playwright)
    if found is None:
        pytest.fail(NO_BROWSER)
    browser = playwright.chromium.launch(executable_path=found, args=OPTIONS)
    yield browser
    browser.close()


@pytest.fixture(scope="session")
def server(django_db_setup: None) -> Iterator[str]:
    """Return the address of the web server on the test database."""
    with running_granian() as base_url:
        yield base_url


@pytest.fixture
def open_page(chromium: Browser, server: str, transactional_db: None) -> Iterator[OpenPage]:
    """Return a function that opens a page as a signed-in user, in a browser of its own; no page may complain."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    def open_page(
        path: str, *, user: User | None = None, width: int = 1280, dark: bool = False, may_complain: bool = False
    ) -> Page:
        context = chromium.new_context(
            base_url=server,
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            reduced_motion="reduce",
        )
        contexts.append(context)
        context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": _session_of(user), "url": server}])
        page = context.new_page()
        if not may_complain:
            page.on("console", note)
            page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


def _session_of(user: User | None) -> str:
    client = Client()
    client.force_login(user or UserFactory(is_staff=True, is_superuser=True))
    return client.cookies[settings.SESSION_COOKIE_NAME].value
