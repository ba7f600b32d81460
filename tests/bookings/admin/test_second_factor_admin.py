"""The second factor: set up, asked for at every door, shown once, and reset."""

import re
from base64 import b32decode
from datetime import timedelta
from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils.timezone import now
from django_otp.oath import totp
from django_otp.plugins.otp_static.models import StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice
from pytest_django.fixtures import Settings

from bookings.choices import Role
from bookings.services.upkeep.api_keys import create_api_key
from bookings.services.upkeep.second_factors import set_up_second_factor
from tests.helpers.addresses_of_rows import ADMIN_ADDRESSES, OPS_ADDRESSES, OPS_QUERY, filled, told
from tests.helpers.admin_screens import count_queries, member_of, messages_of, text_of, user_of
from tests.helpers.factories import MembershipFactory, UserFactory
from tests.helpers.two_houses import furnished

pytestmark = pytest.mark.django_db(transaction=True)

INDEX, VERIFY, SET_UP, LOGIN = "/admin/", "/admin/second-factor/verify/", "/admin/second-factor/", "/admin/login/"
KEY = "3132333435363738393031323334353637383930"
OWN = "Jjkown"
PASSWORD, ATTACKER = "a-long-secret", "203.0.113.1"
STEP = 30


@pytest.fixture(autouse=True)
def second_factor(settings: Settings) -> None:
    settings.SECOND_FACTOR = True


@pytest.fixture
def owner() -> User:
    owner: User = UserFactory(username="owner", is_staff=True, is_superuser=True)
    owner.set_password(PASSWORD)
    owner.save()
    return owner


def code_now(*, steps: int = 0, key: str = KEY) -> str:
    """Return what the phone shows, or would show some steps of its clock from now."""
    return f"{totp(bytes.fromhex(key), drift=steps):06d}"


def with_phone(user: User) -> list[str]:
    """Set up a second factor some time ago, and return its recovery codes."""
    codes = set_up_second_factor(user=user, key=KEY, code=code_now(), may_replace=False)
    TOTPDevice.objects.filter(user=user).update(last_t=-1)
    return codes


def half_in(user: User, **options: Any) -> Client:
    """Return a client that has shown the password alone."""
    client = Client(**options)
    client.force_login(user)
    return client


def fully_in(user: User) -> Client:
    client = half_in(user)
    assert client.post(VERIFY, {"code": code_now()}).status_code == 302
    return client


def forget_throttle(user: User) -> None:
    TOTPDevice.objects.filter(user=user).update(throttling_failure_timestamp=now() - timedelta(days=1))


def key_on(page: Any) -> str:
    """Return the key that a page shows in letters."""
    (spelt,) = re.findall(r'<code class="select-all">([A-Z2-7 ]+)</code>', page.content.decode())
    return b32decode(spelt.replace(" ", "")).hex()


# Set up


def test_an_owner_is_led_to_set_one_up_and_then_to_the_page_asked_for(owner: User) -> None:
    client = half_in(owner)
    asked = "/admin/tables/table/?q=T1"

    page = client.get(asked, follow=True)
    assert page.request["PATH_INFO"] == SET_UP
    key = key_on(page)
    assert "<svg" in page.content.decode()
    codes = client.post(SET_UP, {"code": code_now(key=key), "next": asked})

    shown = re.findall(r'<code class="select-all">(\w+)</code>', codes.content.decode())
    assert sorted(shown) == sorted(StaticToken.objects.values_list("token", flat=True))
    assert len(set(shown)) == 10
    assert 'href="/admin/tables/table/?q=T1"' in codes.content.decode()
    assert client.get(asked).status_code == 200
    assert LogEntry.objects.get().change_message == "Second factor set up."
    assert LogEntry.objects.get().user == owner
    assert shown[0] not in client.get(SET_UP).content.decode()


