"""A token endpoint on the loopback, and a service that takes its tokens."""

import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import Any
from urllib.parse import parse_qs

from aiohttp import web
from counterpart import Play
from http_receiver import HttpArrived, HttpReceiver, running


@dataclass(eq=False)
class Issuing:
    """Both ends, and the tokens that the service takes at this moment."""

    endpoint: HttpReceiver
    service: HttpReceiver
    good: set[str] = field(default_factory=set)
    #: Of the endpoint's answer, beside the token.
    answer: dict[str, Any] = field(default_factory=lambda: {"token_type": "Bearer", "expires_in": 3600})

    def __post_init__(self) -> None:
        numbers = itertools.count(1)

        def issue(_: HttpArrived) -> web.Response:
            token = f"token-{next(numbers)}"
            self.good.add(token)
            return web.json_response({"access_token": token, **self.answer})

        def serve(arrived: HttpArrived) -> web.Response:
            token = arrived.headers.get("Authorization", "").removeprefix("Bearer ")
            return web.Response(status=200 if token in self.good else 401)

        self.endpoint.respond, self.service.respond = issue, serve

    @property
    def token_url(self) -> str:
        """Where tokens are asked for."""
        return f"http://127.0.0.1:{self.endpoint.port}/token"

    @property
    def shown(self) -> list[str]:
        """The tokens that the service was shown, in order."""
        return [arrived.headers["Authorization"].removeprefix("Bearer ") for arrived in self.service.arrived]

    @property
    def forms(self) -> list[dict[str, str]]:
        """What the endpoint was asked."""
        return [{key: value for key, [value] in parse_qs(one.body.decode()).items()} for one in self.endpoint.arrived]

    def auth(self, **keys: Any) -> dict[str, Any]:
        """A service's `auth`."""
        client = {"client_id": "mih", "client_secret": "env:SECRET"}
        return {"type": "oauth2", "token_url": self.token_url, **client, **keys}


@asynccontextmanager
async def issuing(tls: SSLContext | None = None) -> AsyncIterator[Issuing]:
    """A token endpoint, speaking TLS if given a context, and a service, running."""
    async with running(Play.ACCEPTS, tls) as endpoint, running(Play.ACCEPTS) as service:
        yield Issuing(endpoint, service)
