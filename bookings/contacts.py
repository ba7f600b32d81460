"""How a guest is reached: e-mail addresses that a mail server of the Internet takes, and numbers by libphonenumber."""

import re
import unicodedata

import phonenumbers
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberFormat, ValidationResult

from config.values import without_format_characters
from tables.zones import canonical_zone, regions_by_zone

# E-mail addresses

LONGEST_LOCAL_PART = 64
# Names that lead nowhere outside one machine or one house (RFC 2606, 6761, 6762, 8244 and ICANN's `internal`).
_NOWHERE = frozenset({"internal", "invalid", "local", "localdomain", "localhost"})
_validate = EmailValidator(allowlist=[])


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


# Phone numbers

# As it is typed.
LONGEST_TYPED = 64
# A stored number: E.164, and perhaps an extension as RFC 3966 writes it. Together they fit into 32 characters.
STORED_NUMBER = re.compile(r"\+[1-9][0-9]{1,14}(?:;ext=[0-9]{1,11})?")
# The prefix of calls abroad in most countries, which people write in all of them.
_ZEROS = re.compile(r"[\s(]*00\s*(?=[1-9(])")
# What stood before mobile numbers once, by country code: address books and WhatsApp still write it.
_FORMER_PREFIXES = {52: re.compile(r"(?:1|01|04[45])(?=[2-9][0-9]{9}$)")}
# What stands in the place of an area code where that is left out, by country code.
_WITHOUT_AREA_CODE = {54: "15"}
_NO_NUMBER = "This is no phone number."
_UNKNOWN_COUNTRY = "No country has the code that this number begins with."
_WHY_UNREADABLE = {
    NumberParseException.INVALID_COUNTRY_CODE: _UNKNOWN_COUNTRY,
    NumberParseException.TOO_SHORT_AFTER_IDD: "The number ends after the prefix of calls abroad.",
    NumberParseException.TOO_SHORT_NSN: "This is too short for a phone number.",
    NumberParseException.TOO_LONG: "This is too long for a phone number.",
}
_WHY_IMPOSSIBLE = {
    ValidationResult.INVALID_COUNTRY_CODE: _UNKNOWN_COUNTRY,
    ValidationResult.IS_POSSIBLE_LOCAL_ONLY: "The area code is missing.",
    ValidationResult.TOO_SHORT: "This is too short for a number with the country code +{}.",
    ValidationResult.INVALID_LENGTH: "No number with the country code +{} has this length.",
    ValidationResult.TOO_LONG: "This is too long for a number with the country code +{}.",
}


class PhoneNumberInvalid(ValueError):
    """No phone number, or not enough of one to be called from abroad; the message says what is wrong."""


def to_e164(text: str, *, region: str | None) -> str:
    """Read a phone number as people write it and return it in E.164, its extension behind it as `;ext=12`.

    A number without a country is one of `region` (ISO 3166). Its length decides, not whether its range is in use:
    numbering plans grow faster than any table of them.

    Raises: `PhoneNumberInvalid`.
    """
    # Copied out of an address book, a number stands between marks of direction.
    written = without_format_characters(text)
    try:
        return _read(written, region)
    except PhoneNumberInvalid:
        if not _ZEROS.match(written):
            raise
    return _read(_ZEROS.sub("+", written, count=1), None)


def shown_phone(stored: str) -> str:
    """Show a stored number as a person reads it."""
    return stored.replace(";ext=", " ext. ")


def _read(text: str, region: str | None) -> str:
    try:
        number = _without_former_prefix(phonenumbers.parse(text, region))
    except NumberParseException as error:
        raise PhoneNumberInvalid(_why_unreadable(text, region, error)) from error
    possible = _possibility(number)
    if possible != ValidationResult.IS_POSSIBLE:
        raise PhoneNumberInvalid(_WHY_IMPOSSIBLE[possible].format(number.country_code))
    extension = f";ext={number.extension}" if number.extension else ""
    stored = phonenumbers.format_number(number, PhoneNumberFormat.E164) + extension
    if not STORED_NUMBER.fullmatch(stored):
        raise PhoneNumberInvalid("The extension is too long: it has at most 11 digits.")
    return stored


def _possibility(number: PhoneNumber) -> int:
    """Say whether a number is a possible one, or what it lacks."""
    code = number.country_code or 0
    if str(number.national_number).startswith(_WITHOUT_AREA_CODE.get(code, " ")):
        return ValidationResult.IS_POSSIBLE_LOCAL_ONLY
    country = PhoneMetadata.metadata_for_region(phonenumbers.region_code_for_country_code(code))
    begins_with_prefix = number.italian_leading_zero and country is not None and country.national_prefix == "0"
    if begins_with_prefix and not phonenumbers.is_valid_number(number):
        # It is the prefix of calls within the country, and stays only where too few digits follow.
        return ValidationResult.TOO_SHORT
    return phonenumbers.is_possible_number_with_reason(number)


def _without_former_prefix(number: PhoneNumber) -> PhoneNumber:
    former = _FORMER_PREFIXES.get(number.country_code or 0)
    rest, found = former.subn("", phonenumbers.national_significant_number(number)) if former else ("", 0)
    return PhoneNumber(number.country_code, int(rest), number.extension) if found else number


def _why_unreadable(text: str, region: str | None, error: NumberParseException) -> str:
    if error.error_type != NumberParseException.INVALID_COUNTRY_CODE:
        return _WHY_UNREADABLE.get(error.error_type, _NO_NUMBER)
    is_without_code = region is None and not text.lstrip().startswith(("+", "\uff0b", "tel:+"))
    return "Write it with + and the country code, like +44 20 7946 0000." if is_without_code else _UNKNOWN_COUNTRY


def region_of_zone(timezone: str) -> str | None:
    """Return the country (ISO 3166) of an IANA zone, by old names too; None for one of no single country, like UTC."""
    return regions_by_zone().get(canonical_zone(timezone))
