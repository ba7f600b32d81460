"""The admin of this product: its site, and its screens, which are loaded with the addresses and by nobody else."""

from collections.abc import Callable, Sequence
from functools import partial, wraps
from typing import Any

from django.apps import AppConfig
from django.contrib.admin.apps import SimpleAdminConfig
from django.contrib.admin.checks import check_admin_app, check_dependencies
from django.core.checks import CheckMessage, Tags, register
from django.http import HttpRequest, HttpResponse
from django.urls import get_resolver
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite

View = Callable[..., HttpResponse]


class Console(UnfoldAdminSite):  # type: ignore[misc]
    """The site; a page that shows no list of models does not wait for it: 2 ms, of permissions and addresses.

    `lead_elsewhere` is asked before each page, for whoever may see it, and may answer in its place.
    """

    lead_elsewhere: Callable[[HttpRequest], HttpResponse | None]

    def admin_view(self, view: View, cacheable: bool = False) -> View:
        """Return the view of a page as this site shows it."""

        @wraps(view)
        def page(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            return self.lead_elsewhere(request) or view(request, *args, **kwargs)

        shown: View = super().admin_view(page, cacheable)
        return shown

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Return the list of models by app, made when it is looked at."""
        return SimpleLazyObject(partial(super().get_app_list, request, app_label))


class ConsoleConfig(SimpleAdminConfig):
    """Django's admin with that site. A command or a job's worker starts in half the time without the screens."""

    default_site = "config.console.Console"

    def ready(self) -> None:
        """Register the checks that Django has for the admin."""
        register(check_dependencies, Tags.admin)
        register(check_screens, Tags.admin)


def check_screens(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[CheckMessage]:
    """Check every screen as Django does, once all are loaded."""
    _ = get_resolver().url_patterns
    found: list[CheckMessage] = check_admin_app(app_configs, **options)
    return found
