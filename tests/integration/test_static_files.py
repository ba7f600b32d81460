"""Static files collected as in the image are compressed, and kept by browsers for ever."""

import re
from pathlib import Path

import httpx
import pytest

from tests.helpers.web_servers import collect_static_files, running_granian

pytestmark = pytest.mark.django_db(transaction=True)


def test_collected_files_are_compressed_and_kept(tmp_path: Path) -> None:
    collect_static_files(str(tmp_path))

    with running_granian(STATIC_ROOT=str(tmp_path)) as server, httpx.Client(base_url=server) as browser:
        page = browser.get("/admin/login/")
        paths = re.findall(r'(?:href|src)="(/static/[^"]+[.](?:css|js))"', page.text)
        answers = [browser.get(path) for path in paths]

    assert page.status_code == 200
    assert "/static/bookings/theme." in " ".join(paths)
    assert {answer.status_code for answer in answers} == {200}
    assert {answer.headers["Cache-Control"] for answer in answers} == {"max-age=315360000, public, immutable"}
    # What is small is not worth it.
    large = [answer for answer in answers if len(answer.content) > 10_000]
    assert {answer.headers.get("Content-Encoding") for answer in large} == {"gzip"}
