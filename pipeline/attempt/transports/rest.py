"""REST: an HTTP request per delivery, over a pool of connections per service.

httpx's own pool carried 474 requests/s with 64 in flight on two cores where httpx over aiohttp's carried 4,500, so the
client is httpx and the connections are aiohttp's.
"""

import asyncio
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any, Literal
from urllib.parse import quote, urlsplit, urlunsplit

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipeline.attempt.credentials import Auth, NoAuth, auth_headers
from pipeline.attempt.ending import Answered, Seen, Unanswered, Unsendable
from pipeline.attempt.guard import Guard, GuardedResolver
from pipeline.attempt.transports.transport import TransportKind
from pipeline.delivery import Delivery, Request
from pipeline.errors import DestinationRefused, Misconfigured
from pipeline.registry.model import ServiceBase
from pipeline.registry.references import is_reference, resolve
from pipeline.registry.transport_schema import TransportSchema

#: Bytes of an answer that are read; more than that closes the connection.
ANSWER_LIMIT = 65_536

_IDENTITY = {"User-Agent": f"mih/{version('mih')}", "Accept": "*/*", "Accept-Encoding": "identity"}


class RestService(ServiceBase):
    """A service reached by HTTP."""

    transport: Literal["rest"]
    url: str = Field(description="http:// or https:// address; a rule's path is appended to it")
    auth: Auth = NoAuth()

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        return url if is_reference(url) else checked_url(url)


class RestSend(BaseModel):
    """How a rule's request is sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    path: str = Field("", description="appended to the service's address")
    query: dict[str, str] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)


class RestTransport:
    """An open pool of connections to one service."""

    def __init__(self, service: RestService, guard: Guard, environ: Mapping[str, str]) -> None:
        self._url = _opened_url(service, environ)
        # The host is the service's own and no template reaches it: what is written is checked once.
        self._refused = guard.check_written(self._url)
        self._timeout_s = service.timeout.total_seconds()
        self._guard = guard
        self._concurrency = service.concurrency
        self._client = httpx.AsyncClient(
            transport=AiohttpTransport(client=self._connections),
            headers={**_IDENTITY, **auth_headers(service.auth, environ)},
            timeout=None,  # noqa: S113 - one timeout covers the whole attempt, below
            follow_redirects=False,
            trust_env=False,
        )

    async def attempt(self, delivery: Delivery) -> Seen:
        """One request, its answer read up to a limit, all within the service's timeout."""
        if self._refused:
            return Unsendable(self._refused)
        try:
            request = self._request(delivery)
            async with asyncio.timeout(self._timeout_s):
                return await self._exchange(request)
        except TimeoutError:
            return Unanswered(f"no answer within {self._timeout_s:g} s")
        except DestinationRefused as refused:
            return Unsendable(str(refused))
        except (httpx.InvalidURL, httpx.UnsupportedProtocol, UnicodeError, ValueError) as wrong:
            return Unsendable(f"the request cannot be sent: {type(wrong).__name__}")
        except (httpx.HTTPError, aiohttp.ClientError, OSError) as failed:
            return Unanswered(_told(failed))

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    def _connections(self) -> aiohttp.ClientSession:
        connector = aiohttp.TCPConnector(limit=self._concurrency, resolver=GuardedResolver(self._guard))
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    def _request(self, delivery: Delivery) -> httpx.Request:
        send, body = delivery.request.send, delivery.request.body
        headers = {**send.get("headers", {}), "Idempotency-Key": delivery.id}
        if body is not None:
            headers.setdefault("Content-Type", delivery.request.content_type)
        return self._client.build_request(
            send.get("method", "POST"), address_of(self._url, delivery.request), headers=headers, content=body
        )

    async def _exchange(self, request: httpx.Request) -> Answered:
        response = await self._client.send(request, stream=True)
        try:
            text = await _beginning(response)
        finally:
            await response.aclose()
        return Answered(response.status_code, text, response.headers.get("Retry-After"))


def checked_url(url: str) -> str:
    """The address, if it is one.

    Raises ValueError.
    """
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("expected an address that starts with http:// or https://")
    if parts.username or parts.password:
        raise ValueError("expected no user or password in the address: auth is the place for them")
    return url


def _opened_url(service: RestService, environ: Mapping[str, str]) -> str:
    try:
        return checked_url(resolve(service.url, environ))
    except ValueError as wrong:
        raise Misconfigured(f"url {service.url}: {wrong}") from None


def address_of(url: str, request: Request) -> str:
    """The service's address with the rule's path appended and its query added; templates have encoded the values."""
    parts = urlsplit(url)
    path, _, path_query = str(request.send.get("path", "")).partition("?")
    if path:
        path = parts.path.rstrip("/") + "/" + path.lstrip("/")
    named = (f"{quote(name, safe='')}={value}" for name, value in request.send.get("query", {}).items())
    query = "&".join(filter(None, (parts.query, path_query, *named)))
    return urlunsplit((parts.scheme, parts.netloc, path or parts.path, query, ""))


async def _beginning(response: httpx.Response) -> str:
    kept = b""
    async for chunk in response.aiter_raw():
        kept += chunk
        if len(kept) >= ANSWER_LIMIT:
            break
    return kept.decode(errors="replace")


def _told(failed: BaseException) -> str:
    # The adapter calls any lost connection a connect timeout; the cause beneath has the right word.
    cause: Any = failed.__cause__ or failed
    words = {
        aiohttp.ClientConnectorCertificateError: "certificate not trusted",
        aiohttp.ClientConnectorDNSError: "name not found",
        aiohttp.ClientConnectorSSLError: "TLS failed",
        aiohttp.ClientConnectorError: "connection refused or unreachable",
        aiohttp.ServerDisconnectedError: "connection closed without an answer",
        aiohttp.ClientPayloadError: "connection closed in the middle of the answer",
    }
    return next((word for kind, word in words.items() if isinstance(cause, kind)), type(cause).__name__)


KIND = TransportKind(TransportSchema("rest", RestService, RestSend), RestTransport)
