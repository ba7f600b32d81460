"""The switch of enforcement in the admin: for superusers, with a reason."""

import pytest

from capacity.models import EnforcementSwitch
from tests.factories import UserFactory
from tests.screens import client_with, form_of, text_of

pytestmark = pytest.mark.django_db(transaction=True)

SWITCH = "/admin/capacity/enforcementswitch/1/change/"


def test_a_switch_that_nobody_touched_shows_on_and_is_not_written(admin_client):
    page = admin_client.get("/admin/capacity/enforcementswitch/", follow=True)

    assert page.redirect_chain == [(SWITCH, 302)]
    assert form_of(page)["enforced"] == ["on"]
    assert "never turned" in text_of(page)
    assert not EnforcementSwitch.objects.exists()


def test_turning_it_off_takes_a_reason_and_names_who_did(admin_client, admin_user):
    page = admin_client.post(SWITCH, {"reason": "Counting by hand tonight"}, follow=True)

    switch = EnforcementSwitch.objects.get()
    assert page.status_code == 200
    assert (switch.enforced, switch.reason, switch.changed_by) == (False, "Counting by hand tonight", admin_user)
    assert "off by admin" in text_of(page)
    assert form_of(page)["reason"] == [""]


def test_without_a_reason_it_stays(admin_client):
    page = admin_client.post(SWITCH, {"reason": ""})

    assert page.status_code == 200
    assert page.context["adminform"].form.errors == {"reason": ["This field is required."]}
    assert not EnforcementSwitch.objects.exists()


def test_a_second_turn_overwrites_the_first(admin_client):
    admin_client.post(SWITCH, {"reason": "Off"})

    admin_client.post(SWITCH, {"reason": "On again", "enforced": "on"})

    assert EnforcementSwitch.objects.values_list("enforced", "reason").get() == (True, "On again")


def test_staff_with_every_permission_on_it_still_may_not(client):
    allowed = client_with("capacity.change_enforcementswitch", "capacity.view_enforcementswitch")

    assert allowed.get(SWITCH).status_code == 403
    assert allowed.post(SWITCH, {"reason": "x"}).status_code == 403
    assert "Enforcement" not in text_of(allowed.get("/admin/"))
    assert not EnforcementSwitch.objects.exists()


def test_there_is_only_one(admin_client):
    assert admin_client.get("/admin/capacity/enforcementswitch/add/").status_code == 403
    assert admin_client.get("/admin/capacity/enforcementswitch/2/change/", follow=True).redirect_chain == [
        ("/admin/", 302)
    ]
    assert admin_client.post("/admin/capacity/enforcementswitch/1/delete/", {"post": "yes"}).status_code == 403


def test_a_superuser_sees_it_in_the_sidebar(client):
    client.force_login(UserFactory(is_staff=True, is_superuser=True))

    assert "Enforcement" in text_of(client.get("/admin/"))
