"""The sidebar lists the pages that a user may see: those of the evening, and the others by group."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.http import HttpRequest
from django.urls import get_script_prefix, reverse

from bookings.admin.filters import SEE_BOOKINGS, TO_DECIDE_URL
from bookings.admin.parts.house import shown_restaurant_ids
from bookings.admin.parts.owners import is_owner
from bookings.rights import GIVE_ROLES, WRITE
from bookings.selectors.undecided_count import count_undecided

Item = tuple[str, str, str, str]
# (title, icon, app, model): what a host needs in an evening, beside the first page.
EVENING: tuple[Item, ...] = (
    ("Timeline", "view_timeline", "bookings", "timeline"),
    ("Floor plan", "map", "bookings", "floor_plan"),
    ("Bookings", "book_online", "bookings", "booking"),
    ("To be decided", "assignment_late", "bookings", "undecided"),
)
# (heading, (title, ...), ...): a click away.
GROUPS: tuple[tuple[str, tuple[Item, ...]], ...] = (
    (
        "Oversight",
        (
            ("Heatmap", "grid_on", "capacity", "heatmap"),
            ("Reports", "bar_chart", "bookings", "reports"),
            ("Decisions", "balance", "bookings", "decision"),
            ("Overrides", "gavel", "bookings", "capacityoverride"),
            ("Online pauses", "pause_circle", "capacity", "onlinepause"),
            ("What if", "query_stats", "bookings", "what_if"),
            ("Service days", "event", "capacity", "serviceday"),
            ("Slots", "schedule", "capacity", "bookingslot"),
            ("Audit runs", "fact_check", "bookings", "auditrun"),
        ),
    ),
    (
        "Settings",
        (
            ("Service periods", "restaurant_menu", "capacity", "serviceperiod"),
            ("Limits", "table_chart", "capacity", "limits"),
            ("Capacity rules", "tune", "capacity", "capacityrule"),
            ("Turn times", "timer", "capacity", "turntime"),
            ("Closures", "event_busy", "capacity", "closure"),
            ("Tables", "table_restaurant", "tables", "table"),
            ("Combinations", "join_inner", "tables", "tablecombination"),
            ("Sections", "grid_view", "tables", "section"),
            ("Blocks", "block", "tables", "tableblock"),
            ("Restaurants", "storefront", "tables", "restaurant"),
        ),
    ),
    (
        "Administration",
        (
            ("People", "badge", "bookings", "membership"),
            ("API keys", "key", "bookings", "apikey"),
            ("Rollout", "toggle_on", "bookings", "rolloutchange"),
            ("Jobs", "work_history", "procrastinate", "procrastinatejob"),
            ("Users", "person", "auth", "user"),
            ("Groups", "group", "auth", "group"),
        ),
    ),
)


@dataclass(frozen=True)
class Page:
    """A page that is no list of rows, or a part of one: its address, its permission, and a count that is its badge."""

    address: str
    is_open_to: Callable[[HttpRequest], bool]
    query: str = ""
    count: Callable[[HttpRequest], int | None] | None = None


def _may_ask_what_if(request: HttpRequest) -> bool:
    return request.user.has_perms(("bookings.view_decision", "capacity.view_capacityrule"))


def _may_see_bookings(request: HttpRequest) -> bool:
    return request.user.has_perm(SEE_BOOKINGS)


def _may_see_heatmap(request: HttpRequest) -> bool:
    return request.user.has_perms(("capacity.view_bookingslot", SEE_BOOKINGS))


def _may_read_reports(request: HttpRequest) -> bool:
    return request.user.has_perms((SEE_BOOKINGS, "bookings.view_decision"))


def _may_set_limits(request: HttpRequest) -> bool:
    return request.user.has_perms([f"capacity.{verb}_capacityrule" for verb in WRITE])


def _may_give_roles(request: HttpRequest) -> bool:
    return request.user.has_perm(GIVE_ROLES)


def _count_undecided(request: HttpRequest) -> int | None:
    return count_undecided(shown_restaurant_ids(request, SEE_BOOKINGS))


PAGES = {
    "undecided": Page("admin:bookings_booking_changelist", _may_see_bookings, TO_DECIDE_URL, _count_undecided),
    "heatmap": Page("admin:capacity_bookingslot_heatmap", _may_see_heatmap),
    "limits": Page("admin:capacity_capacityrule_limits", _may_set_limits),
    "timeline": Page("timeline:choose", _may_see_bookings),
    "floor_plan": Page("floor_plan:page", _may_see_bookings),
    "reports": Page("reports", _may_read_reports),
    "rolloutchange": Page("rollout:page", is_owner),
    "membership": Page("admin:bookings_membership_changelist", _may_give_roles),
    "what_if": Page("admin:capacity_capacityrule_what_if", _may_ask_what_if),
}


def list_navigation(request: HttpRequest) -> list[dict[str, Any]]:
    """Return the sidebar of a user: the evening, and closed groups of the rest, of what he or she may see."""
    today = {"title": "Today", "icon": "today", "link": reverse("admin:index")}
    groups = [{"items": [today, *_allowed(request, EVENING)]}]
    for heading, items in GROUPS:
        if allowed := _allowed(request, items):
            groups.append({"title": heading, "collapsible": True, "items": allowed})  # type: ignore[dict-item]
    _mark_present(request, [item for group in groups for item in group["items"]])
    return groups


def _mark_present(request: HttpRequest, items: list[dict[str, Any]]) -> None:
    """Mark the entry of the present page: of those whose address begins it, the longest."""
    first_page = reverse("admin:index")
    fitting = [item for item in items if _leads_to(item["link"], request, first_page)]
    present = max(fitting, key=lambda item: len(item["link"]), default=None)
    for item in items:
        item["active"] = item is present


def _leads_to(link: str, request: HttpRequest, first_page: str) -> bool:
    path, _, query = link.partition("?")
    is_there = request.path == path if path == first_page else request.path.startswith(path)
    return is_there and query in request.GET.urlencode()


def _allowed(request: HttpRequest, items: Iterable[Item]) -> list[dict[str, Any]]:
    return [_link(request, item) for item in items if _may_see(request, item)]


def _may_see(request: HttpRequest, item: Item) -> bool:
    _, _, app, model = item
    if model in PAGES:
        return PAGES[model].is_open_to(request)
    return any(request.user.has_perm(f"{app}.{verb}_{model}") for verb in ("view", "change"))


def _link(request: HttpRequest, item: Item) -> dict[str, Any]:
    title, icon, app, model = item
    page = PAGES.get(model)
    if page is None:
        return {"title": title, "icon": icon, "link": _address(f"admin:{app}_{model}_changelist", get_script_prefix())}
    waiting = page.count(request) if page.count else None
    badge = {} if waiting is None else waiting_badge(model, waiting)
    link = f"{_address(page.address, get_script_prefix())}{page.query}"
    return {"title": title, "icon": icon, "link": link, **badge}


@cache
def _address(name: str, prefix: str) -> str:
    """Return the address of a page below a prefix, which Django asks for anew with each of the twenty on every page."""
    return reverse(name)


def waiting_badge(model: str, waiting: int) -> dict[str, Any]:
    """Return the badge of a page in the sidebar, by an id that a page which goes on by itself knows it by."""
    return {"badge": waiting, "badge_variant": "warning", "badge_id": f"waiting-{model}"}
