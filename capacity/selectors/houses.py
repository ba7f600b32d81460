"""The settings of a house, as advice about them takes them."""

from capacity.advice import House, TableOffer
from capacity.misconfigurations import (
    HouseSettings,
    Misconfiguration,
    MisconfigurationCode,
    PeriodOffer,
    find_misconfigurations,
)
from capacity.selectors.service_settings import ServiceSettings, get_service_settings
from tables.choices import Audience
from tables.seating import SeatingTable


def list_misconfigurations(restaurant_id: int, *codes: MisconfigurationCode) -> list[Misconfiguration]:
    """List the settings that a restaurant has probably not meant, under these codes; queries as above.

    Raises: `RecordNotFound`.
    """
    found = find_misconfigurations(get_house_settings(get_service_settings(restaurant_id)))
    return [misconfiguration for misconfiguration in found if misconfiguration.code in codes]


def get_house_settings(settings: ServiceSettings) -> HouseSettings:
    """Get the settings of a house as `find_misconfigurations` takes them."""
    restaurant, floor = settings.restaurant, settings.floor
    combined = {table_id for combination in floor.combinations for table_id in combination.table_ids}
    periods = sorted(settings.periods, key=lambda period: period.start_time)
    return HouseSettings(
        today=settings.today,
        house=House(
            seats=sum(table.capacity for table in floor.tables),
            smallest_party=restaurant.party_size_min,
            largest_party=restaurant.party_size_max,
        ),
        periods=tuple(PeriodOffer(period, settings.needs_tables(period.period_id)) for period in periods),
        rules=settings.rules,
        bands=settings.bands,
        tables={table.table_id: _offer(table, is_combined=table.table_id in combined) for table in floor.tables},
    )


def _offer(table: SeatingTable, *, is_combined: bool) -> TableOffer:
    return TableOffer(
        number=table.number,
        smallest=table.min_party_size,
        largest=table.max_party_size,
        is_online=Audience.ONLINE in table.audience,
        is_in_house=bool({Audience.IN_HOUSE, Audience.WALK_IN} & set(table.audience)),
        is_combined=is_combined,
    )
