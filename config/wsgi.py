"""WSGI entry point of the web server: `granian --interface wsgi config.wsgi:application`."""

import gc
import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from config import embedded
from config.bodies import ReadWholeBodies

# A screen of an evening makes about so many objects.
OBJECTS_BETWEEN_COLLECTIONS = 20_000


def _leave_out_of_collections() -> None:
    """Let the cyclic collector look at what requests make, not at what the process has loaded.

    The 160,000 objects of the loaded project stay as long as the process. A full collection that visits them stops all
    threads for 300 ms, in one of seven boards of a timeline; the others cost each board another 10 ms.
    """
    # Every view, and all that it imports.
    _ = get_resolver().url_patterns
    gc.collect()
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_COLLECTIONS)


os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
# Commands connect directly; only the web server keeps a pool, as large as its threads.
os.environ.setdefault("DATABASE_POOL_SIZE", "16")

embedded.join_if_configured()
application = ReadWholeBodies(get_wsgi_application())
_leave_out_of_collections()
