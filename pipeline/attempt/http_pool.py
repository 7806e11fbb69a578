"""aiohttp's connections, kept per destination: each request goes out once, and goes nowhere but to its address."""

from http.client import PROXY_AUTHENTICATION_REQUIRED
from ssl import SSLContext, SSLError

import aiohttp

from pipeline.attempt.guard import Guard
from pipeline.attempt.guarded_resolver import GuardedResolver
from pipeline.attempt.http_request import HttpRequest

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


class HttpPool:
    """The connections to one service."""

    def __init__(self, guard: Guard, concurrency: int, tls: SSLContext, proxy: str | None = None) -> None:
        self._proxy = proxy
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=concurrency, resolver=GuardedResolver(guard), ssl=tls),
            proxy=proxy,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            timeout=aiohttp.ClientTimeout(),
            middlewares=(_once,),
        )

    @property
    def is_closed(self) -> bool:
        """Whether it is closed, or about to be."""
        return self._session.closed

    async def answer(self, request: HttpRequest) -> aiohttp.ClientResponse:
        """Send a request and read the answer's head; closing it before its end closes the connection too."""
        answer = await self._session.request(
            request.method,
            request.url,
            headers=request.headers,
            data=request.content or None,
            # aiohttp names a type even where there is nothing to be of it.
            skip_auto_headers=None if "Content-Type" in request.headers else ("Content-Type",),
            allow_redirects=False,
        )
        if self._proxy and answer.status == PROXY_AUTHENTICATION_REQUIRED:
            # Of a request that is not tunnelled a proxy's refusal looks like the service's.
            answer.close()
            raise aiohttp.ClientHttpProxyError(answer.request_info, (), status=answer.status)
        return answer

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()


async def _once(request: aiohttp.ClientRequest, send: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    try:
        return await send(request)
    except aiohttp.ClientConnectorError:
        raise
    except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as lost:
        # By any other name aiohttp does not take it for a connection that was stale, and does not send again.
        raise aiohttp.ClientConnectionError from lost.__cause__ or lost
