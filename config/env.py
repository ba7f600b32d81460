"""The one reader of environment variables; every variable is listed in .env.example."""

from collections.abc import Iterable
from pathlib import Path

import environ

BASE_DIR = Path(__file__).resolve().parent.parent

env = environ.Env()

# Values of the process environment win over the file. The tests name no file, so that
# what a developer keeps in .env cannot change their outcome.
_env_file = env.str("ENV_FILE", default=str(BASE_DIR / ".env"))
if _env_file and Path(_env_file).is_file():
    env.read_env(_env_file)


def stripped(values: Iterable[str]) -> list[str]:
    """Return the values of a list without the spaces that were written around its commas."""
    return [value.strip() for value in values if value.strip()]
