"""The demo's user of the admin."""

from dataclasses import dataclass

from django.contrib.auth import get_user_model
from django.utils.crypto import salted_hmac

from config.env import env

USERNAME = "ops"
PASSWORD_LENGTH = 16


@dataclass(frozen=True)
class OpsAccount:
    """The user and the password, None where the password was changed in the admin."""

    username: str
    password: str | None


def ensure_ops_account() -> OpsAccount:
    """Make the superuser `ops` with DEMO_ADMIN_PASSWORD, or with a password that this demo always finds again.

    A password set in the admin stays, unless DEMO_ADMIN_PASSWORD asks for another.
    """
    wanted = env.str("DEMO_ADMIN_PASSWORD", default="")
    # Derived, not stored: it can be printed at every start, and differs from demo to demo.
    password = wanted or salted_hmac("maitre.demo.ops", USERNAME, algorithm="sha256").hexdigest()[:PASSWORD_LENGTH]
    user, is_new = get_user_model().objects.get_or_create(
        username=USERNAME, defaults={"is_staff": True, "is_superuser": True, "email": "ops@example.com"}
    )
    if not is_new and user.check_password(password):
        return OpsAccount(USERNAME, password)
    if not is_new and not wanted:
        return OpsAccount(USERNAME, None)
    user.set_password(password)
    user.save(update_fields=["password"])
    return OpsAccount(USERNAME, password)
