"""The process of the web server, as its entry point sets it up."""

import subprocess
import sys

from config.env import BASE_DIR

PROGRAM = """
import gc, sys
import config.wsgi
view = vars(sys.modules["bookings.admin.timeline.pages"])
print(gc.is_tracked(view), any(each is view for each in gc.get_objects()), gc.get_freeze_count() > 100_000)
"""


def test_what_the_server_has_loaded_is_not_collected_over_and_over() -> None:
    ended = subprocess.run([sys.executable, "-c", PROGRAM], cwd=BASE_DIR, capture_output=True, text=True, check=False)

    assert (ended.stdout, ended.stderr) == ("True False True\n", "")