def test_a_wrong_first_code_sets_nothing_up_and_keeps_the_key(owner: User) -> None:
    client = half_in(owner)
    key = key_on(client.get(SET_UP))

    page = client.post(SET_UP, {"code": code_now(key=key, steps=9)})

    assert "This code is wrong" in text_of(page)
    assert key_on(page) == key
    assert not TOTPDevice.objects.exists()


def test_another_session_with_the_password_is_shown_another_key(owner: User) -> None:
    assert key_on(half_in(owner).get(SET_UP)) != key_on(half_in(owner).get(SET_UP))


def test_who_has_one_cannot_replace_it_by_the_password_alone(owner: User) -> None:
    late = half_in(owner)
    key = key_on(late.get(SET_UP))
    with_phone(owner)

    answers = [late.get(SET_UP), late.post(SET_UP, {"code": code_now(key=key)})]

    assert [answer.headers["Location"] for answer in answers] == [f"{VERIFY}?next=%2Fadmin%2Fsecond-factor%2F"] * 2
    assert TOTPDevice.objects.get().key == KEY


def test_who_has_shown_it_replaces_it_with_its_codes(owner: User) -> None:
    old = with_phone(owner)
    client = fully_in(owner)
    key = key_on(client.get(SET_UP))

    client.post(SET_UP, {"code": code_now(key=key)})

    assert TOTPDevice.objects.get().key == key
    assert not StaticToken.objects.filter(token__in=old).exists()
    assert client.get(INDEX).status_code == 200


# Asked for


def people(own: Any) -> dict[str, Client]:
    house = own["tables.restaurant"]
    owner_of_all = half_in(UserFactory(is_staff=True, is_superuser=True))
    return {"owner of all": owner_of_all, **{role: member_of(house, role=role) for role in (Role.OWNER, Role.ENGINEER)}}


@pytest.mark.parametrize("has_phone", [False, True])
def test_no_address_of_the_admin_answers_to_half_a_sign_in(has_phone: bool) -> None:
    own = furnished(OWN)
    for who, client in people(own).items():
        if has_phone:
            with_phone(user_of(client))
        for path in ADMIN_ADDRESSES:
            url = filled(path, own)
            if url in (LOGIN, "/admin/logout/", VERIFY, SET_UP):
                continue
            for answer in (client.get(url), client.post(url), client.get(f"{url}?q=x&restaurant=jjkown")):
                assert answer.status_code == 302, (who, url)
                assert answer.headers["Location"].startswith(VERIFY), (who, url)
                assert answer.content == b"", (who, url)
        for url in (LOGIN, VERIFY, SET_UP):
            assert OWN.lower() not in told(client.get(url)).lower(), (who, url)


def test_no_address_of_the_staff_answers_to_half_a_sign_in() -> None:
    own = furnished(OWN)
    house: Any = own["tables.restaurant"]
    for who, client in people(own).items():
        for path in OPS_ADDRESSES:
            query = {**OPS_QUERY[path.removeprefix("api/ops/")], "restaurantId": house.slug}
            answer = client.get(f"/{path}", query)
            assert (answer.status_code, answer.json()["error"]) == (403, "FORBIDDEN"), (who, path)
            # The guests are none of an engineer's business, with or without a code.
            if not (who == Role.ENGINEER and path.endswith("overruns")):
                assert answer.json()["message"] == "Sign in with your second factor first.", (who, path)


def test_the_whole_sign_in_opens_the_admin_and_the_api_of_the_staff() -> None:
    own = furnished(OWN)
    house: Any = own["tables.restaurant"]
    client = member_of(house, role=Role.OWNER)
    with_phone(user_of(client))

    client.post(VERIFY, {"code": code_now()})

    assert client.get("/admin/tables/table/").status_code == 200
    assert client.get("/api/ops/overruns", {"restaurantId": house.slug}).status_code == 200


def test_an_api_key_needs_none() -> None:
    own = furnished(OWN)
    house: Any = own["tables.restaurant"]
    key = create_api_key(restaurant_id=house.pk, name="till").secret

    answer = Client(headers={"Authorization": f"Bearer {key}"}).get("/api/ops/overruns", {"restaurantId": house.slug})

    assert answer.status_code == 200


