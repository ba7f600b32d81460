"""What the benchmarks write alike: their section of docs/benchmarks.md, percentiles, the machine."""

import math
import os
import platform
from collections.abc import Sequence
from pathlib import Path

from config.env import BASE_DIR

PAGE = BASE_DIR / "docs" / "benchmarks.md"


def write_section(target: str, text: str) -> None:
    """Put what a make target measured in its place on the page."""
    PAGE.write_text(replace_section(PAGE.read_text(encoding="utf-8"), target, text), encoding="utf-8")


def replace_section(page: str, target: str, text: str) -> str:
    """Return the page with another text between the two marks of a make target."""
    first, last = f"<!-- make {target} -->\n\n", f"\n<!-- end of make {target} -->\n"
    before, _, rest = page.partition(first)
    _, found, after = rest.partition(last)
    if not found:
        raise ValueError(f"{PAGE.name} has no marks of make {target}")
    return f"{before}{first}{text}{last}{after}"


def percentile(values: Sequence[float], percent: int) -> float:
    """Return a percentile by nearest rank."""
    return sorted(values)[math.ceil(percent / 100 * len(values)) - 1]


def machine() -> str:
    """Return cores and processor, as Linux names it."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(os.sched_getaffinity(0))} cores of {models[0] if models else platform.machine()}"
