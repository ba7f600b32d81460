"""Keys by which systems of a restaurant call the staff's API. Only their hashes are stored."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from bookings.models import ApiKey

KEY_PREFIX = "mtr_"
# The last use of a key is wanted by the day; a write for every call would cost more than the call.
USE_NOTED_EVERY = timedelta(minutes=5)


@dataclass(frozen=True)
class IssuedKey:
    """A new key with its secret, which cannot be read again."""

    api_key: ApiKey
    secret: str


def create_api_key(*, restaurant_id: int, name: str) -> IssuedKey:
    """Make a key with 256 bits of chance; an earlier key of that name stops working."""
    secret = KEY_PREFIX + secrets.token_urlsafe(32)
    with transaction.atomic():
        revoke_api_keys(restaurant_id=restaurant_id, name=name)
        api_key = ApiKey.objects.create(restaurant_id=restaurant_id, name=name, key_hash=_hash(secret))
    return IssuedKey(api_key, secret)


def revoke_api_keys(*, restaurant_id: int, name: str) -> int:
    """Make the keys of a name stop working; return their number."""
    working = ApiKey.objects.filter(restaurant_id=restaurant_id, name=name, revoked_at__isnull=True)
    return working.update(revoked_at=timezone.now())


def authenticate_api_key(*, secret: str) -> ApiKey | None:
    """Return the working key with this secret, None if there is none; 1 query, now and then 2.

    A fast hash will do: no table of guesses covers 256 random bits.
    """
    api_key = ApiKey.objects.filter(key_hash=_hash(secret), revoked_at__isnull=True).first()
    if api_key is not None:
        _note_use(api_key, timezone.now())
    return api_key


def _note_use(api_key: ApiKey, now: datetime) -> None:
    if api_key.last_used_at is None or api_key.last_used_at < now - USE_NOTED_EVERY:
        ApiKey.objects.filter(pk=api_key.pk).update(last_used_at=now)


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode(errors="replace")).hexdigest()