@pytest.mark.parametrize("role", [Role.HOST, Role.MANAGER])
def test_hosts_and_managers_are_never_asked(role: Role) -> None:
    own = furnished(OWN)
    house: Any = own["tables.restaurant"]
    client = member_of(house, role=role)

    assert client.get(INDEX).status_code == 200
    assert client.get("/api/ops/overruns", {"restaurantId": house.slug}).status_code == 200
    assert client.get(SET_UP).status_code == 403
    assert client.get(VERIFY).status_code == 403
    assert "Second factor" not in text_of(client.get(INDEX))


def test_open_sessions_are_asked_when_it_is_switched_on_and_no_more_when_it_is_off(
    owner: User, settings: Settings
) -> None:
    settings.SECOND_FACTOR = False
    session = half_in(owner).cookies

    def ask() -> int:
        client = Client()
        client.cookies = session
        return client.get(INDEX).status_code

    assert ask() == 200
    settings.SECOND_FACTOR = True
    assert ask() == 302
    settings.SECOND_FACTOR = False
    assert ask() == 200


def test_switched_off_it_costs_no_query(owner: User, settings: Settings) -> None:
    with_phone(owner)
    shown = count_queries(fully_in(owner), "/admin/tables/table/")

    settings.SECOND_FACTOR = False

    # Of an owner of all no role is looked up: the device of the session is all that is asked for.
    assert count_queries(half_in(owner), "/admin/tables/table/") == shown - 1


# Shown


@pytest.mark.parametrize("steps", [-1, 0, 1])
def test_a_phone_half_a_minute_off_is_let_in(owner: User, steps: int) -> None:
    with_phone(owner)
    client = half_in(owner)

    assert client.post(VERIFY, {"code": code_now(steps=steps)}).status_code == 302
    assert client.get(INDEX).status_code == 200


@pytest.mark.parametrize("steps", [-4, 4])
def test_a_code_of_minutes_ago_or_to_come_is_refused(owner: User, steps: int) -> None:
    with_phone(owner)
    client = half_in(owner)

    assert "This code is wrong" in text_of(client.post(VERIFY, {"code": code_now(steps=steps)}))
    assert client.get(INDEX).status_code == 302


def test_a_code_opens_once(owner: User) -> None:
    with_phone(owner)
    code = code_now()
    assert half_in(owner).post(VERIFY, {"code": code}).status_code == 302

    again = half_in(owner)

    assert "has been used" in text_of(again.post(VERIFY, {"code": code}))
    assert again.get(INDEX).status_code == 302


@pytest.mark.parametrize("code", ["", "12345", "1234567", "٣١٤١٥٩", "+12345", "12_456", "\x00", "a" * 24, "x" * 500])
def test_what_is_no_code_is_refused(owner: User, code: str) -> None:
    with_phone(owner)
    client = half_in(owner)

    assert client.post(VERIFY, {"code": code}).status_code == 200
    assert client.get(INDEX).status_code == 302


def test_a_recovery_code_opens_once_however_it_is_written(owner: User) -> None:
    first = with_phone(owner)[0]
    client = half_in(owner)

    page = client.post(VERIFY, {"code": f" {first[:4].upper()}-{first[4:]} "}, follow=True)

    assert messages_of(page) == [
        "That recovery code is used up: 9 recovery codes left. Is the phone lost, set up another."
    ]
    assert half_in(owner).post(VERIFY, {"code": first}).status_code == 200
    assert StaticToken.objects.count() == 9


def test_a_recovery_code_of_another_opens_nothing(owner: User) -> None:
    with_phone(owner)
    other: User = UserFactory(is_staff=True, is_superuser=True)
    codes = with_phone(other)

    assert half_in(owner).post(VERIFY, {"code": codes[0]}).status_code == 200
    assert StaticToken.objects.count() == 20


