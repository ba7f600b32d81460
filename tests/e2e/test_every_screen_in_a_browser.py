"""Every screen of the admin as a browser has it: usable by everybody, on a phone and a wide screen, light and dark.

The screens are those of the URL resolver: one that is new is looked at too.
"""

from base64 import b32decode
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import product
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.contrib.auth.models import User
from django.test import Client
from django_otp.oath import totp
from playwright.sync_api import APIResponse, Browser, Page

from bookings.services.upkeep.second_factors import set_up_second_factor
from tests.helpers.addresses_of_rows import ADMIN_ADDRESSES, filled
from tests.helpers.factories import UserFactory
from tests.helpers.two_houses import furnished

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]

HOUSE = "Bistro"
WIDTHS = (1280, 375)
THEMES = ("light", "dark")
# Of all rules of axe this one alone depends on the theme.
CONTRAST = {"runOnly": ["color-contrast"]}
LOGIN, VERIFY, SET_UP = "/admin/login/", "/admin/second-factor/verify/", "/admin/second-factor/"
KEY = "3132333435363738393031323334353637383930"


def owner() -> User:
    user: User = UserFactory(is_staff=True, is_superuser=True, username="owner")
    return user


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def is_screen(answer: APIResponse) -> bool:
    """Tell a whole page from parts of one, files, redirects and refusals."""
    is_page = answer.status == 200 and answer.headers["content-type"].startswith("text/html")
    return is_page and b"<html" in answer.body()


class Looking:
    """A page of the browser that goes from screen to screen, and the complaints about each."""

    def __init__(self, page: Page, server: str) -> None:
        self.page, self.server = page, server
        self.complaints: list[str] = []
        page.on("console", lambda message: self._complain(message.type in ("error", "warning"), message.text))
        page.on("pageerror", lambda error: self._complain(True, str(error)))
        page.on("request", lambda request: self._complain(self._is_elsewhere(request.url), f"asks {request.url}"))

    def look_at(self, url: str) -> None:
        """Open an address, and look at it in every width and theme."""
        self._show(WIDTHS[0], THEMES[0])
        self.page.goto(url)
        self.look()

    def look(self) -> None:
        """Look at the present page in every width and theme."""
        for width, theme in product(WIDTHS, THEMES):
            self._show(width, theme)
            found = Axe().run(self.page, options=CONTRAST if theme == "dark" else None).response["violations"]
            for rule in found:
                for node in rule["nodes"]:
                    self._complain(True, f"{width} {theme} {rule['id']}: {node['target']} {node['failureSummary']}")
            overflows = self.page.evaluate("document.documentElement.scrollWidth > innerWidth")
            self._complain(overflows, f"{width} {theme} is wider than the window")

    def _show(self, width: int, theme: Any) -> None:
        self.page.set_viewport_size({"width": width, "height": 900})
        self.page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        # The theme reads the scheme of the machine when a page opens, and then only what its switch says.
        self.page.evaluate("name => { document.documentElement.className = name }", theme)

    def _complain(self, is_wrong: bool, said: str) -> None:
        if is_wrong:
            self.complaints.append(f"{self.page.url.removeprefix(self.server)}: {said}")

    def _is_elsewhere(self, url: str) -> bool:
        return not url.startswith((self.server, "data:", "blob:"))


@pytest.fixture
def looking(chromium: Browser, server: str) -> Iterator[Callable[..., Any]]:
    @contextmanager
    def look(client: Client | None = None) -> Iterator[Looking]:
        context = chromium.new_context(base_url=server)
        if client is not None:
            name = settings.SESSION_COOKIE_NAME
            context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": server}])
        try:
            yield Looking(context.new_page(), server)
        finally:
            context.close()

    return look


def test_every_screen_is_accessible_and_complains_of_nothing(looking: Any) -> None:
    rows, client = furnished(HOUSE), signed_in(owner())
    urls = [filled(path, rows) for path in ADMIN_ADDRESSES if "logout" not in path]

    with looking(client) as screen:
        screens = [url for url in urls if is_screen(screen.page.request.get(url, max_redirects=0))]
        for url in screens:
            screen.look_at(url)

    assert len(screens) > 90
    assert screen.complaints == []


def test_the_screens_of_signing_in_are_too(looking: Any) -> None:
    user = owner()
    client = signed_in(user)

    with looking() as screen:
        screen.look_at(LOGIN)
        screen.page.fill("[name=username]", "owner")
        screen.page.fill("[name=password]", "wrong")
        screen.page.keyboard.press("Enter")
        screen.page.get_by_text("Please enter the correct").wait_for()
        screen.look()
    assert screen.complaints == []
    with looking(client) as screen:
        screen.look_at(SET_UP)
        key = screen.page.locator("code").inner_text().replace(" ", "")
        screen.page.fill("[name=code]", code_of(key))
        screen.page.keyboard.press("Enter")
        screen.page.get_by_text("shown this once").wait_for()
        screen.look()
    assert screen.complaints == []


def code_of(spelt: str) -> str:
    return f"{totp(b32decode(spelt)):06d}"


def test_the_page_that_asks_for_the_code_is_too(looking: Any) -> None:
    user = owner()
    set_up_second_factor(user=user, key=KEY, code=f"{totp(bytes.fromhex(KEY)):06d}", may_replace=False)

    with looking(signed_in(user)) as screen:
        screen.look_at(VERIFY)
        screen.page.fill("[name=code]", "000000")
        screen.page.keyboard.press("Enter")
        screen.page.get_by_text("This code is wrong").wait_for()
        screen.look()

    assert screen.complaints == []
