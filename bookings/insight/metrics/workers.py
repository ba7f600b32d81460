"""The metrics of all worker processes.

With PROMETHEUS_MULTIPROC_DIR each process writes its metrics to files there, which stay when the
process ends. Counters and histograms are summed over all of them, so that no count is lost with a
worker.
"""

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from prometheus_client.metrics_core import Metric
from prometheus_client.multiprocess import MultiProcessCollector, mark_process_dead
from prometheus_client.registry import Collector


class WorkerCollector(Collector):
    """Sum the metrics that all worker processes, also those that ended, have written to a directory."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def collect(self) -> Iterable[Metric]:
        """Return the metrics of all processes; gauges only of those that still run."""
        self._forget_gauges_of_the_dead()
        # A process that is just being born, or was killed at that moment, has a file with nothing in it.
        files = [str(file) for file in self.directory.glob("*.db") if _size_of(file)]
        metrics: Iterable[Metric] = MultiProcessCollector.merge(files)  # type: ignore[no-untyped-call] # of the library
        return metrics

    def _forget_gauges_of_the_dead(self) -> None:
        # granian tells nobody when a worker ends.
        for process_id in {_process_of(file) for file in self.directory.glob("gauge_live*.db")}:
            if not _is_running(process_id):
                # Two scrapes at once may both see it.
                with suppress(FileNotFoundError):
                    mark_process_dead(process_id, path=str(self.directory))  # type: ignore[no-untyped-call] # likewise


def _size_of(file: Path) -> int:
    try:
        return file.stat().st_size
    except FileNotFoundError:
        return 0


def _process_of(file: Path) -> int:
    return int(file.stem.rpartition("_")[2])


def _is_running(process_id: int) -> bool:
    try:
        os.kill(process_id, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
