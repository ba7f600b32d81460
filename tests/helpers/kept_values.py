"""All that a process keeps between requests."""

from bookings.api import kept_answers
from bookings.decision import service_days
from bookings.selectors import undecided_count
from capacity.selectors import service_settings


def forget_everything() -> None:
    """Let this process know as little as one that has just started."""
    for keeper in (
        service_settings._kept,
        service_settings._packed,
        service_days._kept,
        kept_answers._kept,
        undecided_count._problems_as_of.cache,
    ):
        keeper.clear()
