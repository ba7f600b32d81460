"""Phone numbers of guests, by libphonenumber: any international number, or one of the restaurant's country."""

import re

import phonenumbers
from phonenumbers import NumberParseException, PhoneMetadata, PhoneNumber, PhoneNumberFormat, ValidationResult

from config.texts import without_format_characters
from tables.zones import canonical_zone, regions_by_zone

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
