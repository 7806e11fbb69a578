"""The fleet's breakers, as commands ask for them: Redis is asked once, and the command says it where it is away."""

import logging
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import TypeVar

import structlog

from pipeline.settings import Settings, redacted
from pipeline.shared_state import open_shared_state
from pipeline.shared_state.breaker import Breakers

T = TypeVar("T")


async def ask_fleet(settings: Settings, question: Callable[[Breakers], Awaitable[T]]) -> T | None:
    """Give the answer; None when Redis does not answer."""
    # What is logged of that is meant for stages, which go on without it.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    async with open_shared_state(settings.redis_url, monotonic) as shared:
        breakers = Breakers(shared)
        answer: T | None = await shared.ask(lambda: question(breakers), otherwise=None)
        return answer


def redis_away(settings: Settings) -> str:
    """Say that it did not answer, without its password."""
    return f"Redis at {redacted(settings.redis_url)} does not answer"
