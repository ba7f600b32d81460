"""`manage.py demo`: two restaurants with bookings, and a web server with a worker to try them on."""

import fcntl
import signal
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from bookings.management.arguments import whole_number
from config import embedded
from config.embedded.locks import open_lock, try_lock
from config.processes import STOP_SIGNALS
from demo.accounts import ensure_ops_account
from demo.jobs import running_worker
from demo.server import HOST, PortNotAvailable, WebServerFailed, require_free_port, running_server
from demo.stage import set_stage
from demo.welcome import welcome_lines
from tables.models import Restaurant


class Command(BaseCommand):
    """Set up what is missing, serve, stop everything at the end."""

    help = (
        "Serve a bistro and a bar on PORT (8000), beside a PostgreSQL of its own under .demo/. The first start makes "
        "them, later ones keep what is there. Ctrl-C stops everything. Example: PORT=8080 manage.py demo"
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Add how far ahead."""
        parser.add_argument("--days", type=whole_number(1, 365), default=60, help="days with slots; default: 60")
        parser.add_argument(
            "--booked-days", type=whole_number(0, 30), default=14, help="days with bookings; default: 14"
        )
        parser.add_argument(
            "--history-days", type=whole_number(0, 90), default=30, help="past days of the bar; default: 30"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run until stopped."""
        for number in STOP_SIGNALS:
            signal.signal(number, signal.default_int_handler)
        try:
            self._run(days=options["days"], booked_days=options["booked_days"], history_days=options["history_days"])
        except KeyboardInterrupt:
            self._say("Stopped.")
        except (PortNotAvailable, WebServerFailed, embedded.EmbeddedServerError) as error:
            raise CommandError(str(error)) from error
        finally:
            # Whoever asks again is on the way: the database server still has to end.
            for number in STOP_SIGNALS:
                signal.signal(number, signal.SIG_IGN)

    def _run(self, *, days: int, booked_days: int, history_days: int) -> None:
        started = time.monotonic()
        if not embedded.is_configured():
            raise CommandError("The demo fills a database of its own: unset DATABASE_URL, here and in .env.")
        require_free_port(settings.PORT)
        self._require_first_demo_here()
        bistro, *_ = set_stage(self._say, days=days, booked_days=booked_days, history_days=history_days)
        self._serve(bistro, started)

    def _require_first_demo_here(self) -> None:
        """Hold a lock until this process ends: a second demo would empty the metrics of the first."""
        embedded.DEMO.directory.mkdir(parents=True, exist_ok=True)
        if not try_lock(open_lock(embedded.DEMO.directory / "demo.lock"), fcntl.LOCK_EX):
            raise CommandError("A demo of this directory is already running; stop it first, or copy the directory.")

    def _serve(self, restaurant: Restaurant, started: float) -> None:
        origin = f"http://{HOST}:{settings.PORT}"
        lines = list(welcome_lines(origin=origin, restaurant=restaurant, account=ensure_ops_account()))
        # From here on only the processes of the web server and the worker talk to the database.
        connection.close()
        self._say("Web server and worker ...")
        metrics_directory = embedded.DEMO.directory / "metrics"
        with (
            running_worker() as worker,
            running_server(port=settings.PORT, metrics_directory=metrics_directory) as server,
        ):
            server.wait_until_ready()
            self._say(
                f"Ready after {time.monotonic() - started:.1f} s. Ctrl-C stops everything; .demo/ keeps the data."
            )
            self._say("\n" + "\n".join(lines))
            server.wait(meanwhile=worker.keep_alive)

    def _say(self, text: str) -> None:
        self.stdout.write(text)
        self.stdout.flush()
