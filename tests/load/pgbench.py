"""PostgreSQL's own limit for the writes of a booking: pgbench of the same wheel, on the same server."""

import os
import re
import subprocess
import tempfile
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from config.embedded import Instance
from config.embedded.instance import DATABASE, ROLE
from tests.load.figures import Measured

SCRIPT = Path(__file__).with_name("booking.pgbench.sql")
COMMITTED, FAILED = "committed", "failed"
# A transaction that another one disturbed is tried again, as the engine does.
MOST_TRIES = 1000
THREADS = 2


class PgbenchFailed(Exception):
    """pgbench did not run to its end."""


def run_pgbench(
    instance: Instance, variables: Mapping[str, object], *, clients: int, seconds: float, isolation: str
) -> Measured:
    """Run the script for so many seconds.

    Raises: `PgbenchFailed`.
    """
    with tempfile.TemporaryDirectory(prefix="pgbench-") as directory:
        ended = subprocess.run(
            _command(instance, variables, clients, seconds),
            cwd=directory,
            env=os.environ | {"PGOPTIONS": _isolated_by(isolation)},
            capture_output=True,
            text=True,
            timeout=seconds + 60,
            check=False,
        )
        if ended.returncode:
            raise PgbenchFailed(ended.stdout + ended.stderr)
        # A line for each transaction, the tries of it included: client, number, microseconds.
        lines = [line.split() for log in Path(directory).iterdir() for line in log.read_text().splitlines()]
    waits = [int(line[2]) / 1e6 for line in lines if line[2] != FAILED]
    report = ended.stdout
    return Measured(
        seconds=len(waits) / float(_read(r"tps = ([\d.]+)", report)),
        waits=waits,
        answers=Counter({COMMITTED: len(waits), FAILED: int(_read(r"failed transactions: (\d+)", report))}),
        attempts=1 + int(_read(r"total number of retries: (\d+)", report, default="0")) / len(waits),
    )


def _isolated_by(isolation: str) -> str:
    return "-c default_transaction_isolation=" + isolation.replace(" ", r"\ ")


def _command(instance: Instance, variables: Mapping[str, object], clients: int, seconds: float) -> list[str]:
    return [
        instance.program("pgbench"),
        *("--host", str(instance.runtime), "--username", ROLE, "--no-vacuum", "--protocol", "prepared"),
        *("--client", str(clients), "--jobs", str(min(clients, THREADS)), "--time", str(max(1, round(seconds)))),
        *("--max-tries", str(MOST_TRIES), "--log", "--file", str(SCRIPT)),
        *(f"--define={name}={value}" for name, value in variables.items()),
        DATABASE,
    ]


def _read(pattern: str, report: str, *, default: str | None = None) -> str:
    found = re.search(pattern, report)
    if found is None and default is None:
        raise PgbenchFailed(report)
    return found[1] if found else str(default)
