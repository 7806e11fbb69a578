"""Redis, and going on without it: a question that Redis does not answer gets the answer that lets messages pass."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import redis.asyncio
import structlog
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from pipeline.cancellation import cancellation_kept
from pipeline.shared_state.trips import Trips

#: Seconds. A message waits no longer for protection than this.
ANSWER_TIMEOUT_S = 0.5
#: Seconds without questions after one was not answered, so that a slow Redis does not slow every message.
AWAY_FOR_S = 1.0

T = TypeVar("T")
log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class SharedState:
    """A Redis client that counts what it could not ask."""

    client: redis.asyncio.Redis
    now: Callable[[], float]
    #: Questions that went unanswered since the start.
    degraded: int = 0
    #: The way of the questions that every message asks.
    trips: Trips = field(init=False)
    _away_until: float = 0.0
    _is_away: bool = False

    def __post_init__(self) -> None:
        """Share the client's connections."""
        self.trips = Trips(self.client)

    async def ask(self, question: Callable[[], Awaitable[T]], *, otherwise: T) -> T:
        """The answer of Redis; `otherwise` when it does not answer."""
        if self.now() < self._away_until:
            self.degraded += 1
            return otherwise
        try:
            with cancellation_kept():
                answer = await question()
        except (RedisError, OSError, TimeoutError) as away:
            self._lost(away)
            return otherwise
        self._found()
        return answer

    def was_away(self, within_s: float) -> bool:
        """Whether the last question went unanswered, within so many seconds."""
        return self._is_away and self.now() < self._away_until + within_s

    def _lost(self, away: Exception) -> None:
        self.degraded += 1
        self._away_until = self.now() + AWAY_FOR_S
        if not self._is_away:
            log.warning("redis away: repeats may pass", reason=type(away).__name__, degraded=self.degraded)
        self._is_away = True

    def _found(self) -> None:
        if self._is_away:
            log.info("redis back", degraded=self.degraded)
        self._is_away = False


@contextlib.asynccontextmanager
async def open_shared_state(url: str, now: Callable[[], float]) -> AsyncIterator[SharedState]:
    """Open a pool; nothing is connected before the first question. `now` is a monotonic clock in seconds."""
    client = redis.asyncio.Redis.from_url(
        url,
        socket_timeout=ANSWER_TIMEOUT_S,
        socket_connect_timeout=ANSWER_TIMEOUT_S,
        retry=Retry(NoBackoff(), retries=0),
        client_name="mih",
    )
    try:
        yield SharedState(client, now)
    finally:
        await client.aclose()
