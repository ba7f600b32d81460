"""The guest's key to a booking: derived on demand, stored nowhere."""

import base64
import hashlib
import hmac
import secrets
from uuid import UUID

from django.conf import settings

REFERENCE_LENGTH = 10
# No 0/O, 1/I/L, U/V or 5/S: a reference is read out on the phone.
REFERENCE_ALPHABET = "2346789ABCDEFGHJKMNPQRTVWXYZ"


def manage_token(public_id: UUID, generation: int) -> str:
    """Derive the 256-bit manage token of a booking; a higher generation revokes the ones before."""
    digest = hmac.digest(
        settings.MANAGE_TOKEN_KEY.encode(), f"manage:{public_id}:{generation}".encode(), hashlib.sha256
    )
    return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


def is_manage_token(token: str, public_id: UUID, generation: int) -> bool:
    """Compare a token in constant time."""
    return hmac.compare_digest(token.encode(), manage_token(public_id, generation).encode())


def new_reference() -> str:
    """Draw a booking reference: a label, never a key to anything."""
    drawn = secrets.randbelow(len(REFERENCE_ALPHABET) ** REFERENCE_LENGTH)
    letters = []
    for _ in range(REFERENCE_LENGTH):
        drawn, letter = divmod(drawn, len(REFERENCE_ALPHABET))
        letters.append(REFERENCE_ALPHABET[letter])
    return "".join(letters)
