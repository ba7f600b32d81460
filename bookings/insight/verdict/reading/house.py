"""What a house has set, as far as it can be set wrongly."""

from bookings.insight.verdict.misconfiguration import HouseSettings, PeriodOffer
from capacity.advice import House, TableOffer
from capacity.selectors import ServiceSettings
from tables.choices import Audience
from tables.seating import SeatingTable
from tables.selectors import load_floor


def get_house_settings(settings: ServiceSettings) -> HouseSettings:
    """Get what a house has set, of settings that are loaded and of its floor, in 2 queries."""
    restaurant, floor = settings.restaurant, load_floor(settings.restaurant.pk)
    combined = {table_id for combination in floor.combinations for table_id in combination.table_ids}
    return HouseSettings(
        restaurant_id=restaurant.pk,
        today=settings.today,
        house=House(
            seats=sum(table.capacity for table in floor.tables),
            smallest_party=restaurant.party_size_min,
            largest_party=restaurant.party_size_max,
        ),
        periods=tuple(PeriodOffer(period, settings.needs_tables(period.period_id)) for period in settings.periods),
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
