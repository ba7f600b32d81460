"""The supervisor runs a process for each group of queues, starts a dead one anew, and ends all with itself."""

import logging
import signal
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import FrameType

from config.processes import STOP_SIGNALS, end_with_parent

logger = logging.getLogger(__name__)

POLL_SECONDS = 0.2
# A child that keeps dying, as while the database is away, is started less and less often.
SHORTEST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 30.0
SOUND_AFTER_SECONDS = 60.0
# A process that runs longer is killed, and its jobs are given back when its heartbeat is missed.
STOP_SECONDS = 30.0


@dataclass
class Child:
    """The process of one group."""

    name: str
    command: Sequence[str]
    process: "subprocess.Popen[bytes]" = field(init=False)
    started_at: float = field(init=False)
    deaths: int = 0
    again_at: float | None = None

    def start(self) -> None:
        """Start the process; it never outlives this one."""
        # A group of its own: a Ctrl-C reaches every process of the terminal's, and a worker that is
        # told twice to stop gives up what it has begun.
        self.process = subprocess.Popen(self.command, process_group=0, preexec_fn=end_with_parent)  # noqa: S603 - this command with options of our own
        self.started_at, self.again_at = time.monotonic(), None
        logger.info("worker for %s runs as process %d", self.name, self.process.pid)

    def keep_alive(self) -> None:
        """Start the process anew if it has ended and its pause is over."""
        if self.again_at is not None:
            if time.monotonic() >= self.again_at:
                self.start()
        elif self.process.poll() is not None:
            self._plan_restart()

    def _plan_restart(self) -> None:
        now = time.monotonic()
        is_sound = now - self.started_at >= SOUND_AFTER_SECONDS
        self.deaths = 1 if is_sound else self.deaths + 1
        pause = min(LONGEST_PAUSE_SECONDS, SHORTEST_PAUSE_SECONDS * 2 ** min(self.deaths - 1, 10))
        self.again_at = now + pause
        code = self.process.returncode
        logger.error("worker for %s ended with code %d; it starts again in %d s", self.name, code, pause)

    def end(self, deadline: float) -> None:
        """Wait for the end of the process after its signal to stop; kill it at the deadline."""
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(timeout=max(0.0, deadline - time.monotonic()))
            return
        logger.error("worker for %s does not end; killed, its jobs will run again", self.name)
        self.process.kill()
        self.process.wait()


def supervise(commands: Mapping[str, Sequence[str]]) -> None:
    """Run a process for each command, by name, until a signal to stop; return after the end of all."""
    stopping = threading.Event()

    def stop(number: int, frame: FrameType | None) -> None:
        stopping.set()

    for number in STOP_SIGNALS:
        signal.signal(number, stop)
    children = [Child(name, command) for name, command in commands.items()]
    try:
        for child in children:
            child.start()
        while not stopping.wait(POLL_SECONDS):
            for child in children:
                child.keep_alive()
    finally:
        _stop(children)


def _stop(children: Sequence[Child]) -> None:
    started = [child for child in children if hasattr(child, "process")]
    for child in started:
        child.process.terminate()
    deadline = time.monotonic() + STOP_SECONDS
    for child in started:
        child.end(deadline)
