"""aiohttp's connections beneath an httpx client, kept per destination.

httpx's own pool carried 474 requests/s with 64 in flight on two cores where httpx over aiohttp's carried 4,500. They
meet here and not in httpx-aiohttp, which decodes part of what a template encoded (`%3B` in a path) and lets a GET, PUT
or DELETE be sent again whose connection was lost.
"""

from collections.abc import AsyncIterator
from http.client import PROXY_AUTHENTICATION_REQUIRED
from ssl import SSLContext, SSLError

import aiohttp
import httpx
from yarl import URL

from pipeline.attempt.guard import Guard
from pipeline.attempt.guarded_resolver import GuardedResolver

_WORDS = {
    aiohttp.ClientConnectorDNSError: "name not found",
    aiohttp.ClientProxyConnectionError: "the proxy refused the connection, or is unreachable",
    aiohttp.ClientConnectorError: "connection refused or unreachable",
    aiohttp.ClientPayloadError: "connection closed in the middle of the answer",
    aiohttp.ClientConnectionError: "connection closed without an answer",
    aiohttp.ClientResponseError: "the answer is not HTTP",
}


def told(failed: Exception) -> str:
    """What became of a request that got no answer, in words."""
    if isinstance(failed, aiohttp.ClientConnectorCertificateError):
        why = getattr(failed.certificate_error, "verify_message", "")
        return f"certificate not trusted: {why}"
    if isinstance(failed, aiohttp.ClientHttpProxyError):
        return f"the proxy answered HTTP {failed.status}"
    if refused := _tls_refusal(failed):
        return f"TLS failed: {(refused.reason or 'no reason given').lower().replace('_', ' ')}"
    return next((word for kind, word in _WORDS.items() if isinstance(failed, kind)), type(failed).__name__)


def _tls_refusal(failed: Exception) -> SSLError | None:
    # In TLS 1.3 a server says only after the handshake what it thinks of our certificate.
    said = failed.os_error if isinstance(failed, aiohttp.ClientConnectorError) else failed.__cause__
    return said if isinstance(said, SSLError) else None


class HttpPool(httpx.AsyncBaseTransport):
    """aiohttp's connections beneath httpx; an address goes out letter by letter as it was rendered."""

    def __init__(self, guard: Guard, concurrency: int, tls: SSLContext, proxy: str | None = None) -> None:
        self._proxy = proxy
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=concurrency, resolver=GuardedResolver(guard), ssl=tls),
            proxy=proxy,
            cookie_jar=aiohttp.DummyCookieJar(),
            skip_auto_headers=("Content-Type",),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(),
            middlewares=(_once,),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request and read the answer's head."""
        answer = await self._session.request(
            request.method,
            URL(str(request.url), encoded=True),
            headers=request.headers,
            data=request.content or None,
            allow_redirects=False,
        )
        if self._proxy and answer.status == PROXY_AUTHENTICATION_REQUIRED:
            # Of a request that is not tunnelled a proxy's refusal looks like the service's.
            answer.close()
            raise aiohttp.ClientHttpProxyError(answer.request_info, (), status=answer.status)
        return httpx.Response(answer.status, headers=answer.raw_headers, stream=_Body(answer))

    async def aclose(self) -> None:
        """Close every connection."""
        await self._session.close()


class _Body(httpx.AsyncByteStream):
    """An answer's body; closing before its end closes the connection too."""

    def __init__(self, answer: aiohttp.ClientResponse) -> None:
        self._answer = answer

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._answer.content.iter_any()

    async def aclose(self) -> None:
        self._answer.close()


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as lost:
        # By any other name aiohttp does not take it for a connection that was stale, and does not send again.
        raise aiohttp.ClientConnectionError from lost.__cause__ or lost
