"""Request bodies as HTTP allows them and WSGI forgets them: of unknown length, or left unread."""

from collections.abc import Iterable
from io import BytesIO
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

# Well above what any form or API call takes, well below what hurts.
MAX_BUFFERED_BYTES = 1024 * 1024
# Whoever sends more than this may find the connection closed before the answer.
MOST_DISCARDED_BYTES = 16 * 1024 * 1024
DISCARDED_AT_ONCE = 64 * 1024


class ReadWholeBodies:
    """Middleware that gives a body of unknown length its length, and reads the rest that a view leaves of any body.

    granian leaves CONTENT_LENGTH out for a chunked or an HTTP/2 body, and Django takes that for an empty one. The body
    is read up to a limit. A longer one arrives cut off one byte above it, so that it is refused for its length like any
    other.

    A refusal often needs no body (404, 415, 429). granian closes the connection on bytes that nobody read. The client
    that still sends them loses the answer, and a proxy that keeps the connection loses the next request on it.
    """

    def __init__(self, application: "WSGIApplication") -> None:
        self.application = application

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Pass the request on, its body buffered if its length is not known; return the answer once all is read."""
        sent = environ["wsgi.input"]
        if not environ.get("CONTENT_LENGTH") and environ.get("wsgi.input_terminated"):
            body = sent.read(MAX_BUFFERED_BYTES + 1)
            environ["wsgi.input"] = BytesIO(body)
            environ["CONTENT_LENGTH"] = str(len(body))
        answer = self.application(environ, start_response)
        if environ.get("wsgi.input_terminated"):
            _discard(sent)
        return answer


def _discard(sent: IO[bytes]) -> None:
    for _ in range(MOST_DISCARDED_BYTES // DISCARDED_AT_ONCE):
        if not sent.read(DISCARDED_AT_ONCE):
            return
