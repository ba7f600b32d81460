"""One run: reads, one booking, a rush; and at the end no booking is left, whatever happened."""

from functools import partial

from tests.smoke import reading, rush, writing
from tests.smoke.ledger import Ledger
from tests.smoke.opening import Json, Opening, find_opening, list_restaurants
from tests.smoke.report import Report
from tests.smoke.site import CheckFailed, Site


class Visit:
    """Checks a site, in order; what stands on a check that failed is left out."""

    def __init__(self, site: Site, ledger: Ledger, report: Report) -> None:
        self._site = site
        self._ledger = ledger
        self._report = report
        self._past_time = ""
        self._quiet_time: str | None = None

    def run(self, *, slug: str | None, guests: int, writes: bool, shadow: bool) -> None:
        """Check everything; with `writes` also book, `guests` at once, whom no limit may refuse in `shadow`."""
        self._check("it is alive", partial(reading.check_alive, self._site))
        self._check("it is ready: database there, migrations applied", partial(reading.check_ready, self._site))
        if not self._check("it publishes its schema", partial(reading.check_schema, self._site)):
            return
        self._check("answers name their request and are not stored", partial(reading.check_habits, self._site))
        self._check("errors have one shape", partial(reading.check_error_shapes, self._site))
        opening = self._report.run("a restaurant has a free start", partial(self._find_opening, slug))
        if opening is None:
            return
        self._report.note(
            f"{opening.slug}, {opening.business_date} {opening.time} {opening.restaurant['timezone']}, "
            f"party of {opening.party_size}"
        )
        self._read(opening)
        if writes:
            self._book(opening)
            self._rush(opening, guests, shadow=shadow)

    def leave(self) -> None:
        """Cancel everything that was booked, and say so."""
        failures = self._ledger.cancel_all()
        count = len(self._ledger.references)
        if failures:
            self._report.fail(f"not all of {count} bookings are cancelled", "\n        ".join(failures))
        elif count:
            self._report.note(f"All {count} bookings that were made are cancelled.")
        else:
            self._report.note("Nothing was booked.")

    def _check(self, title: str, check: partial[None]) -> bool:
        def run() -> bool:
            check()
            return True

        return bool(self._report.run(title, run))

    def _find_opening(self, slug: str | None) -> Opening:
        restaurants = [self._restaurant(slug)] if slug else list_restaurants(self._site)
        return find_opening(self._site, restaurants)

    def _restaurant(self, slug: str) -> Json:
        detail = self._site.ask("GET", "/api/restaurants/{slug}", values={"slug": slug})
        if detail.status == 404:
            raise CheckFailed(f"no active restaurant has the slug {slug}")
        return {name: value for name, value in detail.expect(200).items() if name != "servicePeriods"}

    def _read(self, opening: Opening) -> None:
        site = self._site
        self._check("a restaurant is found, an unknown one is not", partial(reading.check_restaurant, site, opening))
        self._check("a date and its start say the same", partial(reading.check_date, site, opening))
        self._past_time = (
            self._report.run("a past date takes nobody", partial(reading.find_past_time, site, opening)) or opening.time
        )
        self._quiet_time = self._report.run(
            "a start outside service is closed", partial(reading.find_quiet_time, site, opening)
        )
        if self._quiet_time is None:
            self._report.note("No quiet hour was found: booking outside service is not tried.")
        self._check("a party that is too large is refused", partial(reading.check_too_large, site, opening))
        self._check("what cannot be asked is said by field", partial(reading.check_bad_questions, site, opening))
        self._check("the staff's calls ask for a key", partial(reading.check_staff_only, site, opening))

    def _book(self, opening: Opening) -> None:
        site, ledger, key = self._site, self._ledger, writing.new_key()
        self._check("a body that is none is refused", partial(writing.check_bad_bodies, site, opening))
        times = {"past_time": self._past_time, "quiet_time": self._quiet_time}
        self._check("each refusal has its error", partial(writing.check_refusals, ledger, opening, **times))
        created = self._report.run("a table is booked", partial(writing.check_booking, ledger, opening, key))
        if created is None:
            return
        self._check("its key makes it one booking", partial(writing.check_replay, ledger, opening, key, created))
        self._check("its token is the key to it", partial(writing.check_manage_token, site, created))
        self._check("it is cancelled, once and for all", partial(writing.check_cancelling, site, created))

    def _rush(self, opening: Opening, guests: int, *, shadow: bool) -> None:
        found = self._report.run(
            f"{guests} guests ask at once", partial(rush.run_rush, self._site, self._ledger, opening, guests)
        )
        if found is None:
            return
        self._tell(found, shadow=shadow)
        self._check("each has an honest answer", partial(rush.check_answers, found))
        self._check("each refusal holds", partial(rush.check_refusals_have_reasons, found))
        if shadow:
            self._check("no limit refuses anybody", partial(rush.check_nobody_refused, found))
            for passed in rush.list_passed_limits(found):
                self._report.note(f"A limit is passed, as shadow mode lets it: {passed}.")
        else:
            self._check("no limit is passed", partial(rush.check_limits, found))
        self._check("as many were booked as there was room for", partial(rush.check_exact, found))

    def _tell(self, found: rush.Rush, *, shadow: bool) -> None:
        for outcome, count in sorted(found.tally().items()):
            self._report.note(f"{count:>4} {outcome}")
        self._report.note(f"p50 {found.percentile_milliseconds(50)} ms, p95 {found.percentile_milliseconds(95)} ms")
        if found.slowed_down:
            self._report.note(
                f"{found.slowed_down} met the throttle and never asked: set THROTTLE_BOOKINGS=off on a stage."
            )
        if not found.refused and not shadow:
            self._report.note(
                "Nobody was refused, so no limit was reached: more guests, or a smaller restaurant, reach one."
            )
