"""The door at which a monitor asks: /healthz, /readyz and /metrics, answered by threads while the loop is blocked."""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler
from socket import AF_INET, AF_INET6
from socketserver import ThreadingTCPServer

import orjson
import structlog
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from pipeline.errors import Misconfigured
from pipeline.health.metrics import METRICS
from pipeline.health.role import Answer, Role
from pipeline.settings import host_and_port

log = structlog.get_logger()

Page = tuple[HTTPStatus, str, bytes]


@contextlib.contextmanager
def open_door(address: str, role: Role) -> Iterator[str]:
    """Answer while inside; gives the address, with the port that the system chose where it was to choose.

    Raises Misconfigured when the address cannot be had.
    """
    pages, (host, port) = _pages(role), host_and_port(address)

    class Asked(_Asked):
        page = staticmethod(lambda path: pages.get(path, _unknown)())

    class Server(_Server):
        address_family = AF_INET6 if ":" in host else AF_INET

    try:
        server = Server((host, port), Asked)
    except OSError as refused:
        raise Misconfigured(f"MIH_HEALTH_ADDRESS: cannot listen on {address}: {refused}") from None
    with server:
        threading.Thread(target=server.serve_forever, name="health door", daemon=True).start()
        try:
            yield f"{address.rpartition(':')[0]}:{server.server_address[1]}"
        finally:
            server.shutdown()


def _pages(role: Role) -> dict[str, Callable[[], Page]]:
    return {
        "/healthz": lambda: _said(role.alive()),
        "/readyz": lambda: _said(role.ready()),
        "/metrics": lambda: (HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(METRICS)),
    }


def _said(answer: Answer) -> Page:
    status = HTTPStatus.OK if answer.is_well else HTTPStatus.SERVICE_UNAVAILABLE
    body = {"role": answer.role, "state": answer.state, "since": answer.since, "reasons": answer.reasons}
    return status, "application/json", orjson.dumps(body) + b"\n"


def _unknown() -> Page:
    return HTTPStatus.NOT_FOUND, "text/plain", b"expected /healthz, /readyz or /metrics\n"


class _Server(ThreadingTCPServer):
    # Not the library's server for HTTP: that one asks DNS for the name of its host before it listens.
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, *_: object) -> None:
        """Tell of a bug; whoever hangs up before the answer is none."""
        if not isinstance(bug := sys.exception(), OSError):
            log.error("a monitor got no answer", exc_info=bug)


class _Asked(BaseHTTPRequestHandler):
    #: Seconds for whoever connects and says nothing.
    timeout = 10
    server_version = "mih"
    sys_version = ""
    page: Callable[[str], Page]

    def do_GET(self) -> None:
        """Answer with the page of this path."""
        status, content_type, body = self.page(self.path.partition("?")[0])
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Log nothing: monitors ask every few seconds."""
