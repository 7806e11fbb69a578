"""REST: an HTTP request per delivery, over a pool of connections per service."""

import asyncio
import re
from collections.abc import Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import version
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit, urlunsplit

import aiohttp
import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from pipeline.attempt.credentials import Auth, NoAuth, auth_headers
from pipeline.attempt.ending import Answered, Seen, Unanswered, Unsendable
from pipeline.attempt.guard import Guard
from pipeline.attempt.http_pool import HttpPool, told
from pipeline.attempt.transports.transport import TransportKind
from pipeline.delivery import Delivery, Request
from pipeline.errors import DestinationRefused, Misconfigured, Unrenderable
from pipeline.registry.model import ServiceBase
from pipeline.registry.references import is_reference, resolve
from pipeline.registry.transport_schema import TransportSchema

#: Bytes of an answer that are read; more than that closes the connection.
ANSWER_LIMIT = 65_536

_IDENTITY = {"User-Agent": f"mih/{version('mih')}", "Accept": "*/*", "Accept-Encoding": "identity"}
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
#: What says where a request ends, or asks something of the connection.
_FRAMING = frozenset({"connection", "content-length", "expect", "te", "trailer", "transfer-encoding", "upgrade"})
#: Controls but the tab, and halves of characters.
_NOT_IN_HEADERS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_CLOSED = "closed by this hub"


def _header_names(headers: dict[str, str]) -> dict[str, str]:
    for name in headers:
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _FRAMING:
            raise ValueError(f"found the header {name!r}, expected one that HTTP allows and that frames no request")
    return headers


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
    headers: Annotated[dict[str, str], AfterValidator(_header_names)] = Field(default_factory=dict)


class RestTransport:
    """An open pool of connections to one service."""

    def __init__(self, service: RestService, guard: Guard, environ: Mapping[str, str]) -> None:
        self._url = _opened_url(service, environ)
        # The host is the service's own and no template reaches it: what is written is checked once.
        if refused := guard.check_written(self._url):
            raise Misconfigured(f"url {service.url}: {refused}")
        self._timeout_s = service.timeout.total_seconds()
        self._client = httpx.AsyncClient(
            transport=HttpPool(guard, service.concurrency),
            headers=_headers({**_IDENTITY, **auth_headers(service.auth, environ)}),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            timeout=None,  # noqa: S113 - one timeout covers the whole attempt, below
            follow_redirects=False,
            trust_env=False,
        )

    async def attempt(self, delivery: Delivery) -> Seen:
        """One request, its answer read up to a limit, all within the service's timeout."""
        if delivery.request is None:
            return Unsendable("there is no request: its rule could not be rendered")
        if self._client.is_closed:
            return Unanswered(_CLOSED)
        try:
            request = self._request(delivery.key, delivery.request)
        except (Unrenderable, httpx.InvalidURL, UnicodeError) as wrong:
            return Unsendable(f"the request cannot be sent: {wrong}")
        return await self._sent(request)

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    def _request(self, key: str, request: Request) -> httpx.Request:
        send, body = request.send, request.body
        headers = _headers({} if body is None else {"Content-Type": request.content_type})
        headers.update(_headers(send.get("headers", {})))
        headers["Idempotency-Key"] = key
        return self._client.build_request(
            send.get("method", "POST"), address_of(self._url, request), headers=headers, content=body
        )

    async def _sent(self, request: httpx.Request) -> Seen:
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._exchange(request)
        except TimeoutError:
            return Unanswered(f"no answer within {self._timeout_s:g} s", timed_out=True)
        except DestinationRefused as refused:
            # A name server or this process's settings may say otherwise later; the service itself was not asked.
            return Unanswered(str(refused))
        except (aiohttp.ClientError, OSError) as failed:
            return Unanswered(told(failed))
        except asyncio.CancelledError:
            # A pool that closes cancels whoever waits for one of its connections; that is no wish to end this task.
            if self._client.is_closed and not _is_cancelled():
                return Unanswered(_CLOSED)
            raise

    async def _exchange(self, request: httpx.Request) -> Answered:
        response = await self._client.send(request, stream=True)
        try:
            text, is_whole = await _beginning(response)
        finally:
            await response.aclose()
        return Answered(response.status_code, text, response.headers.get("Retry-After"), is_whole)


def checked_url(url: str) -> str:
    """The address, if it is one.

    Raises ValueError.
    """
    try:
        parts, _ = httpx.URL(url), urlsplit(url).port
    except (httpx.InvalidURL, ValueError):
        raise ValueError("expected an address with a host and a port that can be") from None
    if parts.scheme not in ("http", "https") or not parts.host:
        raise ValueError("expected an address that starts with http:// or https://")
    if parts.userinfo:
        raise ValueError("expected no user or password in the address: auth is the place for them")
    return url


def _opened_url(service: RestService, environ: Mapping[str, str]) -> str:
    try:
        return str(httpx.URL(checked_url(resolve(service.url, environ))))
    except ValueError as wrong:
        raise Misconfigured(f"url {service.url}: {wrong}") from None


def address_of(url: str, request: Request) -> str:
    """The service's address with the rule's path appended and its query added; templates have encoded the values."""
    parts = urlsplit(url)
    # A fragment is never sent (RFC 9110, 7.1): what looks like one belongs to the path.
    path, _, path_query = str(request.send.get("path", "")).replace("#", "%23").partition("?")
    if path:
        path = parts.path.rstrip("/") + "/" + path.lstrip("/")
    named = (f"{quote(name, safe='')}={value}" for name, value in request.send.get("query", {}).items())
    query = "&".join(filter(None, (parts.query, path_query, *named)))
    return urlunsplit((parts.scheme, parts.netloc, path or parts.path, query, ""))


async def _beginning(response: httpx.Response) -> tuple[str, bool]:
    """An answer up to the limit, and whether that is all of it."""
    kept = b""
    async for chunk in response.aiter_raw():
        kept += chunk
        if len(kept) > ANSWER_LIMIT:
            break
    return kept[:ANSWER_LIMIT].decode(errors="replace"), len(kept) <= ANSWER_LIMIT


def _headers(headers: Mapping[str, str]) -> httpx.Headers:
    for name, value in headers.items():
        if _NOT_IN_HEADERS.search(value):
            raise Unrenderable(f"header {name} holds a character that no header can carry")
    return httpx.Headers(dict(headers), encoding="utf-8")


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


KIND = TransportKind(TransportSchema("rest", RestService, RestSend), RestTransport)
