"""The rollout in the admin: for owners alone, each change asked for with a reason, its history."""

import pytest
from django.test import Client

from bookings.models import RolloutChange, RolloutNote
from bookings.services import roll_back_enforcement, set_restaurant_mode
from capacity.models import EnforcementSwitch
from config.errors import BookingConflict
from tables.models import Restaurant
from tests.helpers.admin_screens import client_with, count_queries, form_of, messages_of, text_of
from tests.helpers.factories import RestaurantFactory, open_restaurant

pytestmark = pytest.mark.django_db(transaction=True)

PAGE = "/admin/rollout/"
ROLLBACK, RESUME = f"{PAGE}rollback/", f"{PAGE}resume/"
HISTORY, NOTES = "/admin/bookings/rolloutchange/", "/admin/bookings/rolloutnote/"
EVERY_PERMISSION = (
    *("bookings.view_rolloutchange", "bookings.change_rolloutchange", "bookings.view_rolloutnote"),
    *("capacity.change_enforcementswitch", "tables.change_restaurant"),
)


@pytest.fixture
def bistro():
    return RestaurantFactory(name="Bistro", enforcement="shadow", beta_partner=True)


def send(client, url, **values):
    """Fill in the form of a page as it is shown, and send it."""
    return client.post(url, form_of(client.get(url)) | values, follow=True)


def errors_of(page):
    return page.context["form"].errors


# Who may


@pytest.mark.parametrize("path", ["", "rollback/", "resume/", "percent/10/", "set/{pk}/", "note/{pk}/"])
def test_staff_with_every_permission_on_it_still_may_not(bistro, path):
    client, url = client_with(*EVERY_PERMISSION), PAGE + path.format(pk=bistro.pk)

    assert client.get(url).status_code == 403
    assert client.post(url, {"reason": "x", "mode": "enforce", "tickets": "1"}).status_code == 403
    assert not RolloutChange.objects.exists()
    assert not RolloutNote.objects.exists()


def test_staff_sees_neither_history_nor_notes_nor_the_way_to_them():
    client = client_with(*EVERY_PERMISSION)

    assert client.get(HISTORY).status_code == client.get(NOTES).status_code == 403
    assert "Rollout" not in text_of(client.get("/admin/tables/restaurant/"))


def test_who_is_not_signed_in_is_asked_to():
    assert Client().get(PAGE)["Location"] == f"/admin/login/?next={PAGE}"
    assert Client().post(ROLLBACK, {"reason": "x"}).status_code == 302
    assert not EnforcementSwitch.objects.exists()


def test_an_owner_finds_it_in_the_sidebar(admin_client):
    assert f'href="{PAGE}"' in admin_client.get("/admin/").content.decode()


# Where it stands


def test_the_page_shows_what_the_status_shows(admin_client, bistro):
    RestaurantFactory(name="Alpha")
    set_restaurant_mode(restaurant_id=bistro.pk, mode="enforce", reason="Partner agreed", label="ada")
    set_restaurant_mode(restaurant_id=bistro.pk, mode="shadow", reason="Complaints", label="grace")

    page = text_of(admin_client.get(PAGE))

    assert "1 of 2 restaurants enforce, 50 %" in page
    assert "Switch on, never turned" in page
    assert "Alpha Enforce environment, switch and restaurant all enforce Enforce never changed 0 0 0" in page
    assert "Bistro beta partner Shadow the restaurant is set to shadow Shadow" in page
    assert "by grace: Complaints" in page


def test_the_page_takes_as_many_queries_for_five_restaurants_as_for_one(admin_client, bistro):
    few = count_queries(admin_client, PAGE)
    for restaurant in RestaurantFactory.create_batch(4):
        set_restaurant_mode(restaurant_id=restaurant.pk, mode="shadow", reason="Trial")

    assert count_queries(admin_client, PAGE) == few


def test_without_an_active_restaurant_the_page_says_so(admin_client):
    assert "No restaurant is active." in text_of(admin_client.get(PAGE))


# All at once


