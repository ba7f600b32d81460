#!/usr/bin/env python
"""Command line of the project: `manage.py help` lists the commands."""

import os
import sys

from django.core.management import execute_from_command_line

from config import embedded


def main() -> None:
    """Run one command, beside the embedded PostgreSQL when no DATABASE_URL is set."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    embedded.join_if_configured()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
