"""Settings of the workshop: the project's own, with its app beside them."""

from config.settings import *  # noqa: F403 - all of the settings, and one app more
from config.settings import INSTALLED_APPS

INSTALLED_APPS = [*INSTALLED_APPS, "demo"]
