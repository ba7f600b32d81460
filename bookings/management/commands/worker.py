"""`manage.py worker`: run jobs until stopped."""

import signal
import sys
from argparse import ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from procrastinate.exceptions import ConnectorException
from psycopg_pool import PoolTimeout

from bookings.checks import TAG, keeps_sessions
from bookings.jobs.running import WorkerTerms, run_worker
from bookings.jobs.supervisor import supervise
from bookings.management.arguments import whole_number
from bookings.models.queues import GROUPS, QUEUES
from config.env import BASE_DIR
from config.logs.failures import describe_error

MOST_JOBS_AT_ONCE = 16


class Command(BaseCommand):
    """Run the queues, each group of them in a process of its own, or some of them in this one."""

    help = (
        "Run jobs until SIGINT, SIGTERM or SIGHUP; those that have begun end first. Without --queues a process for the "
        "auditor and one for everything else, each started anew if it dies. With --queues these alone, in this "
        "process, for whoever supervises processes by other means. Example: manage.py worker --queues slots,upkeep"
    )

    # Of addresses and screens, which most checks are about, it has none.
    requires_system_checks = (TAG,)

    def add_arguments(self, parser: CommandParser) -> None:
        """Add the queues to run, and the way to hear of new jobs."""
        parser.add_argument("--queues", type=queue_names, metavar="NAMES", help=f"of {', '.join(QUEUES)}")
        parser.add_argument(
            "--concurrency",
            type=whole_number(1, MOST_JOBS_AT_ONCE),
            metavar="N",
            help="jobs at once in a process; default: 1 for the auditor, 2 for everything else",
        )
        parser.add_argument(
            "--poll-seconds",
            type=whole_number(1, 3600),
            default=5,
            metavar="N",
            help="look for jobs at least this often; default: 5",
        )
        parser.add_argument(
            "--no-listen",
            action="store_true",
            help="do not ask to be told of new jobs; default behind a transaction pooler, which loses that",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until stopped."""
        if options["queues"] is None:
            supervise({"+".join(queues): _command(queues, at_once, options) for queues, at_once in GROUPS})
            return
        _stop_at_hangup()
        try:
            run_worker(_terms(options))
        except ConnectorException as error:
            said = describe_error(error.__cause__ or error)
            raise CommandError(f"The queue cannot be read: {said}. manage.py doctor looks why.") from error
        except PoolTimeout as error:
            raise CommandError("The database does not answer. manage.py doctor looks why.") from error


def _stop_at_hangup() -> None:
    """Take SIGHUP for SIGTERM, which procrastinate listens to, unless it is ignored, as under nohup."""
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda number, frame: signal.raise_signal(signal.SIGTERM))


def queue_names(text: str) -> tuple[str, ...]:
    """Read names of queues, separated by commas."""
    names = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    unknown = [name for name in names if name not in QUEUES]
    if unknown:
        raise ArgumentTypeError(f"no queue {unknown[0]!r}; there are: {', '.join(QUEUES)}")
    return names


def _terms(options: dict[str, Any]) -> WorkerTerms:
    return WorkerTerms(
        queues=options["queues"],
        concurrency=options["concurrency"] or _usual_concurrency(options["queues"]),
        poll_seconds=options["poll_seconds"],
        is_listening=keeps_sessions() and not options["no_listen"],
        heartbeat_seconds=settings.WORKER_HEARTBEAT_SECONDS,
    )


def _usual_concurrency(queues: tuple[str, ...]) -> int:
    return max(at_once for names, at_once in GROUPS if set(names) & set(queues))


def _command(queues: tuple[str, ...], at_once: int, options: dict[str, Any]) -> list[str]:
    """Return this command for one group, with the options that were given."""
    return [
        *(sys.executable, str(BASE_DIR / "manage.py"), "worker", "--queues", ",".join(queues)),
        *("--concurrency", str(options["concurrency"] or at_once)),
        *("--poll-seconds", str(options["poll_seconds"])),
        *(["--no-listen"] if options["no_listen"] else []),
    ]
