"""WSGI entry point of the web server: `granian --interface wsgi config.wsgi:application`."""

import os

from django.core.wsgi import get_wsgi_application

from config import embedded
from config.bodies import ReadWholeBodies

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Commands connect directly; only the web server keeps a pool, as large as its threads.
os.environ.setdefault("DATABASE_POOL_SIZE", "16")

embedded.join_if_configured()
application = ReadWholeBodies(get_wsgi_application())
