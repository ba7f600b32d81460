"""The site of the admin: its pages are listed by the sidebar, and all models only where somebody reads that list."""

from functools import partial
from typing import Any

from django.contrib.admin.apps import AdminConfig
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject
from unfold.sites import UnfoldAdminSite


class Console(UnfoldAdminSite):  # type: ignore[misc]
    """The site; a page that shows no list of models does not wait for it: 2 ms, of permissions and addresses."""

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> Any:
        """Return the list of models by app, made when it is looked at."""
        return SimpleLazyObject(partial(super().get_app_list, request, app_label))


class ConsoleConfig(AdminConfig):
    """Django's admin with that site."""

    default_site = "config.console.Console"