def test_a_rollback_is_one_field_and_one_click_on_the_page(admin_client, admin_user):
    RestaurantFactory()
    assert form_of(admin_client.get(PAGE)) == {"reason": [""]}

    page = admin_client.post(ROLLBACK, {"reason": "Guests turned away"}, follow=True)

    switch = EnforcementSwitch.objects.get()
    assert page.redirect_chain == [(PAGE, 302)]
    assert (switch.enforced, switch.reason, switch.changed_by) == (False, "Guests turned away", admin_user)
    assert RolloutChange.objects.values_list("action", "actor", "actor_label", "reason").get() == (
        *("rollback", admin_user.pk, "admin"),
        "Guests turned away",
    )
    assert messages_of(page) == ["Enforcement is off. Limits refuse nobody from the next booking on."]
    assert f'action="{RESUME}"' in page.content.decode()
    assert f'action="{ROLLBACK}"' not in page.content.decode()


def test_a_second_click_is_said_and_changes_nothing(admin_client):
    admin_client.post(ROLLBACK, {"reason": "Guests turned away"}, follow=True)

    page = admin_client.post(ROLLBACK, {"reason": "Again"}, follow=True)

    assert messages_of(page) == ["Enforcement was off already: nothing changed."]
    assert RolloutChange.objects.count() == 1


@pytest.mark.parametrize("reason", ["", "   ", "x" * 201])
def test_without_a_reason_the_switch_stays_and_the_form_says_so(admin_client, reason):
    page = admin_client.post(ROLLBACK, {"reason": reason})

    assert page.status_code == 200
    assert list(errors_of(page)) == ["reason"]
    assert not EnforcementSwitch.objects.exists()


def test_it_is_resumed_with_a_reason(admin_client):
    roll_back_enforcement(reason="Guests turned away")

    page = send(admin_client, PAGE + "resume/", reason="Mended")

    assert EnforcementSwitch.objects.values_list("enforced", "reason").get() == (True, "Mended")
    assert messages_of(page)[0].startswith("Enforcement is on again")
    assert messages_of(send(admin_client, RESUME, reason="Mended")) == ["Enforcement was on already: nothing changed."]


@pytest.mark.parametrize("path", ["resume/", "set/{pk}/", "percent/100/"])
def test_while_the_environment_is_off_question_and_answer_say_that_nothing_acts(admin_client, bistro, settings, path):
    settings.ENABLE_CAPACITY_ENFORCEMENT = False
    roll_back_enforcement(reason="Guests turned away")
    url = PAGE + path.format(pk=bistro.pk)
    says = "Nothing of this acts yet, limits refuse nobody: ENABLE_CAPACITY_ENFORCEMENT is false in the environment"

    assert says in text_of(admin_client.get(url))
    assert messages_of(send(admin_client, url, reason="Mended"))[1].startswith(says)


def test_what_sets_to_shadow_or_resumes_needs_no_such_word(admin_client, bistro):
    Restaurant.objects.update(enforcement="enforce")
    roll_back_enforcement(reason="Guests turned away")

    for path in (f"set/{bistro.pk}/", "resume/", "rollback/"):
        assert "Nothing of this acts yet" not in text_of(admin_client.get(PAGE + path))
    assert "Nothing of this acts yet" not in text_of(admin_client.get(PAGE))


@pytest.mark.parametrize("reason", ["Mended\nEnforced: 2 of 2", "\x1b[31mred"])
def test_a_reason_that_would_forge_a_line_is_refused_at_its_field(admin_client, reason):
    assert list(errors_of(admin_client.post(ROLLBACK, {"reason": reason}))) == ["reason"]
    assert not EnforcementSwitch.objects.exists()


# One restaurant


def test_a_restaurant_is_set_to_the_other_mode(admin_client, bistro):
    url = f"{PAGE}set/{bistro.pk}/"
    assert "Set Bistro to enforce" in text_of(admin_client.get(url))

    page = send(admin_client, url, reason="Partner agreed")

    bistro.refresh_from_db()
    assert bistro.enforcement == "enforce"
    assert messages_of(page) == ["Bistro is set to enforce."]
    assert "Set Bistro to shadow" in text_of(admin_client.get(url))


