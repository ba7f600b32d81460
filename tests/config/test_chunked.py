"""A body of unknown length gets its length before Django looks."""

from collections.abc import Iterable
from io import BytesIO
from typing import Any

import pytest

from config.chunked import MAX_BUFFERED_BYTES, BufferChunkedBodies


def pass_through(environ: dict[str, Any]) -> dict[str, Any]:
    """Send a request through the middleware; return the environment that the application sees."""
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.update(environ)
        return [b"answer"]

    assert BufferChunkedBodies(application)(environ, None) == [b"answer"]
    return seen


@pytest.mark.parametrize("missing", [{}, {"CONTENT_LENGTH": ""}])
def test_a_body_without_length_is_buffered(missing: dict[str, str]) -> None:
    seen = pass_through({"wsgi.input": BytesIO(b"hello"), "wsgi.input_terminated": True, **missing})

    assert (seen["CONTENT_LENGTH"], seen["wsgi.input"].read()) == ("5", b"hello")


def test_a_body_over_the_limit_arrives_one_byte_too_long() -> None:
    body = BytesIO(b"x" * (2 * MAX_BUFFERED_BYTES))

    seen = pass_through({"wsgi.input": body, "wsgi.input_terminated": True})

    assert seen["CONTENT_LENGTH"] == str(MAX_BUFFERED_BYTES + 1)


@pytest.mark.parametrize(
    "environ", [{"CONTENT_LENGTH": "5", "wsgi.input_terminated": True}, {"wsgi.input_terminated": False}, {}]
)
def test_a_body_that_is_measured_or_never_ends_is_left_alone(environ: dict[str, Any]) -> None:
    body = BytesIO(b"hello")

    seen = pass_through({"wsgi.input": body, **environ})

    assert seen["wsgi.input"] is body
    assert body.tell() == 0