def test_it_is_remembered_for_the_session_alone(owner: User) -> None:
    with_phone(owner)
    client = half_in(owner)
    before = client.session.session_key
    client.post(VERIFY, {"code": code_now()})

    assert client.session.session_key != before
    assert client.get(INDEX).status_code == 200
    assert half_in(owner).get(INDEX).status_code == 302


def test_of_another_user_the_session_keeps_nothing(owner: User) -> None:
    with_phone(owner)
    client = fully_in(owner)
    other: User = UserFactory(is_staff=True, is_superuser=True)

    client.force_login(other)

    assert client.get(INDEX).status_code == 302


@pytest.mark.parametrize("after", ["https://evil.example/", "//evil.example", "javascript:alert(1)", r"\\evil.example"])
def test_nobody_is_led_to_another_host(owner: User, after: str) -> None:
    with_phone(owner)
    client = half_in(owner)
    assert "evil" not in client.get(VERIFY, {"next": after}).content.decode()

    answers = [client.post(VERIFY, {"code": code_now(), "next": after}), client.get(VERIFY, {"next": after})]

    assert [answer.headers["Location"] for answer in answers] == [INDEX, INDEX]


# Tried too often


def test_soon_after_wrong_codes_the_right_one_is_not_looked_at(owner: User) -> None:
    with_phone(owner)
    client = half_in(owner)
    client.post(VERIFY, {"code": "000000"})
    assert TOTPDevice.objects.get().throttling_failure_count == 1
    TOTPDevice.objects.update(throttling_failure_count=12)

    page = client.post(VERIFY, {"code": code_now()})

    assert "Too many wrong codes. Try again in 20" in text_of(page)
    assert client.get(INDEX).status_code == 302


def test_five_wrong_codes_keep_the_name_out_at_that_address_as_wrong_passwords_do(owner: User) -> None:
    with_phone(owner)
    client = half_in(owner, REMOTE_ADDR=ATTACKER)
    statuses = []
    for _ in range(5):
        forget_throttle(owner)
        statuses.append(client.post(VERIFY, {"code": "000000"}).status_code)
    forget_throttle(owner)

    answer = client.post(VERIFY, {"code": code_now()})

    assert statuses == [200] * 4 + [429]
    assert answer.status_code == 429
    assert "Too many failed attempts from your address. Try again in 15 minutes." in text_of(answer)
    body = {"username": "owner", "password": PASSWORD}
    assert Client(REMOTE_ADDR=ATTACKER).post(LOGIN, body).status_code == 429
    assert fully_in(owner).get(INDEX).status_code == 200


def test_the_right_password_brings_no_new_tries_of_the_code(owner: User) -> None:
    with_phone(owner)
    statuses = []
    for _ in range(5):
        client = Client(REMOTE_ADDR=ATTACKER)
        client.post(LOGIN, {"username": "owner", "password": PASSWORD})
        forget_throttle(owner)
        statuses.append(client.post(VERIFY, {"code": "000000"}).status_code)

    assert statuses == [200] * 4 + [429]


def test_the_right_code_takes_the_failures_back(owner: User) -> None:
    with_phone(owner)
    client = half_in(owner)
    client.post(VERIFY, {"code": "000000"})
    forget_throttle(owner)
    assert AccessAttempt.objects.count() == 1

    assert client.post(VERIFY, {"code": code_now()}).status_code == 302

    assert AccessAttempt.objects.count() == 0


def test_a_recovery_code_with_a_letter_amiss_is_not_kept(owner: User) -> None:
    first = with_phone(owner)[0]

    half_in(owner).post(VERIFY, {"code": f"{first[:-1]}1"})

    assert first[:-1] not in AccessAttempt.objects.get().post_data


# Reset


def test_another_owner_resets_it_and_the_history_says_so(owner: User) -> None:
    lost: User = UserFactory(is_staff=True, is_superuser=True, username="lost")
    with_phone(lost)
    theirs = fully_in(lost)
    with_phone(owner)

    page = fully_in(owner).post(
        "/admin/auth/user/", {"action": "reset_second_factor", "_selected_action": [lost.pk]}, follow=True
    )

    assert messages_of(page) == ["lost sets up a second factor at the next page."]
    entry = LogEntry.objects.get()
    assert (entry.user, entry.object_id, entry.change_message) == (owner, str(lost.pk), "Second factor reset.")
    assert theirs.get(INDEX, follow=True).request["PATH_INFO"] == SET_UP


