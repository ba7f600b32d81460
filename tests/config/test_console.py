"""The site of the admin: its screens are loaded with the addresses, all models are listed where a page shows them."""

import os
import subprocess
import sys
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin import ModelAdmin
from django.test import Client
from django.urls import reverse

from bookings.choices import Role
from config.console import check_screens
from config.env import BASE_DIR
from tables.models import Table
from tests.helpers.admin_screens import member_of
from tests.helpers.factories import RestaurantFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Return the models that a list of all asks about what a user may do with them."""
    asked: list[Any] = []
    ask = ModelAdmin.get_model_perms

    def note(self: Any, request: Any) -> Any:
        asked.append(self.model)
        return ask(self, request)

    monkeypatch.setattr(ModelAdmin, "get_model_perms", note)
    return asked


def test_a_page_that_shows_no_list_of_models_makes_none(admin_client: Client, asked: list[Any]) -> None:
    assert admin_client.get(reverse("admin:tables_section_changelist")).status_code == 200

    assert asked == []


def test_the_page_of_an_app_lists_its_models(admin_client: Client, asked: list[Any]) -> None:
    page = admin_client.get(reverse("admin:app_list", args=["tables"]))

    assert reverse("admin:tables_section_changelist") in page.content.decode()
    assert asked


def test_an_app_of_which_a_user_may_see_nothing_has_no_page() -> None:
    host = member_of(RestaurantFactory(), role=Role.HOST)

    assert host.get(reverse("admin:app_list", args=["auth"])).status_code == 404
    assert host.get(reverse("admin:app_list", args=["bookings"])).status_code == 200


@pytest.mark.parametrize(
    ("command", "is_loaded"), [("from django.urls import get_resolver; get_resolver().url_patterns", True), ("", False)]
)
def test_screens_are_loaded_with_the_addresses_and_by_no_other_process(command: str, is_loaded: bool) -> None:
    program = f"import sys, django; django.setup(); {command}\nprint('bookings.admin' in sys.modules)"

    said = subprocess.run(
        [sys.executable, "-c", program],
        cwd=BASE_DIR,
        env=os.environ
        | {"DJANGO_SETTINGS_MODULE": "config.settings", "DATABASE_URL": "postgresql://nobody@localhost/no"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout

    assert said == f"{is_loaded}\n"


def test_a_mistake_in_a_screen_is_found_by_the_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    assert check_screens(None) == []

    monkeypatch.setattr(admin.site.get_model_admin(Table), "list_display", ("no_such_column",))

    assert [found.id for found in check_screens(None)] == ["admin.E108"]