def test_a_page_that_somebody_else_was_faster_than_turns_nothing_back(admin_client, bistro):
    url = f"{PAGE}set/{bistro.pk}/"
    sent = form_of(admin_client.get(url)) | {"reason": "Partner agreed"}
    set_restaurant_mode(restaurant_id=bistro.pk, mode="enforce", reason="Faster")

    page = admin_client.post(url, sent, follow=True)

    bistro.refresh_from_db()
    assert bistro.enforcement == "enforce"
    assert messages_of(page) == ["Bistro was set to enforce already: nothing changed."]


def test_a_mode_that_is_none_is_refused(admin_client, bistro):
    page = admin_client.post(f"{PAGE}set/{bistro.pk}/", {"mode": "off", "reason": "x"})

    assert list(errors_of(page)) == ["mode"]
    assert "off is not one of the available choices" in text_of(page)
    assert not RolloutChange.objects.exists()


@pytest.mark.parametrize("path", ["set/0/", "note/0/", "percent/25/", "percent/0/"])
def test_what_there_is_not_is_not_found(admin_client, path):
    assert admin_client.get(PAGE + path).status_code == 404
    assert admin_client.post(PAGE + path, {"reason": "x"}).status_code == 404


# A percentage


def test_a_percentage_shows_who_joins_and_leaves_before_it_acts(admin_client, bistro):
    RestaurantFactory.create_batch(3, enforcement="shadow")
    url = f"{PAGE}percent/10/"

    preview = text_of(admin_client.get(url))
    assert "10 % of 4 active restaurants are 1." in preview
    assert "Join, and enforce (1) Bistro (beta partner) Leave, to shadow (0) nobody" in preview
    assert not RolloutChange.objects.exists()

    page = send(admin_client, url, reason="Stage 1")
    assert messages_of(page) == ["10 %: 1 joined, 0 left."]
    assert RolloutChange.objects.values_list("restaurant", "action", "percent", "actor_label").get() == (
        *(bistro.pk, "percent", 10),
        "admin",
    )
    assert messages_of(send(admin_client, url, reason="Stage 1")) == [
        "10 % were set to enforce already: nothing changed."
    ]


def test_a_smaller_percentage_names_who_leaves(admin_client, bistro):
    Restaurant.objects.update(enforcement="enforce")
    RestaurantFactory(name="Alpha")

    assert "Join, and enforce (0) nobody Leave, to shadow (1) Alpha" in text_of(admin_client.get(f"{PAGE}percent/10/"))
    assert messages_of(send(admin_client, f"{PAGE}percent/10/", reason="Back")) == ["10 %: 0 joined, 1 left."]


def test_a_preview_that_is_no_longer_true_is_not_carried_out(admin_client, bistro):
    url = f"{PAGE}percent/100/"
    sent = form_of(admin_client.get(url)) | {"reason": "Stage 3"}
    RestaurantFactory(enforcement="shadow")

    page = admin_client.post(url, sent)

    assert "Somebody changed a mode after you looked at it, so nothing was done." in text_of(page)
    assert not RolloutChange.objects.exists()


def test_a_percentage_that_stops_halfway_says_what_it_changed_and_goes_on_when_sent_again(
    admin_client, bistro, monkeypatch
):
    alpha = RestaurantFactory(name="Alpha", enforcement="shadow")
    url = f"{PAGE}percent/100/"
    sent = form_of(admin_client.get(url)) | {"reason": "Stage 3"}
    calls = iter([None, BookingConflict()])

    def lock(restaurant_id, **_):
        if error := next(calls):
            raise error

    with monkeypatch.context() as patch:
        patch.setattr("bookings.services.rollout.lock_future_service_days", lock)
        page = admin_client.post(url, sent)

    shown = text_of(page)
    assert set(Restaurant.objects.filter(enforcement="enforce")) == {bistro}
    assert "Too many people are booking this service at once. Please try again. Changed until then: Bistro." in shown
    assert "Join, and enforce (1) Alpha" in shown

    again = admin_client.post(url, form_of(page), follow=True)

    alpha.refresh_from_db()
    assert alpha.enforcement == "enforce"
    assert messages_of(again) == ["100 %: 1 joined, 0 left."]


# Notes and history


