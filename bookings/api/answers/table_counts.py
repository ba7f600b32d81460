"""How many tables there are for each party size, for partners."""

from bookings.contract import Answer, instant_answer, wall_time_answer
from bookings.selectors.table_counts import SlotTableCounts, TableCounts
from capacity.policy import ONLINE


def table_counts_answer(found: TableCounts) -> Answer:
    """Shape the counts of every start of a business date."""
    return {
        "restaurantId": str(found.settings.restaurant.public_id),
        "date": found.business_date.isoformat(),
        "timezone": found.settings.restaurant.timezone,
        "channel": ONLINE,
        "slots": [_slot_answer(slot) for slot in found.slots],
    }


def _slot_answer(slot: SlotTableCounts) -> Answer:
    return {
        "time": wall_time_answer(slot.wall_time),
        "startsAt": instant_answer(slot.starts_at),
        "periodName": slot.period_name,
        "closed": slot.is_closed,
        "counts": [{"partySize": count.party_size, "total": count.total, "free": count.free} for count in slot.counts],
    }
