"""E-mail addresses that a mail server of the Internet takes: as they were typed, their domain ready for IDNA."""

import unicodedata

from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator

LONGEST_LOCAL_PART = 64
# Names that lead nowhere outside one machine or one house (RFC 2606, 6761, 6762, 8244 and ICANN's `internal`).
_NOWHERE = frozenset({"internal", "invalid", "local", "localdomain", "localhost"})
_validate = EmailValidator(allowlist=[])
# Django compiles its patterns when they are first used, for 30 ms, and each thread of a crowd would do it anew.
_validate("ada@example.com")


class EmailInvalid(ValueError):
    """No address that mail could be sent to; the message says why."""


def read_email(text: str) -> str:
    """Return an e-mail address, composed and without the spaces around it.

    The domain may be an internationalised one: it stays as it was typed, and must have a form in IDNA. The part before
    the @ is ASCII: few mail servers take another.

    Raises: `EmailInvalid`.
    """
    address = unicodedata.normalize("NFC", text.strip())
    local, at, domain = address.rpartition("@")
    if not at or not local or not domain:
        raise EmailInvalid("Must be an e-mail address, like ada@example.com.")
    if not local.isascii():
        raise EmailInvalid("The part before the @ must be of plain letters, a to z, digits and signs.")
    if len(local) > LONGEST_LOCAL_PART:
        raise EmailInvalid(f"The part before the @ has at most {LONGEST_LOCAL_PART} characters.")
    try:
        _validate(f"{local}@{_as_ascii(domain)}")
    except ValidationError as error:
        raise EmailInvalid("Must be an e-mail address, like ada@example.com.") from error
    return address


def _as_ascii(domain: str) -> str:
    """Return the form of a domain that name servers know.

    Raises: `EmailInvalid`.
    """
    if domain.startswith("["):
        raise EmailInvalid("The part after the @ must be a domain, not the number of a machine.")
    lowered = domain.lower()
    ascii_domain = lowered if lowered.isascii() and "xn--" not in lowered else _in_idna(lowered)
    name, _, top = ascii_domain.rpartition(".")
    if not name or top in _NOWHERE or top.isdigit():
        raise EmailInvalid("The part after the @ must be a domain of the Internet, like example.com.")
    return ascii_domain


def _in_idna(domain: str) -> str:
    # What IDNA would drop or replace is another address than the one that is seen.
    if not all(map(_is_of_a_domain, domain)) or unicodedata.normalize("NFKC", domain) != domain:
        raise EmailInvalid("The part after the @ has characters that no domain has.")
    try:
        ascii_domain = domain.encode("idna").decode("ascii")
        ascii_domain.encode("ascii").decode("idna")
    except UnicodeError as error:
        raise EmailInvalid("The part after the @ is no domain: a part of it is empty, too long or misspelt.") from error
    return ascii_domain


def _is_of_a_domain(char: str) -> bool:
    return char.isascii() or unicodedata.category(char).startswith(("L", "M", "N"))
