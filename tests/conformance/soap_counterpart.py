"""SOAP's counterpart: an HTTP server that reads envelopes, with a WSDL that is a file."""

import json
from contextlib import AbstractAsyncContextManager
from ssl import SSLContext
from typing import Any

import rest_counterpart
from counterpart import Facts, Play
from http_receiver import HttpReceiver
from soap_receiver import FOLDER, called, speaking, texts

from pipeline.outcome import Ending

_ANSWERS = {
    Ending.DELIVERED: ("200", "202"),
    Ending.MAY_PASS: (
        *("429", "500", "502", "503", "server", "server with 200", "receiver", "own code with 500"),
        *("html with 200", "other xml", "text", "entities"),
    ),
    Ending.CANNOT_PASS: (
        *("301", "400", "403", "404", "client", "client.particular", "sender", "must understand", "own code with 400"),
    ),
    Ending.FORBIDDEN: (
        *("401", "client with 401", "failed authentication", "invalid security", "sender without authentication"),
    ),
}


def _written(body: bytes) -> bytes:
    return json.dumps(texts(called(body)), ensure_ascii=False).encode()


class SoapCounterpart:
    """A SOAP server of each kind that the suite asks for."""

    facts = Facts(
        plays=frozenset(Play),
        answers={word: ending for ending, words in _ANSWERS.items() for word in words},
        wrong_credentials="401",
        credentials=rest_counterpart.COUNTERPART.facts.credentials,
        send={"operation": "createPerson"},
        content_type="text/xml; charset=utf-8",
        written=_written,
        endless=Ending.MAY_PASS,
    )

    def running(self, play: Play, *, tls: SSLContext | None = None) -> AbstractAsyncContextManager[HttpReceiver]:
        """A receiver on 127.0.0.1, speaking TLS if given a context."""
        return speaking(play, tls)

    def service(self, port: int, *, host: str = "127.0.0.1", tls: bool = False) -> dict[str, Any]:
        """The registry's entry for a receiver there."""
        address = f"http{'s' if tls else ''}://{host}:{port}/in"
        return {"transport": "soap", "wsdl": f"file:{FOLDER / 'people.wsdl'}", "address": address}


COUNTERPART = SoapCounterpart()
