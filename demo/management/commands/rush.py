"""`manage.py rush`: 100 guests at once for 40 covers, with the protections and without."""

import json
import os
import subprocess
import sys
from argparse import SUPPRESS
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from bookings.insight.audit import AuditScope, audit
from bookings.management.arguments import whole_number
from config.env import BASE_DIR
from config.values import counted
from demo.rush.crowd import BOOKED, PARTY_SIZE, Rush, p95_milliseconds, tally
from demo.rush.scratch import DatabaseNotCreated, address_of, open_restaurant, scratch_database
from demo.rush.unprotected import remove_protections

PROTECTED, UNPROTECTED = "protected", "unprotected"
RUN_SECONDS = 180.0


@dataclass(frozen=True)
class Result:
    """The outcome of one rush."""

    tally: dict[str, int]
    p95_milliseconds: int
    has_overbooking: bool
    is_clean: bool
    findings: list[str]


class Command(BaseCommand):
    """Run each rush in a process and a database of its own; the restaurants of this database are not touched."""

    help = (
        f"Let guests in parties of {PARTY_SIZE} ask at once for too few covers, and count who got what; then once more "
        "without locks and constraints. Exits 1 unless the protected rush is exact. "
        "Example: manage.py rush --guests 100 --covers 40"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the size of the rush."""
        parser.add_argument("--guests", type=whole_number(2, 500), default=100, help="guests; default: 100")
        parser.add_argument("--covers", type=whole_number(1, 4000), default=40, help="covers; default: 40")
        parser.add_argument(
            "--connections", type=whole_number(1, 90), default=40, help="database connections; default: 40"
        )
        parser.add_argument("--run", choices=[PROTECTED, UNPROTECTED], help=SUPPRESS)

    def handle(self, *args: Any, **options: Any) -> None:
        """Run both rushes, or the one that a parent process asks for."""
        sizes = {name: options[name] for name in ("guests", "covers", "connections")}
        if options["run"]:
            self.stdout.write(json.dumps(asdict(_rush(is_protected=options["run"] == PROTECTED, **sizes))))
            return
        booked = min(options["guests"], options["covers"] // PARTY_SIZE)
        self.stdout.write(
            f"{counted(options['guests'], 'party')} of {PARTY_SIZE} at once for {counted(options['covers'], 'cover')}: "
            f"room for {booked}"
        )
        with _migrated_database() as migrated:
            protected = self._run(PROTECTED, sizes, migrated)
            self._run(UNPROTECTED, sizes, migrated)
        expected = {BOOKED: booked, "CAPACITY_EXCEEDED": options["guests"] - booked}
        if protected.tally != {code: count for code, count in expected.items() if count} or not protected.is_clean:
            raise CommandError(
                "The protected rush was not exact: a lock or a constraint is missing, see docs/locking.md."
            )

    def _run(self, kind: str, sizes: dict[str, int], migrated: str) -> Result:
        self.stdout.write(f"\n{kind.capitalize()} ...")
        with scratch_database(template=migrated) as name:
            options = [f"--{size}={number}" for size, number in sizes.items()]
            result = Result(**json.loads(_run_child(name, "rush", f"--run={kind}", *options)))
        self._show(result)
        return result

    def _show(self, result: Result) -> None:
        for outcome, count in sorted(result.tally.items()):
            self.stdout.write(f"  {count:>4} {outcome}")
        self.stdout.write(f"  p95 {result.p95_milliseconds} ms")
        self.stdout.write(f"  auditor: hasOverbooking {str(result.has_overbooking).lower()}")
        for line in result.findings:
            self.stdout.write(f"    {line}")


@contextmanager
def _migrated_database() -> Iterator[str]:
    """Have a database to copy for each rush: to migrate it takes longer than a rush."""
    try:
        with scratch_database() as name:
            _run_child(name, "migrate", "--verbosity=0")
            yield name
    except DatabaseNotCreated as error:
        raise CommandError("The database role may not create databases: run it on the embedded one.") from error


def _run_child(database: str, *command: str) -> str:
    """Run a command in a process of its own on a database, and return what it says."""
    ended = subprocess.run(  # noqa: S603 - this project's own program
        [sys.executable, "manage.py", *command, "--skip-checks"],
        cwd=BASE_DIR,
        # A line of the log for each guest would hide the answer.
        env={"LOG_LEVEL": "ERROR"}
        | os.environ
        | {"DATABASE_URL": address_of(database), "SECRET_KEY": settings.SECRET_KEY},
        stdout=subprocess.PIPE,
        text=True,
        timeout=RUN_SECONDS,
        check=False,
    )
    if ended.returncode != 0:
        raise CommandError(f"`manage.py {' '.join(command)}` ended with code {ended.returncode}; see above.")
    return ended.stdout


def _rush(*, is_protected: bool, guests: int, covers: int, connections: int) -> Result:
    """Rush in this process, on the scratch database that it was started with."""
    restaurant, business_date = open_restaurant(max_covers=covers)
    if not is_protected:
        remove_protections()
    answers = Rush(restaurant, business_date, guests, connections).run()
    report = audit(AuditScope())
    findings = [*report.overbookings, *report.problems]
    return Result(
        tally=dict(tally(answers)),
        p95_milliseconds=p95_milliseconds(answers),
        has_overbooking=report.has_overbooking,
        is_clean=report.is_clean,
        findings=[finding.message for finding in findings[:5]],
    )
