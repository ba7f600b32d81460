"""A body of unknown length gets its length before Django looks; what Django leaves of any body is read."""

from collections.abc import Iterable
from io import BytesIO
from typing import Any

import pytest

from config.bodies import MAX_BUFFERED_BYTES, MOST_DISCARDED_BYTES, ReadWholeBodies


def pass_through(environ: dict[str, Any]) -> dict[str, Any]:
    """Send a request through the middleware; return the environment that the application sees."""
    seen: dict[str, Any] = {}

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        seen.update(environ)
        return [b"answer"]

    assert ReadWholeBodies(application)(environ, None) == [b"answer"]
    return seen


@pytest.mark.parametrize("missing", [{}, {"CONTENT_LENGTH": ""}])
def test_a_body_without_length_is_buffered(missing: dict[str, str]) -> None:
    seen = pass_through({"wsgi.input": BytesIO(b"hello"), "wsgi.input_terminated": True, **missing})

    assert (seen["CONTENT_LENGTH"], seen["wsgi.input"].read()) == ("5", b"hello")


def test_a_body_over_the_limit_arrives_one_byte_too_long() -> None:
    body = BytesIO(b"x" * (2 * MAX_BUFFERED_BYTES))

    seen = pass_through({"wsgi.input": body, "wsgi.input_terminated": True})

    assert seen["CONTENT_LENGTH"] == str(MAX_BUFFERED_BYTES + 1)


def test_a_body_that_is_measured_reaches_the_application_as_it_came() -> None:
    body = BytesIO(b"hello")

    seen = pass_through({"wsgi.input": body, "CONTENT_LENGTH": "5", "wsgi.input_terminated": True})

    assert (seen["wsgi.input"], seen["CONTENT_LENGTH"]) == (body, "5")


@pytest.mark.parametrize("environ", [{"wsgi.input_terminated": False}, {}, {"CONTENT_LENGTH": "5"}])
def test_a_body_that_never_ends_is_left_alone(environ: dict[str, Any]) -> None:
    body = BytesIO(b"hello")

    seen = pass_through({"wsgi.input": body, **environ})

    assert seen["wsgi.input"] is body
    assert body.tell() == 0


@pytest.mark.parametrize("size", [1, 3 * MAX_BUFFERED_BYTES, MOST_DISCARDED_BYTES])
@pytest.mark.parametrize("is_measured", [True, False])
def test_what_the_application_leaves_of_a_body_is_read(size: int, is_measured: bool) -> None:
    body = BytesIO(b" " * size)

    pass_through(
        {"wsgi.input": body, "wsgi.input_terminated": True, "CONTENT_LENGTH": str(size) if is_measured else ""}
    )

    assert body.tell() == size


def test_a_body_without_end_is_not_read_to_its_end() -> None:
    size = 2 * MOST_DISCARDED_BYTES
    body = BytesIO(b" " * size)

    pass_through({"wsgi.input": body, "wsgi.input_terminated": True, "CONTENT_LENGTH": str(size)})

    assert body.tell() == MOST_DISCARDED_BYTES
