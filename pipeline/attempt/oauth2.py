"""OAuth 2.0's client credentials (RFC 6749, 4.4): one access token for all senders, fetched by one of them.

    this process has it ──► used          no round trip
      └─ else, one attempt at a time
           Redis has it ──► unsealed, used
             └─ else, one process at a time, under a lease
                  the token endpoint gives it ──► sealed, kept in Redis until shortly before it expires

Without Redis each process has a token of its own. In place of a token that was refused another one is asked for, so
nothing is ever dropped.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from time import monotonic
from typing import Protocol
from uuid import uuid4

from pipeline.attempt.ending import Stated, Unanswered
from pipeline.attempt.http_answer import HttpAnswer
from pipeline.attempt.http_request import HttpRequest
from pipeline.attempt.oauth2_answer import token_in
from pipeline.attempt.oauth2_client import Client
from pipeline.shared_state import SharedState
from pipeline.shared_state.tokens import Kept, Tokens, Wait

#: Seconds until Redis is asked again for a token that somebody else fetches.
_ASK_AGAIN_S = 0.05


class Endpoint(Protocol):
    """The way to a token endpoint."""

    def request(self, method: str, url: str, content: bytes, *headers: Mapping[str, str]) -> HttpRequest:
        """A request."""
        ...

    async def sent(self, request: HttpRequest) -> HttpAnswer | Unanswered | Stated:
        """Send it once."""
        ...

    async def close(self) -> None:
        """Let go of its connections."""
        ...


@dataclass(frozen=True, slots=True)
class _Held:
    token: str = field(repr=False)
    sealed: bytes
    until: float


class AccessTokens:
    """One client's tokens, as this process has them."""

    def __init__(self, client: Client, endpoint: Endpoint, shared: SharedState, timeout_s: float) -> None:
        self._client, self._endpoint = client, endpoint
        self._shared = Tokens(shared)
        # Half an attempt's timeout, so that who waits for a holder that died can still ask for itself.
        self._lease_ms = max(1, round(timeout_s * 500))
        self._who = str(uuid4())
        self._held = _Held("", b"", 0.0)
        self._one_at_a_time = asyncio.Lock()
        self._is_closed = False

    async def token(self, *, other_than: str = "") -> str | Unanswered | Stated:
        """A token that is good, and not the one that was refused."""
        if not self._serves(other_than):
            async with self._one_at_a_time:
                if not self._serves(other_than) and (failed := await self._renewed(other_than)):
                    return failed
        return self._held.token

    async def close(self) -> None:
        """Close the way to the token endpoint."""
        self._is_closed = True
        await self._endpoint.close()

    def _serves(self, other_than: str) -> bool:
        return self._held.token != other_than and monotonic() < self._held.until

    async def _renewed(self, other_than: str) -> Unanswered | Stated | None:
        """Hold another token, or say why there is none."""
        wrong = self._held.sealed if self._held.token == other_than else b""
        # Ends with the attempt's timeout at the latest, or when the lease of a holder that died is over.
        while not self._is_closed:
            found = await self._shared.take(self._client.name, self._who, other_than=wrong, lease_ms=self._lease_ms)
            if isinstance(found, Kept):
                token = self._client.unsealed(found.sealed)
                if token is not None and token != other_than:
                    self._held = _Held(token, found.sealed, monotonic() + found.for_ms / 1000)
                    return None
                wrong = found.sealed
            elif isinstance(found, Wait):
                await asyncio.sleep(_ASK_AGAIN_S)
            else:
                return await self._fetched()
        return Unanswered("no access token: closed by this hub")

    async def _fetched(self) -> Unanswered | Stated | None:
        kept = None
        try:
            answer = await self._asked()
            found = token_in(answer) if isinstance(answer, HttpAnswer) else answer
            if not isinstance(found, tuple):
                return found
            token, life_s = found
            self._held = _Held(token, self._client.sealed(token), monotonic() + life_s)
            kept = Kept(self._held.sealed, max(1, round(life_s * 1000)))
        finally:
            await self._shared.settle(self._client.name, self._who, kept)
        return None

    async def _asked(self) -> HttpAnswer | Unanswered | Stated:
        client = self._client
        request = self._endpoint.request("POST", client.url, client.form.get_secret_value(), client.headers)
        answer = await self._endpoint.sent(request)
        return replace(answer, reason=f"no access token: {answer.reason}") if isinstance(answer, Unanswered) else answer
