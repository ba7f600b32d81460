"""The second factor of a user: who is asked for one, what has been set up, whether a session has shown it."""

from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import SessionBase
from django_otp import DEVICE_ID_SESSION_KEY
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from bookings.rights import ROLES_WITH_SECOND_FACTOR
from bookings.selectors.memberships import AnyUser, list_memberships


def lacks_second_factor(user: AnyUser, session: SessionBase) -> bool:
    """Say whether a user must show a second factor that the session has not seen; no query unless the setting is on."""
    return settings.SECOND_FACTOR and has_second_factor_role(user) and not has_shown_second_factor(user, session)


def has_second_factor_role(user: AnyUser) -> bool:
    """Say whether a second factor is for a user: superusers, owners and engineers; at most 1 query."""
    if user.is_superuser:
        return True
    return any(membership.role in ROLES_WITH_SECOND_FACTOR for membership in list_memberships(user))


def has_shown_second_factor(user: AnyUser, session: SessionBase) -> bool:
    """Say whether a session has seen a second factor that the user still has; at most 1 query."""
    shown = session.get(DEVICE_ID_SESSION_KEY)
    device = Device.from_persistent_id(shown) if shown else None
    return device is not None and device.user_id == user.pk and device.confirmed


def get_phone(user: User) -> TOTPDevice | None:
    """Return the app on the phone of a user, None before one is set up; 1 query."""
    return TOTPDevice.objects.devices_for_user(user, confirmed=True).order_by("-pk").first()


def get_recovery(user: User) -> StaticDevice | None:
    """Return what holds the recovery codes of a user, None before they are made; 1 query."""
    return StaticDevice.objects.devices_for_user(user, confirmed=True).order_by("-pk").first()
