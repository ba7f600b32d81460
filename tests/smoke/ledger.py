"""Every booking that a run may have made, so that none outlives it."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import httpx

from tests.smoke.site import Answer, CheckFailed, Site

BOOKINGS = "/api/bookings"
CANCEL = "/api/bookings/{reference}/cancel"


@dataclass
class Attempt:
    """A request to book. Until it is settled nobody knows whether there is a booking."""

    key: str
    body: dict[str, Any]
    reference: str = ""
    token: str = ""
    is_settled: bool = False

    def settle(self, answer: Answer) -> None:
        """Take down what an answer says; a server error says nothing."""
        if answer.status == 201 and isinstance(answer.body, dict):
            self.reference = (answer.body.get("booking") or {}).get("reference", "")
            self.token = answer.body.get("manageToken", "")
            self.is_settled = bool(self.reference and self.token)
        else:
            self.is_settled = 400 <= answer.status < 500


class Ledger:
    """Books, and cancels what was booked."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._attempts: list[Attempt] = []

    def book(self, body: dict[str, Any], *, client: httpx.Client | None = None, key: str | None = None) -> Answer:
        """Ask for a booking under a key of its own; over `client` a throttle is not waited for.

        Raises: CheckFailed.
        """
        attempt = Attempt(key or f"smoke-{uuid.uuid4()}", body)
        self._attempts.append(attempt)
        answer = self._post(attempt, client)
        self._site.hold_to_contract("POST", BOOKINGS, answer)
        return answer

    @property
    def references(self) -> set[str]:
        """The bookings that were made."""
        return {attempt.reference for attempt in self._attempts if attempt.reference}

    def cancel_all(self) -> list[str]:
        """Cancel every booking; return what could not be done.

        An answer that was lost is asked for again by its key.
        """
        failures = []
        for attempt in self._attempts:
            try:
                self._cancel(attempt)
            except CheckFailed as failure:
                failures.append(f"{attempt.reference or attempt.key}: {failure}")
        return failures

    def _cancel(self, attempt: Attempt) -> None:
        if not attempt.is_settled:
            answer = self._post(attempt, None)
            if not attempt.is_settled:
                answer.fail("nobody knows whether it was booked")
        if attempt.reference:
            values, headers = {"reference": attempt.reference}, {"X-Manage-Token": attempt.token}
            _persistently(lambda: self._site.ask_unchecked("POST", CANCEL, values=values, headers=headers)).expect(200)

    def _post(self, attempt: Attempt, client: httpx.Client | None) -> Answer:
        options: dict[str, Any] = {"json": attempt.body, "headers": {"Idempotency-Key": attempt.key}}
        if client is None:
            answer = self._site.ask_unchecked("POST", BOOKINGS, **options)
        else:
            answer = self._site.send(client, "POST", BOOKINGS, **options)
        attempt.settle(answer)
        return answer


def _persistently(ask: Callable[[], Answer], tries: int = 3) -> Answer:
    """Ask again where the server had no answer: what is left undone here stays in a restaurant's book."""
    for _ in range(tries - 1):
        answer = ask()
        if answer.status < 500:
            return answer
    return ask()
