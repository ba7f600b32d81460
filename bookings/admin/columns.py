"""The columns of the list of bookings, and the buttons in its rows."""

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from django.db.models import Model
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from bookings.admin.filters import problems_for
from bookings.admin.operations import MAY_CHANGE, OPERATIONS, operation_url
from bookings.admin.parts.columns import column
from bookings.choices import BookingStatus
from bookings.decision.occupied import grace_ends_at
from bookings.models import Booking
from capacity.calendar.wall_clock import minutes_between, shown_span, shown_time
from config.values import isolated

LATE = "late"
STATUS_COLOURS = {
    BookingStatus.HELD: "warning",
    BookingStatus.CONFIRMED: "success",
    LATE: "danger",
    BookingStatus.ARRIVED: "primary",
    BookingStatus.SEATED: "primary",
    BookingStatus.COMPLETED: "info",
    BookingStatus.CANCELLED: "danger",
    BookingStatus.NO_SHOW: "danger",
    BookingStatus.EXPIRED: "info",
}
PIN = (
    '<span class="material-symbols-outlined align-middle text-base!" role="img" aria-label="{}" '
    'title="Pinned: nothing moves the party by itself">keep</span>'
)
OVER_TIME = (
    '<div class="text-red-600 text-xs whitespace-nowrap dark:text-red-500" '
    'title="The table is not offered online before {}">{} min over</div>'
)
BUTTON = (
    '<button type="submit" formaction="{}" name="expected_version" value="{}" aria-label="{}: {}" class="border '
    'border-base-200 cursor-pointer font-medium px-2 py-1 rounded-default text-xs dark:border-base-700">{}</button>'
)
ROW = '<div class="flex flex-row gap-2 whitespace-nowrap">{}</div>'
# The operations that are one click on the list.
ROW_OPERATIONS = ("arrive", "seat", "leave")


def clock_of(row: Model) -> datetime:
    """Return the database's clock at the read of a row; the querysets of these screens add it to each."""
    read_at: datetime = vars(row)["read_at"]
    return read_at


def status_of(booking: Booking) -> tuple[str, str]:
    """Return the key of the colour and the word; a party past the grace of the house is late."""
    return standing_at(booking, clock_of(booking), booking.restaurant.grace_minutes)


def standing_at(booking: Booking, now: datetime, grace_minutes: int) -> tuple[str, str]:
    """Return the key and the word of a booking's status at an instant."""
    if booking.is_late(now, timedelta(minutes=grace_minutes)):
        return LATE, f"Late, {minutes_between(booking.starts_at, now)} min"
    return booking.status, BookingStatus(booking.status).label


def tables_of(booking: Booking) -> SafeString | str:
    """Show the tables, with a pin where nothing moves the party from them."""
    names = (
        (held.table.number, format_html(PIN, "pinned") if held.pinned else "") for held in booking.assignments.all()
    )
    return format_html_join(", ", "{}{}", names) or "-"


def end_of(booking: Booking) -> SafeString:
    """Show the end of the party's stay, the minutes by which it is over its time, and how long that keeps its table."""
    now, zone = clock_of(booking), booking.zone
    over: SafeString | str = ""
    if booking.status == BookingStatus.SEATED and now > booking.ends_at:
        ready_at = grace_ends_at(booking.restaurant, now) + timedelta(minutes=booking.buffer_minutes)
        over = format_html(OVER_TIME, shown_time(ready_at, zone), minutes_between(booking.ends_at, now))
    return format_html("{}{}", shown_span(booking.starts_at, booking.left_at or booking.ends_at, zone)[1], over)


def row_buttons(request: HttpRequest) -> Callable[[Booking], SafeString]:
    """Return the column of buttons; each leads back to the list with its filters."""
    filters = request.GET.urlencode()

    @column("At the door")
    def buttons(booking: Booking) -> SafeString:
        may_operate = request.user.has_perms(MAY_CHANGE, booking)
        return format_html(ROW, format_html_join("", BUTTON, _buttons_of(booking, filters) if may_operate else ()))

    return buttons


def problem_column(request: HttpRequest) -> Callable[[Booking], SafeString]:
    """Return the column that says why a booking waits for a decision."""
    problems = problems_for(request)

    @column("Why it is to be decided")
    def problem(booking: Booking) -> SafeString:
        return format_html_join("", "<div>{}</div>", ((each.words,) for each in problems.get(booking.pk, ())))

    return problem


def _buttons_of(booking: Booking, filters: str) -> Iterable[tuple[str, int, str, str, str]]:
    now = clock_of(booking)
    for name in ROW_OPERATIONS:
        operation = OPERATIONS.get(name)
        if operation and operation.is_offered(booking, now):
            url = operation_url(name, booking, list_filters=filters)
            yield url, booking.version, operation.label, isolated(booking.guest_name), operation.label
