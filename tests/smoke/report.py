"""What a run says, line by line, and whether it was good."""

from collections.abc import Callable
from typing import TextIO, TypeVar

from tests.smoke.site import CheckFailed

T = TypeVar("T")


class Report:
    """Writes a line for each check as it ends."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.passed = 0
        self.failed = 0

    def run(self, title: str, check: Callable[[], T]) -> T | None:
        """Run a check and return what it found; None if it failed."""
        try:
            found = check()
        except CheckFailed as failure:
            self.fail(title, str(failure))
            return None
        self.passed += 1
        self._write(f"ok    {title}")
        return found

    def fail(self, title: str, why: str) -> None:
        """Count a failure."""
        self.failed += 1
        self._write(f"FAIL  {title}\n        {why}")

    def note(self, text: str) -> None:
        """Say something that is neither good nor bad."""
        self._write(f"      {text}")

    def end(self) -> int:
        """Say how it went; return the exit code."""
        self._write(f"\n{self.passed} checks passed, {self.failed} failed.")
        return 1 if self.failed else 0

    def _write(self, line: str) -> None:
        self._out.write(f"{line}\n")
        self._out.flush()