def test_a_note_counts_tickets(admin_client, bistro):
    page = send(admin_client, f"{PAGE}note/{bistro.pk}/", tickets="3", text="No table at 19:00")

    assert messages_of(page) == ["Noted 3 support tickets of Bistro."]
    assert "Bistro 3 No table at 19:00 admin" in text_of(admin_client.get(NOTES))


@pytest.mark.parametrize(
    ("values", "field"), [({"tickets": "-1"}, "tickets"), ({"tickets": ""}, "tickets"), ({"tickets": "0"}, "text")]
)
def test_a_note_that_says_nothing_is_refused_at_its_field(admin_client, bistro, values, field):
    page = send(admin_client, f"{PAGE}note/{bistro.pk}/", **values)

    assert list(errors_of(page)) == [field]
    assert not RolloutNote.objects.exists()


def test_the_history_says_who_changed_what_and_why_and_nobody_edits_it(admin_client, bistro):
    set_restaurant_mode(restaurant_id=bistro.pk, mode="enforce", reason="Partner agreed", label="ada")
    roll_back_enforcement(reason="Guests turned away", label="grace")
    change = RolloutChange.objects.get(restaurant=bistro)

    page = text_of(admin_client.get(HISTORY))

    assert "Bistro Restaurant set shadow enforce - ada Partner agreed" in page
    assert "all restaurants Rollback of all on off - grace Guests turned away" in page
    assert admin_client.get(f"{HISTORY}{change.pk}/change/").status_code == 200
    assert admin_client.get(f"{HISTORY}add/").status_code == 403
    assert admin_client.post(f"{HISTORY}{change.pk}/delete/", {"post": "yes"}).status_code == 403
    assert admin_client.post(f"{HISTORY}{change.pk}/change/", {"reason": "Another"}).status_code == 403


@pytest.mark.parametrize("url", [HISTORY, NOTES])
def test_a_list_takes_as_many_queries_for_ten_rows_as_for_one(admin_client, bistro, url):
    def add_rows(count):
        for _ in range(count):
            values = {"restaurant": RestaurantFactory(), "actor_label": "ada"}
            RolloutNote.objects.create(tickets=1, **values)
            RolloutChange.objects.create(action="set", from_value="shadow", to_value="enforce", reason="x", **values)

    add_rows(1)
    few = count_queries(admin_client, url)
    add_rows(9)

    assert count_queries(admin_client, url) == few


# On the page of the restaurant


def test_the_page_of_a_restaurant_shows_its_mode_and_leads_owners_to_the_rollout(admin_client):
    house = open_restaurant(enforcement="shadow")
    url = f"/admin/tables/restaurant/{house.pk}/change/"

    owner = admin_client.get(url)
    assert "enforcement" not in form_of(owner)
    assert "Shadow . It is changed by the Rollout" in text_of(owner).replace("Shadow.", "Shadow .")

    staff = client_with("tables.view_restaurant", "tables.change_restaurant")
    assert "Shadow. Owners change it by the rollout." in text_of(staff.get(url))


def test_saving_a_restaurant_changes_no_mode_and_leaves_no_entry(admin_client):
    house = open_restaurant()
    url = f"/admin/tables/restaurant/{house.pk}/change/"

    admin_client.post(url, form_of(admin_client.get(url)) | {"enforcement": "shadow", "party_size_max": "6"})

    before = house.updated_at
    house.refresh_from_db()
    assert (house.enforcement, house.party_size_max) == ("enforce", 6)
    assert house.updated_at > before
    assert not RolloutChange.objects.exists()


def test_a_mode_that_is_changed_while_the_form_is_saved_stays_changed(admin_client, monkeypatch):
    house = open_restaurant()
    url = f"/admin/tables/restaurant/{house.pk}/change/"
    sent = form_of(admin_client.get(url)) | {"party_size_max": "6"}
    save = "bookings.admin.settings.restaurants.save_settings_row"
    from bookings.services import save_settings_row

    def change_mode_first(**values):
        set_restaurant_mode(restaurant_id=house.pk, mode="shadow", reason="On trial")
        return save_settings_row(**values)

    monkeypatch.setattr(save, change_mode_first)
    admin_client.post(url, sent)

    house.refresh_from_db()
    assert (house.enforcement, house.party_size_max) == ("shadow", 6)
    assert RolloutChange.objects.get().reason == "On trial"
