"""REST's counterpart: an HTTP server."""

from base64 import b64encode
from contextlib import AbstractAsyncContextManager
from ssl import SSLContext
from typing import Any

from counterpart import Facts, Play
from http_receiver import HttpReceiver, running

from pipeline.outcome import Ending

_ANSWERS = {
    Ending.DELIVERED: (200, 201, 202, 204, 299),
    Ending.MAY_PASS: (408, 425, 429, 500, 502, 503, 504, 599),
    Ending.CANNOT_PASS: (300, 301, 302, 303, 304, 307, 308, 400, 403, 404, 405, 409, 410, 413, 418, 422, 499),
    Ending.FORBIDDEN: (401,),
}


def _basic(secret: str) -> str:
    return "Basic " + b64encode(f"mih:{secret}".encode()).decode()


class RestCounterpart:
    """An HTTP server of each kind that the suite asks for."""

    facts = Facts(
        plays=frozenset(Play),
        answers={str(status): ending for ending, statuses in _ANSWERS.items() for status in statuses},
        wrong_credentials="401",
        credentials=(
            ({"type": "none"}, lambda _: {}),
            ({"type": "bearer", "token": "env:SECRET"}, lambda secret: {"Authorization": f"Bearer {secret}"}),
            ({"type": "api_key", "key": "env:SECRET"}, lambda secret: {"X-API-Key": secret}),
            ({"type": "api_key", "key": "env:SECRET", "header": "X-Auth"}, lambda secret: {"X-Auth": secret}),
            (
                {"type": "basic", "username": "mih", "password": "env:SECRET"},
                lambda secret: {"Authorization": _basic(secret)},
            ),
        ),
    )

    def running(self, play: Play, *, tls: SSLContext | None = None) -> AbstractAsyncContextManager[HttpReceiver]:
        """A receiver on 127.0.0.1, speaking TLS if given a context."""
        return running(play, tls)

    def service(self, port: int, *, host: str = "127.0.0.1", tls: bool = False) -> dict[str, Any]:
        """The registry's entry for a receiver there."""
        return {"transport": "rest", "url": f"http{'s' if tls else ''}://{host}:{port}/in"}


COUNTERPART = RestCounterpart()
