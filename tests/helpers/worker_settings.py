"""Settings of a worker that a test starts: the project's own, and tasks that leave a trace."""

from config.settings import *  # noqa: F403 - all of the settings under test
from config.settings import PROCRASTINATE_IMPORT_PATHS

PROCRASTINATE_IMPORT_PATHS = [*PROCRASTINATE_IMPORT_PATHS, "tests.helpers.traced_jobs"]
