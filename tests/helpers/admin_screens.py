"""Read a screen of the admin as a browser does: its forms with what is filled in, its text."""

import re
from html.parser import HTMLParser
from typing import Any

from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bookings.choices import Role
from tables.models import Restaurant
from tests.helpers.factories import MembershipFactory, UserFactory


class _FormReader(HTMLParser):
    """Collect what a browser would send of each form."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[dict[str, Any]] = []
        self._is_open = False
        self._select: str | None = None
        self._textarea: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag == "form":
            self.forms.append({"method": (known.get("method") or "get").lower(), "id": known.get("id"), "data": {}})
            self._is_open = True
        elif self._is_open and known.get("name"):
            self._read_field(tag, str(known["name"]), known)
        elif tag == "option" and self._select and "selected" in known:
            self._add(self._select, known.get("value") or "")

    def _read_field(self, tag: str, name: str, known: dict[str, str | None]) -> None:
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._textarea = name
        elif tag == "input" and known.get("type") != "submit":
            is_box = known.get("type") in ("checkbox", "radio")
            if not is_box or "checked" in known:
                self._add(name, known.get("value") or ("on" if is_box else ""))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._is_open = False
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._textarea = None

    def handle_data(self, data: str) -> None:
        if self._textarea:
            self._add(self._textarea, data.strip())

    def _add(self, name: str, value: str) -> None:
        data = self.forms[-1]["data"]
        data[name] = [*data.get(name, []), value]


def form_of(response: HttpResponse) -> dict[str, Any]:
    """Return what the row's own form on a page would send, unchanged."""
    reader = _FormReader()
    reader.feed(response.content.decode())
    posts = [form for form in reader.forms if form["method"] == "post" and form["id"] != "logout-form"]
    own = [form for form in posts if (form["id"] or "").endswith("_form")] or posts
    return {name: values for name, values in own[0]["data"].items() if name != "csrfmiddlewaretoken"}


def text_of(response: HttpResponse) -> str:
    """Return the text of a page without markup, its white space made single."""
    body = re.sub(r"(?s)<(script|style|head).*?</\1>", " ", response.content.decode())
    body = re.sub(r"</?(bdi|strong)\b[^>]*>", "", body)
    return " ".join(re.sub(r"<[^>]+>", " ", body).split())


def messages_of(response: Any) -> list[str]:
    """Return the messages that a page shows."""
    return [str(message) for message in response.context["messages"]]


def count_queries(client: Client, url: str) -> int:
    """Return how many queries a page takes once caches of the process are warm."""
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


def client_with(*permissions: str) -> Client:
    """Return a client signed in as staff of all present restaurants, with these permissions alone."""
    client = member_of(*Restaurant.objects.all())
    user = user_of(client)
    for permission in permissions:
        app, codename = permission.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    return client


def member_of(*restaurants: Restaurant, role: Role = Role.CUSTOM) -> Client:
    """Return a client signed in as staff with a role in some restaurants, and none in others."""
    user = UserFactory(is_staff=True)
    for restaurant in restaurants:
        MembershipFactory(user=user, restaurant=restaurant, role=role)
    client = Client()
    client.force_login(user)
    return client


def user_of(client: Client) -> User:
    """Return the user who is signed in."""
    return User.objects.get(pk=client.session[SESSION_KEY])


def confirmed(client: Client, page: Any) -> Any:
    """Save as shown, where a page shows first what follows from a change; return any other page as it is."""
    if page.status_code != 200 or 'id="preview_form"' not in page.content.decode():
        return page
    return client.post(page.request["PATH_INFO"], form_of(page), follow=True)
