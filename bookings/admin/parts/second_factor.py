"""The gate of the second factor: no page of the admin is shown to whoever must show a code and has not."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse

from bookings.selectors.second_factor import has_second_factor_role, lacks_second_factor

ADMIN = "/admin/"
# The way in and out.
OPEN_PAGES = ("admin:login", "admin:logout", "second_factor:verify", "second_factor:set_up")


class SecondFactorAsked:
    """Middleware that leads to the page that asks for the code; without the setting there is none of it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        if not settings.SECOND_FACTOR:
            raise MiddlewareNotUsed
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Answer the request, or lead elsewhere before anything is looked at."""
        if not request.path_info.startswith(ADMIN) or request.path in map(reverse, OPEN_PAGES):
            return self.get_response(request)
        if lacks_second_factor(request.user, request.session):
            return HttpResponseRedirect(verify_url(request.get_full_path() if request.method == "GET" else ""))
        return self.get_response(request)


def verify_url(after: str = "") -> str:
    """Return the page that asks for the code, and leads to another one then."""
    return _with_next("second_factor:verify", after)


def set_up_url(after: str = "") -> str:
    """Return the page on which a second factor is set up, and that leads to another one then."""
    return _with_next("second_factor:set_up", after)


def _with_next(name: str, after: str) -> str:
    return f"{reverse(name)}?{urlencode({REDIRECT_FIELD_NAME: after})}" if after else reverse(name)


def list_account_links(request: HttpRequest) -> list[dict[str, Any]]:
    """List what a user changes of the own account."""
    links: list[dict[str, Any]] = []
    if request.user.is_anonymous:
        return links
    if request.user.has_usable_password():
        links.append({"title": "Change password", "link": reverse("admin:password_change")})
    if settings.SECOND_FACTOR and has_second_factor_role(request.user):
        links.append({"title": "Second factor", "link": set_up_url()})
    return links
