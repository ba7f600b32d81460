"""Second factors: an app on the phone and ten recovery codes, set up together, shown one at a time, reset together."""

import re
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction
from django.utils.timezone import now
from django_otp import verify_token
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from bookings.selectors.second_factor import get_phone, get_recovery
from bookings.services.upkeep.locks import lock_user

RECOVERY_CODES = 10
_OF_THE_PHONE = re.compile(r"[0-9]{6}")
_BETWEEN = re.compile(r"[\s-]+")


@dataclass
class CodeRefused(Exception):
    """A code is wrong, or has been used; within `seconds_to_wait` of too many failures none is looked at."""

    seconds_to_wait: int = 0


class SecondFactorExists(Exception):
    """Another second factor has been set up, which has to be shown before it is replaced."""


def set_up_second_factor(*, user: User, key: str, code: str, may_replace: bool) -> list[str]:
    """Give a user the app with a key, once its first code is right, and return the recovery codes.

    Locks the user. Raises: `CodeRefused`, `SecondFactorExists`.
    """
    with transaction.atomic():
        lock_user(user.pk)
        if get_phone(user) is not None and not may_replace:
            raise SecondFactorExists
        _delete_devices(user)
        phone = TOTPDevice.objects.create(user=user, name="Phone", key=key)
        # Wrong, it takes the new device back with the transaction.
        if not phone.verify_token(_plain(code)):
            raise CodeRefused
        recovery = StaticDevice.objects.create(user=user, name="Recovery codes")
        codes = [StaticToken.random_token() for _ in range(RECOVERY_CODES)]
        StaticToken.objects.bulk_create(StaticToken(device=recovery, token=each) for each in codes)
    return codes


def verify_second_factor(*, user: User, code: str) -> Any:
    """Take a code of the phone, or a recovery code, which is then used up; return its device.

    Locks the device. Raises: `CodeRefused`.
    """
    plain = _plain(code)
    device = get_phone(user) if _OF_THE_PHONE.fullmatch(plain) else get_recovery(user)
    if device is None:
        raise CodeRefused
    is_allowed, reason = device.verify_is_allowed()
    if not is_allowed:
        raise CodeRefused(max(1, round((reason["locked_until"] - now()).total_seconds())))
    verified = verify_token(user, device.persistent_id, plain)
    if verified is None:
        raise CodeRefused
    return verified


def reset_second_factor(*, user: User) -> bool:
    """Take the second factor from a user, who sets up another one; return whether there was one."""
    with transaction.atomic():
        lock_user(user.pk)
        return _delete_devices(user)


def _delete_devices(user: User) -> bool:
    deleted = [model.objects.filter(user=user).delete()[0] for model in (TOTPDevice, StaticDevice)]
    return any(deleted)


def _plain(code: str) -> str:
    return _BETWEEN.sub("", code).lower()
