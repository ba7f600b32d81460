"""The programs of Prometheus that check what is deployed."""

import shutil
import subprocess
from pathlib import Path

import pytest

from config.env import BASE_DIR

PACKAGES = {
    "promtool": "prometheus",
    "prometheus": "prometheus",
    "amtool": "prometheus-alertmanager",
}
SECONDS = 300.0

PROMETHEUS = BASE_DIR / "deploy" / "prometheus"


def find_program(name: str) -> str:
    """Return the path of a program; without it the test fails and says what to install."""
    path = shutil.which(name)
    if path is None:
        pytest.fail(f"{name} is missing. On Debian: apt-get install {PACKAGES[name]}")
    return path


def run_program(name: str, *arguments: str | Path) -> str:
    """Run a program, expect success, and return what it printed."""
    ended = subprocess.run(
        [find_program(name), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert ended.returncode == 0, ended.stdout
    return ended.stdout
