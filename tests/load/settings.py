"""Settings of the benchmark's web server: the project's own, and one address more."""

from config.settings import *  # noqa: F403 - all of the settings that are measured

ROOT_URLCONF = "tests.load.urls"
