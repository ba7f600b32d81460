"""The time budgets of the planner, by the people that wait for it."""

from typing import Final

from tables.seating import TimeBudget

# Looking at all starts of a date, or of many, in one time; the proofs before the exact model are made in any case. What
# even these have not refused has a plan nearly always, and counts as available.
READING: Final = TimeBudget(exact_seconds=0.1)
# One start, looked at or, before the lock, about to be written: somebody waits for this answer.
SOLVING: Final = TimeBudget(exact_seconds=3.0)
# One start under the lock, where others wait.
LOCKED: Final = TimeBudget(exact_seconds=0.15)
# Advice, or what is refused already: not worth a second of a processor that those who book need.
WITHOUT_EXACT: Final = TimeBudget(exact_seconds=0)
# One change of many that are tried to explain a refusal: none may take long.
TRYING: Final = TimeBudget(exact_seconds=0.1)

# Other tables for many parties at once, before the lock or on a page that shows them: nobody else waits.
RESEATING: Final = TimeBudget(exact_seconds=3.0, at_once=1.0)
# The same under the lock of the days that are concerned, mostly answered before it.
RESEATING_LOCKED: Final = TimeBudget(exact_seconds=0.6, at_once=0.15)
# The same under the lock of all days: bookings wait for it, and give up after BOOKING_DEADLINE_SECONDS, 5 by default.
RESEATING_ALL_LOCKED: Final = TimeBudget(exact_seconds=4.0, at_once=1.0)
# The same for those who wait for a late party, on a page that is looked at again and again.
RESEATING_LATE: Final = TimeBudget(exact_seconds=1.0, at_once=0.5)
