"""One HTTP request at one service, and its answer: with credentials, within a timeout, read up to a limit."""

import asyncio
from collections.abc import Mapping
from functools import partial
from http.client import UNAUTHORIZED
from importlib.metadata import version

import aiohttp

from pipeline.attempt.credentials import BEARER, Auth, NoAuth, OAuth2Auth, auth_headers, secrets_in
from pipeline.attempt.ending import Stated, Unanswered
from pipeline.attempt.http_address import opened_proxy, secrets_for
from pipeline.attempt.http_answer import HttpAnswer, read_answer, spellings, without
from pipeline.attempt.http_pool import HttpPool, told
from pipeline.attempt.http_request import HttpRequest, address, http_headers
from pipeline.attempt.http_service import HttpService
from pipeline.attempt.means import Means
from pipeline.attempt.oauth2 import AccessTokens
from pipeline.attempt.oauth2_client import opened_client
from pipeline.attempt.tls import ssl_context
from pipeline.errors import DestinationRefused

#: Bytes of an answer that are read; more than that closes the connection.
ANSWER_LIMIT = 65_536

_IDENTITY = {"User-Agent": f"mih/{version('mih')}", "Accept": "*/*", "Accept-Encoding": "identity"}
_CLOSED = "closed by this hub"


class HttpExchange:
    """An open pool of connections to one service."""

    def __init__(self, service: HttpService, auth: Auth, means: Means, hidden: frozenset[str] = frozenset()) -> None:
        """Open it; `hidden` are further secrets that are sent, and that no answer may show."""
        self._timeout_s = service.timeout.total_seconds()
        # Not the session's own headers: those a proxy is sent too.
        self._headers = http_headers(_IDENTITY, auth_headers(auth, means.environ))
        tls, proxy = ssl_context(service.tls), opened_proxy(service.proxy, means)
        self._secrets = spellings(secrets_in(auth, means.environ) | secrets_for(proxy) | hidden)
        self._tokens: AccessTokens | None = None
        if isinstance(auth, OAuth2Auth):
            client = opened_client(auth, means)
            endpoint = HttpExchange(service.model_copy(update={"tls": auth.tls}), NoAuth(), means)
            self._tokens = AccessTokens(client, endpoint, means.shared, self._timeout_s)
        self._pool = HttpPool(means.guard, service.concurrency, tls, proxy)

    def request(self, method: str, url: str, content: bytes, *headers: Mapping[str, str]) -> HttpRequest:
        """A request with the service's credentials; of headers by one name the later is sent.

        Raises Unrenderable.
        """
        return HttpRequest(method, address(url), http_headers(*headers, onto=self._headers), content)

    async def sent(self, request: HttpRequest, *, limit: int = ANSWER_LIMIT) -> HttpAnswer | Unanswered | Stated:
        """Send it once; so many bytes of the answer are read, all within the service's timeout."""
        if self._pool.is_closed:
            return Unanswered(_CLOSED)
        answer = partial(self._authorized, self._tokens) if self._tokens else self._answer
        try:
            async with asyncio.timeout(self._timeout_s):
                return await answer(request, limit)
        except TimeoutError:
            awaited = "access token" if self._tokens and "Authorization" not in request.headers else "answer"
            return Unanswered(f"no {awaited} within {self._timeout_s:g} s", timed_out=True)
        except DestinationRefused as refused:
            # A name server or this process's settings may say otherwise later; the service itself was not asked.
            return Unanswered(str(refused))
        except (aiohttp.ClientError, OSError) as failed:
            return Unanswered(told(failed))
        except asyncio.CancelledError:
            # A pool that closes cancels whoever waits for one of its connections; that is no wish to end this task.
            if self._pool.is_closed and not _is_cancelled():
                return Unanswered(_CLOSED)
            raise

    async def close(self) -> None:
        """Close the pool."""
        await self._pool.close()
        if self._tokens:
            await self._tokens.close()

    async def _authorized(
        self, tokens: AccessTokens, request: HttpRequest, limit: int
    ) -> HttpAnswer | Unanswered | Stated:
        """The answer to a request with an access token.

        A token may be withdrawn before it expires, and 401 says that nothing was done with the request: so it is sent
        once more, with another token, and no third time.
        """
        answer = await self._with_token(tokens, request, limit)
        if isinstance(answer, HttpAnswer) and answer.status == UNAUTHORIZED:
            refused = request.headers.pop("Authorization").removeprefix(BEARER)
            answer = await self._with_token(tokens, request, limit, refused)
        return answer

    async def _with_token(
        self, tokens: AccessTokens, request: HttpRequest, limit: int, refused: str = ""
    ) -> HttpAnswer | Unanswered | Stated:
        token = await tokens.token(other_than=refused)
        if not isinstance(token, str):
            return token
        if self._pool.is_closed:
            return Unanswered(_CLOSED)
        request.headers["Authorization"] = BEARER + token
        return without(await self._answer(request, limit), spellings(frozenset({token})))

    async def _answer(self, request: HttpRequest, limit: int) -> HttpAnswer:
        answer = await self._pool.answer(request)
        try:
            read = await read_answer(answer.status, answer.headers, answer.content.iter_any(), limit)
        finally:
            answer.close()
        return without(read, self._secrets)


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
