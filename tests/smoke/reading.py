"""Checks that write nothing."""

from datetime import date
from typing import Any

from tests.smoke.opening import AVAILABILITY, Opening
from tests.smoke.site import Answer, CheckFailed, Site

CALLS = {
    "/api/availability": "get",
    "/api/availability/days": "get",
    "/api/bookings": "post",
    "/api/bookings/{reference}": "get",
    "/api/bookings/{reference}/cancel": "post",
    "/api/restaurants": "get",
    "/api/restaurants/{slug}": "get",
}
NOBODY = "no-such-restaurant"
# Times at which hardly any house is open; one that is closed at none of them has no such start.
QUIET_TIMES = ("04:00", "05:00", "10:00", "15:30", "16:30", "23:45")
CLOSED_REASONS = {"OUTSIDE_SERVICE", "CLOSED"}
REQUEST_ID = "smoke-request"


def check_alive(site: Site) -> None:
    """The process answers."""
    answer = site.ask_unchecked("GET", "/healthz")
    answer.expect_same("the body", answer.expect(200), {"status": "ok"})


def check_ready(site: Site) -> None:
    """The database answers, and every migration is applied."""
    answer = site.ask_unchecked("GET", "/readyz")
    if answer.status != 200:
        answer.fail(f"not ready: {answer.body}")


def check_schema(site: Site) -> None:
    """The schema is published, with the calls of guests; answers are held to it from here on."""
    answer = site.ask_unchecked("GET", "/api/schema", headers={"Accept": "application/json"})
    document = answer.expect(200)
    paths = document.get("paths", {}) if isinstance(document, dict) else {}
    answer.expect_same("calls that are missing", [path for path in CALLS if CALLS[path] not in paths.get(path, {})], [])
    site.learn_contract(document)


def check_habits(site: Site) -> None:
    """Answers name their request, and are for no cache."""
    answer = site.ask("GET", "/api/restaurants", headers={"X-Request-ID": REQUEST_ID})
    answer.expect_same("X-Request-ID", answer.headers.get("X-Request-ID"), REQUEST_ID)
    answer.expect_same("Cache-Control", answer.headers.get("Cache-Control"), "no-store")


def check_restaurant(site: Site, opening: Opening) -> None:
    """A restaurant is found by slug and says what the list says; an unknown one is not found."""
    answer = site.ask("GET", "/api/restaurants/{slug}", values={"slug": opening.slug})
    detail = answer.expect(200)
    answer.expect_same("the restaurant", {name: detail[name] for name in opening.restaurant}, opening.restaurant)
    site.ask("GET", "/api/restaurants/{slug}", values={"slug": NOBODY}).expect(404, "NOT_FOUND")


def check_date(site: Site, opening: Opening) -> None:
    """A date lists its starts in order, and each says what its own question says."""
    answer = ask_availability(site, opening, time=None)
    slots = answer.expect(200)["slots"]
    answer.expect_same("the order of starts", slots, sorted(slots, key=lambda slot: str(slot["startsAt"])))
    listed = next(slot["available"] for slot in slots if slot["startsAt"] == opening.starts_at)
    start = ask_availability(site, opening)
    start.expect_same("available, beside the list of the date", start.expect(200)["available"], listed)


def find_quiet_time(site: Site, opening: Opening) -> str | None:
    """A start outside service is refused for that; None if no quiet time is outside service."""
    for time in QUIET_TIMES:
        answer = ask_availability(site, opening, time=time)
        if answer.status == 200 and reasons_of(answer) & CLOSED_REASONS:
            expect_refusal(answer, CLOSED_REASONS)
            return time
    return None


def find_past_time(site: Site, opening: Opening) -> str:
    """No start of a past date is free; return one of them, or the opening's where the house was closed."""
    answer = ask_availability(site, opening, date=opening.past_date.isoformat(), time=None)
    slots = answer.expect(200)["slots"]
    answer.expect_same("starts that are free", [slot["time"] for slot in slots if slot["available"]], [])
    reasons = [{reason["code"] for reason in slot["reasons"]} & ({"PAST"} | CLOSED_REASONS) for slot in slots]
    answer.expect_same("every start past or closed", all(reasons), True)
    return slots[0]["time"] if slots else opening.time


def check_too_large(site: Site, opening: Opening) -> None:
    """A party above what is taken online is refused for that."""
    expect_refusal(ask_availability(site, opening, partySize=1000), {"PARTY_TOO_LARGE"})


def check_bad_questions(site: Site, opening: Opening) -> None:
    """What cannot be asked is said, by field."""
    expect_detail(ask_availability(site, opening, time=opening.off_grid), "time")
    expect_detail(ask_availability(site, opening, partySize=1001), "partySize")
    expect_detail(ask_availability(site, opening, partySize="2.0"), "partySize")
    expect_detail(ask_availability(site, opening, date=date(1999, 12, 31).isoformat()), "date")
    expect_detail(ask_availability(site, opening, mood="hungry"), "mood")
    ask_availability(site, opening, restaurantId=NOBODY).expect(404, "NOT_FOUND")


def check_error_shapes(site: Site) -> None:
    """What no view of the API answers has the shape of an error as well."""
    site.ask_unchecked("GET", "/api/no-such-address").expect(404, "NOT_FOUND")
    site.ask_unchecked("DELETE", "/api/restaurants").expect(405, "METHOD_NOT_ALLOWED")
    site.ask("GET", "/api/bookings/{reference}", values={"reference": "NOSUCHBOOK"}).expect(404, "NOT_FOUND")


def check_staff_only(site: Site, opening: Opening) -> None:
    """The staff's calls ask for a key."""
    query = {"restaurantId": opening.slug, "date": opening.business_date.isoformat()}
    site.ask("GET", "/api/ops/capacity/utilization", params=query).expect(401, "UNAUTHENTICATED")


def ask_availability(site: Site, opening: Opening, **changes: Any) -> Answer:
    """Ask about the opening, or a question beside it."""
    return site.ask("GET", AVAILABILITY, params=opening.query(**changes))


def reasons_of(answer: Answer) -> set[str]:
    """Return the codes of the reasons."""
    return {reason["code"] for reason in answer.body["reasons"]}


def expect_refusal(answer: Answer, codes: set[str]) -> None:
    """Fail unless a start is not available, for one of these reasons."""
    answer.expect_same("available", answer.expect(200)["available"], False)
    if not reasons_of(answer) & codes:
        answer.fail(f"expected one of {sorted(codes)}, got {sorted(reasons_of(answer))}")


def expect_detail(answer: Answer, field: str) -> None:
    """Fail unless the input is refused for this field."""
    details = answer.expect(400, "VALIDATION_ERROR").get("details", {})
    if field not in details:
        raise CheckFailed(f"{answer.request}: details name {sorted(details)}, not {field}")