def reset_by(client: Client, user: User) -> Any:
    chosen = [membership.pk for membership in user.memberships.all()]
    data = {"action": "reset_second_factor", "_selected_action": chosen}
    return client.post("/admin/bookings/membership/", data, follow=True)


def test_an_owner_of_the_restaurant_resets_it_for_its_people_alone() -> None:
    own: Any = furnished(OWN)["tables.restaurant"]
    owner = user_of(member_of(own, role=Role.OWNER))
    with_phone(owner)
    client = fully_in(owner)
    engineer, elsewhere, superuser = (user_of(member_of(own, role=Role.ENGINEER)) for _ in range(3))
    MembershipFactory(user=elsewhere, role=Role.HOST)
    User.objects.filter(pk=superuser.pk).update(is_superuser=True)
    for user in (engineer, elsewhere, superuser):
        with_phone(user)

    assert messages_of(reset_by(client, engineer)) == [f"{engineer} sets up a second factor at the next page."]
    for user in (elsewhere, superuser):
        assert messages_of(reset_by(client, user)) == [f"The second factor of {user} is reset by a superuser."]
    assert set(TOTPDevice.objects.exclude(user=engineer).values_list("user", flat=True)) >= {elsewhere.pk, superuser.pk}
    assert not TOTPDevice.objects.filter(user=engineer).exists()
    assert LogEntry.objects.get().change_message == "Second factor reset."


@pytest.mark.parametrize("role", [Role.HOST, Role.MANAGER, Role.ENGINEER])
def test_who_gives_no_roles_resets_nothing(role: Role) -> None:
    own: Any = furnished(OWN)["tables.restaurant"]
    client, lost = member_of(own, role=role), user_of(member_of(own, role=Role.OWNER))
    with_phone(lost)
    if role is Role.ENGINEER:
        with_phone(user_of(client))
        client = fully_in(user_of(client))

    assert reset_by(client, lost).status_code == 403
    assert TOTPDevice.objects.filter(user=lost).exists()


def test_who_only_corrects_names_resets_nothing() -> None:
    own = furnished(OWN)
    house: Any = own["tables.restaurant"]
    client, colleague = member_of(house, role=Role.MANAGER), member_of(house, role=Role.OWNER)
    with_phone(user_of(colleague))
    for codename in ("view_user", "change_user"):
        user_of(client).user_permissions.add(Permission.objects.get(codename=codename))

    client.post(
        "/admin/auth/user/", {"action": "reset_second_factor", "_selected_action": [user_of(colleague).pk]}, follow=True
    )

    assert TOTPDevice.objects.count() == 1


def test_the_secrets_of_others_are_on_no_page(owner: User) -> None:
    with_phone(owner)
    client = fully_in(owner)

    assert client.get("/admin/otp_totp/totpdevice/").status_code == 404
    assert client.get("/admin/otp_static/staticdevice/").status_code == 404


def test_the_command_lets_the_only_owner_in(owner: User, capsys: pytest.CaptureFixture[str]) -> None:
    with_phone(owner)

    call_command("reset_second_factor", "owner")

    assert capsys.readouterr().err == "owner sets up a second factor after the next password.\n"
    assert half_in(owner).get(INDEX, follow=True).request["PATH_INFO"] == SET_UP
    assert LogEntry.objects.get().change_message == "Second factor reset by the command reset_second_factor."
    call_command("reset_second_factor", "owner")
    assert not TOTPDevice.objects.exists()
    call_command("reset_second_factor", "owner")
    assert capsys.readouterr().err == "owner has no second factor.\nowner has no second factor.\n"
    with pytest.raises(CommandError, match="Nobody signs in as 'nobody'"):
        call_command("reset_second_factor", "nobody")
