"""One HTTP request at one service, and its answer: with credentials, within a timeout, read up to a limit."""

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass
from http.cookiejar import CookieJar, DefaultCookiePolicy
from importlib.metadata import version
from urllib.parse import urlsplit

import aiohttp
import httpx

from pipeline.attempt.credentials import Auth, auth_headers
from pipeline.attempt.ending import Unanswered
from pipeline.attempt.http_pool import HttpPool, told
from pipeline.attempt.http_service import HttpService
from pipeline.attempt.means import Means
from pipeline.errors import DestinationRefused, Misconfigured, Unrenderable
from pipeline.registry.references import resolve

#: Bytes of an answer that are read; more than that closes the connection.
ANSWER_LIMIT = 65_536

_IDENTITY = {"User-Agent": f"mih/{version('mih')}", "Accept": "*/*", "Accept-Encoding": "identity"}
#: Controls but the tab, and halves of characters.
_NOT_IN_HEADERS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f\ud800-\udfff]")
_CLOSED = "closed by this hub"


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back; `body` is its beginning where it is not whole."""

    status: int
    headers: httpx.Headers
    body: bytes
    is_whole: bool


class HttpExchange:
    """An open pool of connections to one service."""

    def __init__(self, service: HttpService, auth: Auth, means: Means) -> None:
        self._timeout_s = service.timeout.total_seconds()
        self._client = httpx.AsyncClient(
            transport=HttpPool(means.guard, service.concurrency),
            headers=http_headers({**_IDENTITY, **auth_headers(auth, means.environ)}),
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
            timeout=None,  # noqa: S113 - one timeout covers the whole attempt, below
            follow_redirects=False,
            trust_env=False,
        )

    def request(
        self, method: str, url: str, headers: Mapping[str, str] | httpx.Headers, content: bytes | str | None
    ) -> httpx.Request:
        """A request with the service's credentials.

        Raises httpx.InvalidURL and UnicodeError where the address cannot be sent to.
        """
        return self._client.build_request(method, url, headers=headers, content=content)

    async def sent(self, request: httpx.Request, *, limit: int = ANSWER_LIMIT) -> HttpAnswer | Unanswered:
        """Send it once; so many bytes of the answer are read, all within the service's timeout."""
        if self._client.is_closed:
            return Unanswered(_CLOSED)
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._answer(request, limit)
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

    async def close(self) -> None:
        """Close the pool."""
        await self._client.aclose()

    async def _answer(self, request: httpx.Request, limit: int) -> HttpAnswer:
        response = await self._client.send(request, stream=True)
        try:
            body, is_whole = await _beginning(response, limit)
        finally:
            await response.aclose()
        return HttpAnswer(response.status_code, response.headers, body, is_whole)


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


def opened_url(written: str, key: str, means: Means) -> str:
    """The address that stands under a service's key, or that its reference stands for.

    Raises Misconfigured where it is none, or none that may be connected to.
    """
    try:
        url = str(httpx.URL(checked_url(resolve(written, means.environ))))
    except ValueError as wrong:
        raise Misconfigured(f"{key} {written}: {wrong}") from None
    # The host is the service's own and no template reaches it: what is written is checked once.
    if refused := means.guard.check_written(url):
        raise Misconfigured(f"{key} {written}: {refused}")
    return url


def http_headers(headers: Mapping[str, str]) -> httpx.Headers:
    """These headers, in UTF-8.

    Raises Unrenderable.
    """
    for name, value in headers.items():
        if _NOT_IN_HEADERS.search(value):
            raise Unrenderable(f"header {name} holds a character that no header can carry")
    return httpx.Headers(dict(headers), encoding="utf-8")


async def _beginning(response: httpx.Response, limit: int) -> tuple[bytes, bool]:
    """An answer up to the limit, and whether that is all of it."""
    kept = b""
    async for chunk in response.aiter_raw():
        kept += chunk
        if len(kept) > limit:
            break
    return kept[:limit], len(kept) <= limit


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
