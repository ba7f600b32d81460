"""Phone numbers of guests, by libphonenumber: any international number, or one of the restaurant's country."""

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult

from tables.zones import canonical_zone, regions_by_zone


class PhoneNumberInvalid(ValueError):
    """No phone number, or not enough of one to be called from abroad."""


def to_e164(text: str, *, region: str | None) -> str:
    """Read a phone number as people write it and return it in E.164.

    A number without a country is one of `region` (ISO 3166). Its length decides, not whether its range is in use:
    numbering plans grow faster than any table of them.

    Raises: `PhoneNumberInvalid`.
    """
    try:
        number = phonenumbers.parse(text, region)
    except NumberParseException as error:
        raise PhoneNumberInvalid(str(error)) from error
    if phonenumbers.is_possible_number_with_reason(number) != ValidationResult.IS_POSSIBLE:
        raise PhoneNumberInvalid("Not a possible number.")
    return phonenumbers.format_number(number, PhoneNumberFormat.E164)


def region_of_zone(timezone: str) -> str | None:
    """Return the country (ISO 3166) of an IANA zone, by old names too; None for one of no single country, like UTC."""
    return regions_by_zone().get(canonical_zone(timezone))
