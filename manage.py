#!/usr/bin/env python
"""Command line of the project: `manage.py help` lists the commands."""

import os
import sys

from django.core.management import execute_from_command_line

from config import embedded

# Commands of an app that only they install.
WORKSHOP = (["demo"], ["rush"])


def main() -> None:
    """Run one command, beside the embedded PostgreSQL when no DATABASE_URL is set."""
    settings = "demo.settings" if sys.argv[1:2] in WORKSHOP else "config.settings"
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", settings)
    # The counts of a command end with it: that directory is for the workers of a web server.
    os.environ.pop("PROMETHEUS_MULTIPROC_DIR", None)
    try:
        # The demo joins by itself, once it knows that its port is free.
        if sys.argv[1:2] != ["demo"]:
            embedded.join_if_configured()
    except embedded.EmbeddedServerError as error:
        sys.exit(f"{type(error).__name__}: {error}")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
