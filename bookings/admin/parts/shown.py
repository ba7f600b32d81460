"""The look of counters, limits and times on every screen."""

from datetime import date, datetime, tzinfo

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from capacity.calendar.wall_clock import shown_time
from capacity.policy import percent_of
from config.values import counted

# In every template: {{ number|counted:"cover" }}.
register = template.Library()
register.filter("counted", counted)

OVER_THE_LIMIT = "over the limit, authorised"
NEARLY_FULL_PERCENT = 90
# Its direction ends where it ends, and its longest word breaks before it pushes anything aside.
AS_TYPED = '<bdi style="overflow-wrap: anywhere; white-space: pre-line">{}</bdi>'
BAR = (
    '<div class="bg-base-100 mt-1 overflow-hidden rounded-default w-24 dark:bg-base-800" aria-hidden="true">'
    '<div class="h-1.5 {}" style="width: {}%"></div></div>'
)


def used_of_limit(used: int, limit: int | None, excess: int = 0) -> SafeString:
    """Show a counter beside its limit, with a bar and the authorised excess."""
    if limit is None:
        return format_html('{} <span class="text-font-subtle-light dark:text-font-subtle-dark">/ no limit</span>', used)
    percent = percent_of(used, limit) or 0
    bar = format_html(BAR, bar_colour(percent), min(percent, 100))
    over = format_html('<div class="text-orange-600 text-xs">{} {}</div>', excess, OVER_THE_LIMIT) if excess else ""
    return format_html('<div class="whitespace-nowrap" title="{} %">{} / {}</div>{}{}', percent, used, limit, bar, over)


def bar_colour(percent: int) -> str:
    """Return the class of a bar: full, nearly full, or neither."""
    if percent > 100:
        return "bg-red-600"
    return "bg-orange-600" if percent >= NEARLY_FULL_PERCENT else "bg-primary-600"


def as_typed(text: str) -> SafeString:
    """Show text that a guest or a host typed, nothing for no text."""
    return format_html(AS_TYPED, text) if text else SafeString()


def in_sentence(text: str) -> SafeString:
    """Show typed text within a sentence; ASCII alone turns no direction."""
    return format_html("{}", text) if text.isascii() else as_typed(text)


def long_date(business_date: date) -> str:
    """Show a business date with its weekday."""
    return f"{business_date:%a %-d %b %Y}"


def short_time(instant: datetime, zone: tzinfo) -> str:
    """Show an instant on a restaurant's wall clock, for a screen that names the restaurant."""
    return f"{instant.astimezone(zone):%a %-d %b}, {shown_time(instant, zone)}"


def local_time(instant: datetime | None, zone: tzinfo) -> str:
    """Show an instant on a restaurant's wall clock, with its zone."""
    return f"{instant.astimezone(zone):%a %-d %b %Y}, {shown_time(instant, zone)} ({zone})" if instant else "-"
