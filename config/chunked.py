"""Bodies without a Content-Length, as HTTP allows them and WSGI forgets them."""

from collections.abc import Iterable
from io import BytesIO
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Well above what any form or API call takes, well below what hurts.
MAX_BUFFERED_BYTES = 1024 * 1024


class BufferChunkedBodies:
    """Give a body of unknown length its length.

    granian leaves CONTENT_LENGTH out for a chunked or an HTTP/2 body, and Django takes that for an
    empty one. The body is read up to a limit; a longer one arrives cut off one byte above it, so
    that it is refused for its length like any other.
    """

    def __init__(self, application: "WSGIApplication") -> None:
        self.application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Pass the request on, its body buffered if its length is not known."""
        if not environ.get("CONTENT_LENGTH") and environ.get("wsgi.input_terminated"):
            body = environ["wsgi.input"].read(MAX_BUFFERED_BYTES + 1)
            environ["wsgi.input"] = BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        return self.application(environ, start_response)
