"""What a change of settings did, in sentences for the next screen."""

from collections.abc import Iterator
from datetime import tzinfo

from django.contrib.messages import constants
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from bookings.services import RaisedExcess, SettingsOutcome
from config.admin.links import MOST_LISTED, booking_list, change_link
from config.admin.shown import OVER_THE_LIMIT, limit_name, long_date

Said = tuple[int, str | SafeString]


def describe_outcome(outcome: SettingsOutcome, zone: tzinfo) -> Iterator[Said]:
    """Yield (message level, sentence): service days updated, limits passed, bookings left for a decision.

    Times of slots are shown on the wall clock of `zone`.
    """
    if outcome.service_days:
        yield constants.SUCCESS, _service_days(outcome.service_days)
    if outcome.raised:
        yield constants.WARNING, _raised(outcome.raised, zone)
    if outcome.bookings:
        yield constants.WARNING, _left_in_place(outcome)


def _service_days(count: int) -> str:
    return f"{count} future service {'day' if count == 1 else 'days'} updated."


def _left_in_place(outcome: SettingsOutcome) -> SafeString:
    count = len(outcome.bookings)
    noun = "booking stays in place and waits" if count == 1 else "bookings stay in place and wait"
    return format_html("{} {} for your decision: {}.", count, noun, booking_list(outcome.bookings))


def _raised(raised: tuple[RaisedExcess, ...], zone: tzinfo) -> SafeString:
    listed = format_html_join("", "<li>{}</li>", ((_excess(item, zone),) for item in raised[:MOST_LISTED]))
    more = len(raised) - MOST_LISTED
    rest = format_html("<li>and {} more, listed under Overrides</li>", more) if more > 0 else ""
    return format_html("More is booked than the new limit. The bookings stay:<ul>{}{}</ul>", listed, rest)


def _excess(item: RaisedExcess, zone: tzinfo) -> SafeString:
    """Name service, date, slot and limit, and by how much it is passed."""
    day = item.service_day
    name = f"{day.service_period} on {long_date(day.business_date)}"
    at = f" at {item.slot_starts_at.astimezone(zone):%H:%M}" if item.slot_starts_at else ""
    return format_html(
        "{}{}: {} {} {}", change_link(day, name), at, limit_name(item.limit), item.amount, OVER_THE_LIMIT
    )
