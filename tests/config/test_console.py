"""The site of the admin: a list of all models for the pages that show one, and for no other."""

from typing import Any

import pytest
from django.contrib.admin import ModelAdmin
from django.test import Client
from django.urls import reverse

from bookings.choices import Role
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
