"""Checks that book one table, and cancel it; before them requests that must not book any."""

import uuid
from typing import Any

from tests.smoke.ledger import BOOKINGS, CANCEL, Ledger
from tests.smoke.opening import Opening
from tests.smoke.reading import NOBODY, expect_detail
from tests.smoke.site import Answer, Site

BOOKING = "/api/bookings/{reference}"
JSON = {"Content-Type": "application/json"}
NO_TOKEN = "no-such-token"
REPLAYED = "Idempotency-Replayed"


def check_bad_bodies(site: Site, opening: Opening) -> None:
    """A body that is none books nothing, and says why."""
    expect_detail(site.ask("POST", BOOKINGS, content=b'{"restaurantId":', headers=JSON), "body")
    site.ask("POST", BOOKINGS, content=b"{}", headers={"Content-Type": "text/plain"}).expect(
        415, "UNSUPPORTED_MEDIA_TYPE"
    )
    expect_detail(site.ask("POST", BOOKINGS, json=opening.body(email="nobody")), "email")


def check_refusals(ledger: Ledger, opening: Opening, *, past_time: str, quiet_time: str | None) -> None:
    """What availability refuses for good is refused here as well, each with its own error."""
    ledger.book(opening.body(partySize=1000)).expect(422, "PARTY_SIZE_NOT_ACCEPTED")
    ledger.book(opening.body(restaurantId=NOBODY)).expect(404, "NOT_FOUND")
    expect_detail(ledger.book(opening.body(time=opening.off_grid, startsAt=None)), "time")
    past = ledger.book(opening.body(date=opening.past_date.isoformat(), time=past_time, startsAt=None))
    if past.error != "OPERATING_HOURS_CLOSED":
        past.expect(422, "OUTSIDE_BOOKING_WINDOW")
    if quiet_time:
        ledger.book(opening.body(time=quiet_time, startsAt=None)).expect(422, "OPERATING_HOURS_CLOSED")


def check_booking(ledger: Ledger, opening: Opening, key: str) -> Answer:
    """A table is booked as it was asked for."""
    answer = ledger.book(opening.body(), key=key)
    booking = answer.expect(201)["booking"]
    asked = (opening.business_date.isoformat(), opening.time, opening.starts_at, opening.party_size, "confirmed")
    got = tuple(booking[name] for name in ("date", "startTime", "startsAt", "partySize", "status"))
    answer.expect_same("the booking", got, asked)
    answer.expect_same("an ETag", "ETag" in answer.headers, True)
    return answer


def check_replay(ledger: Ledger, opening: Opening, key: str, first: Answer) -> None:
    """The same key and body are the same booking; another body under the key is refused."""
    again = ledger.book(opening.body(), key=key)
    again.expect_same("the replayed answer", again.expect(201), first.body)
    again.expect_same(REPLAYED, again.headers.get(REPLAYED), "true")
    other = ledger.book(opening.body(notes="Another request under the same key."), key=key)
    other.expect(422, "IDEMPOTENCY_KEY_REUSED")


def check_manage_token(site: Site, created: Answer) -> None:
    """The booking shows to whoever holds its token, in a header or a link, and to nobody else."""
    values = {"reference": created.body["booking"]["reference"]}
    token = created.body["manageToken"]
    for options in ({"headers": {"X-Manage-Token": token}}, {"params": {"token": token}}):
        shown = site.ask("GET", BOOKING, values=values, **options)
        shown.expect_same("the booking", shown.expect(200)["booking"], created.body["booking"])
    site.ask("GET", BOOKING, values=values, headers={"X-Manage-Token": NO_TOKEN}).expect(404, "NOT_FOUND")
    site.ask("POST", CANCEL, values=values, headers={"X-Manage-Token": NO_TOKEN}).expect(404, "NOT_FOUND")


def check_cancelling(site: Site, created: Answer) -> None:
    """A stale version cancels nothing; cancelling frees the table once, and says the same twice."""
    values = {"reference": created.body["booking"]["reference"]}
    token = {"X-Manage-Token": created.body["manageToken"]}

    def cancel(**headers: str) -> Answer:
        return site.ask("POST", CANCEL, values=values, headers=token | headers)

    cancel(**{"If-Match": '"0"'}).expect(412, "STALE_EDIT")
    first, second = cancel(), cancel()
    cancelled: Any = first.expect(200)
    first.expect_same("the status", cancelled["booking"]["status"], "cancelled")
    second.expect_same("the second answer", second.expect(200), cancelled)


def new_key() -> str:
    """Return an idempotency key that nobody has used."""
    return f"smoke-{uuid.uuid4()}"
