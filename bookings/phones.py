"""Phone numbers of guests, by libphonenumber: any international number, or one of the restaurant's country."""

from functools import cache
from importlib.resources import files

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, ValidationResult


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
    """Return the country (ISO 3166) of an IANA zone; None for one of no single country, like UTC."""
    return _regions().get(timezone)


@cache
def _regions() -> dict[str, str]:
    """Read the time zone database's own table of zones by country."""
    lines = files("tzdata.zoneinfo").joinpath("zone.tab").read_text().splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {zone: region for region, _, zone, *_ in rows}
