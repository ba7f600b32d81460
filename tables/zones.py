"""The time zones that a restaurant may have: the names of the IANA list, old ones included. Pure, no Django."""

from datetime import datetime
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo

# In the list for machines whose zone nobody has set; its clock shows no place's time.
_PLACEHOLDER = "Factory"
_UTC = ZoneInfo("UTC")
# Old names of places whose clocks are linked to those of another country, by the present name of the place itself.
_OF_ANOTHER_COUNTRY = {
    "Africa/Asmera": "Africa/Asmara",
    "Africa/Timbuktu": "Africa/Bamako",
    "America/Coral_Harbour": "America/Atikokan",
    "America/Virgin": "America/St_Thomas",
    "Antarctica/South_Pole": "Antarctica/McMurdo",
    "Atlantic/Jan_Mayen": "Arctic/Longyearbyen",
    "Iceland": "Atlantic/Reykjavik",
    "Pacific/Ponape": "Pacific/Pohnpei",
    "Pacific/Truk": "Pacific/Chuuk",
    "Pacific/Yap": "Pacific/Chuuk",
}
# Zones of a clock and of no place, linked to some city that keeps it.
_OF_NO_PLACE = frozenset({"CET", "EET", "EST", "HST", "MET", "MST", "WET"})


@cache
def zone_names() -> frozenset[str]:
    """Return every name of the IANA list: nothing that only this machine calls a zone, as `localtime`."""
    return frozenset(files("tzdata").joinpath("zones").read_text().split()) - {_PLACEHOLDER}


def zone_called(name: str) -> ZoneInfo:
    """Return the zone of a name, UTC for one that is not of the list.

    Such a row is from before names were checked; `doctor` names it. No list of other restaurants may fail for it.
    """
    return ZoneInfo(name) if name in zone_names() else _UTC


def canonical_zone(name: str) -> str:
    """Return the present name of a zone: Asia/Kolkata for Asia/Calcutta; a name that is no link is its own."""
    if name in regions_by_zone() or name in _OF_NO_PLACE:
        return name
    return _OF_ANOTHER_COUNTRY.get(name) or _links().get(name, name)


def is_repeated(local: datetime) -> bool:
    """Say whether the wall shows a local time twice, on the night on which the clocks go back."""
    return local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()


def name_of_clock(local: datetime) -> str:
    """Return the name of the clock of a local time: BST or GMT."""
    names = {local.replace(fold=fold).tzname() for fold in (0, 1)}
    # Where a zone changed its offset and kept its name, the name tells nothing apart.
    return local.tzname() or "" if len(names) > 1 or not is_repeated(local) else f"UTC{local:%z}"


@cache
def regions_by_zone() -> dict[str, str]:
    """Return the country (ISO 3166) of every zone of one country, by the time zone database's own table."""
    lines = _read("zone.tab").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {zone: region for region, _, zone, *_ in rows}


@cache
def _links() -> dict[str, str]:
    """Read the links of the time zone database: lines of `L`, the zone, and the other name."""
    links = (line.split() for line in _read("tzdata.zi").splitlines() if line.startswith("L "))
    return {name: zone for _, zone, name in links}


def _read(name: str) -> str:
    return files("tzdata.zoneinfo").joinpath(name).read_text()
