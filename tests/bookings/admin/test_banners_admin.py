"""What stands above every page of the admin as long as it is so."""

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.test import Client

from bookings.admin.parts.banners import add_banners
from bookings.models import AuditRun
from bookings.selectors.modes import get_enforcement_standing
from bookings.services import resume_enforcement, roll_back_enforcement
from tests.helpers.admin_screens import member_of, text_of
from tests.helpers.factories import open_restaurant

pytestmark = pytest.mark.django_db(transaction=True)

PAGES = ("/admin/", "/admin/bookings/booking/", "/admin/tables/restaurant/{pk}/change/", "/admin/rollout/")


def audit(minutes_ago=3, **found):
    at = datetime.now(UTC) - timedelta(minutes=minutes_ago)
    return AuditRun.objects.create(started_at=at, finished_at=at, **({"has_overbooking": False} | found))


@pytest.fixture
def pages():
    house = open_restaurant()
    return [path.format(pk=house.pk) for path in PAGES]


def test_while_enforcement_is_off_every_page_says_since_when_by_whom_and_why(admin_client, pages):
    roll_back_enforcement(reason="Guests turned away", label="ada")
    since = f"{get_enforcement_standing().changed_at:%a %-d %b %Y, %H:%M} (UTC)"

    for page in pages:
        assert (
            f"Enforcement is off since {since} by ada: Guests turned away. Limits refuse nobody. Rollout"
        ) in text_of(admin_client.get(page))

    resume_enforcement(reason="Mended")
    assert "Enforcement is off" not in text_of(admin_client.get(pages[0]))


def test_what_the_environment_turns_off_is_said_too(admin_client, settings):
    settings.ENABLE_CAPACITY_ENFORCEMENT = False
    assert ("Enforcement is off in the environment, by ENABLE_CAPACITY_ENFORCEMENT. Limits refuse nobody.") in text_of(
        admin_client.get("/admin/")
    )

    roll_back_enforcement(reason="Guests turned away", label="ada")
    assert "by ada: Guests turned away. It is off in the environment too, by ENABLE_CAPACITY_ENFORCEMENT." in text_of(
        admin_client.get("/admin/")
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            {"has_overbooking": True, "overbookings": 2},
            "Overbooking. The audit of all restaurants 3 minutes ago found 2 overbookings. See which",
        ),
        ({"problems": 1}, "No overbooking, but the audit of all restaurants 3 minutes ago found 1 problem. See which"),
    ],
)
def test_what_the_auditor_found_stands_above_every_page_once_and_in_red(admin_client, pages, found, said):
    audit(**found)

    for page in pages:
        answer = admin_client.get(page)
        assert text_of(answer).replace("\xa0", " ").count(said) == 1
        assert "bg-red-100" in answer.content.decode()


def test_an_audit_that_found_nothing_ends_the_banner(admin_client, pages):
    audit(minutes_ago=9, has_overbooking=True, overbookings=2)
    audit(minutes_ago=1)

    assert "overbooking" not in text_of(admin_client.get(pages[1]))


def test_staff_without_any_permission_reads_the_banners_but_finds_no_way_from_them():
    house = open_restaurant()
    roll_back_enforcement(reason="Guests turned away", label="ada")
    found = {"kind": "SERVICE_COVERS", "restaurant": house.slug, "message": "82 of 80"}
    elsewhere = {**found, "restaurant": open_restaurant().slug}
    audit(has_overbooking=True, overbookings=2, report={"overbookings": [found, elsewhere]})

    page = member_of(house).get("/admin/")

    assert "Limits refuse nobody." in text_of(page)
    assert "found 1 overbooking." in text_of(page)
    assert "/admin/rollout/" not in page.content.decode()
    assert "/admin/bookings/auditrun/" not in page.content.decode()


def test_nobody_reads_them_without_signing_in_nor_in_a_popup(admin_client):
    roll_back_enforcement(reason="Guests turned away", label="ada")

    assert "Enforcement is off" not in text_of(Client().get("/admin/login/"))
    assert "Enforcement is off" not in text_of(admin_client.get("/admin/tables/section/add/?_popup=1"))


def test_the_banners_take_three_queries(rf, admin_user, django_assert_num_queries):
    request = rf.get("/admin/")
    request.user, request.session = admin_user, SessionStore()

    with django_assert_num_queries(3):
        add_banners(request)
