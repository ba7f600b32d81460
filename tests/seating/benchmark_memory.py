"""What the exact step costs a web worker in memory: measured in a process of its own.

Run as `python -m tests.seating.benchmark_memory`, it writes its figures as JSON.
"""

import json
import os
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from statistics import median
from time import perf_counter

from config.env import BASE_DIR
from tables.seating import SeatingPlanner, SeatingUndecided, TimeBudget
from tests.seating.evenings import Decision, make_evening, play

# The application loads its settings and never connects.
WORKER = {
    "ENV_FILE": "",
    "DJANGO_SETTINGS_MODULE": "config.settings",
    "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
    "SECRET_KEY": "of-a-measurement",
    "HTTPS_ONLY": "false",
}


@dataclass(frozen=True, slots=True)
class Memory:
    """Resident memory of a worker in MiB, and how long its exact decisions took: the first, and the later ones."""

    loaded: float
    before_exact: float
    after_exact: float
    first_seconds: float
    median_seconds: float
    decisions: int


def measure_memory() -> Memory:
    """Measure in a new process."""
    command = [sys.executable, "-m", "tests.seating.benchmark_memory"]
    found = subprocess.run(
        command, cwd=BASE_DIR, env=os.environ | WORKER, check=True, stdout=subprocess.PIPE, text=True
    )
    return Memory(**json.loads(found.stdout))


def _measure() -> Memory:
    """Load the application, seat an evening without the exact step, then ask that for what was left open."""
    # In the order of a worker: its urls need the application.
    for name in ("config.wsgi", "config.urls"):
        import_module(name)
    loaded = _resident()
    left_open = [
        decision
        for decision in play(make_evening(1), TimeBudget(exact_seconds=0.0))
        if isinstance(decision.outcome, SeatingUndecided)
    ]
    before = _resident()
    seconds = [_seconds_of(decision) for decision in left_open]
    return Memory(loaded, before, _resident(), seconds[0], median(seconds[1:]), len(seconds))


def _seconds_of(decision: Decision) -> float:
    started = perf_counter()
    SeatingPlanner(decision.state).plan(decision.arrival.request)
    return perf_counter() - started


def _resident() -> float:
    """Return the resident memory of this process in MiB, as Linux counts it."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return float(pages * os.sysconf("SC_PAGE_SIZE") / 2**20)


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(_measure())))
