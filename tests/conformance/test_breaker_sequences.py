"""Whatever senders ask and report, in whatever order, Redis and memory answer the same."""

import asyncio
from collections.abc import Iterator
from time import monotonic
from typing import Any

import pytest
from breaker_suite import Guarded
from hypothesis import given, settings
from hypothesis import strategies as st
from redis import Redis

from pipeline.attempt.breaker import MemoryBreaker
from pipeline.shared_state import open_shared_state
from pipeline.shared_state.breaker import Breakers
from pipeline.shared_state.permit import Burden, Permit, Policy

POLICIES = st.builds(
    Policy,
    mode=st.sampled_from(["consecutive", "ratio"]),
    failures=st.integers(1, 3),
    ratio=st.sampled_from([0.3, 0.5, 1.0]),
    window_ms=st.sampled_from([1000, 1005, 30_000]),
    minimum=st.integers(1, 4),
    cooldown_ms=st.sampled_from([1000, 3000]),
    lease_ms=st.sampled_from([500, 2000]),
    rate_interval_us=st.sampled_from([0, 0, 1, 333_333, 2_000_000]),
)
BURDENS = st.builds(Burden, fails=st.booleans(), strains=st.booleans(), refuses=st.booleans(), delivered=st.booleans())
#: Few, so that some are known already.
KEYS = st.sampled_from(["", "a", "b", *"cdefghijklmnop"])
Step = tuple[Any, ...]
#: A number is the place of a permit among those that are out.
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.tuples(st.just("wait"), st.sampled_from([1, 50, 99, 100, 499, 500, 1000, 3000, 31_000])),
    st.tuples(st.just("ask"), KEYS, st.booleans(), st.sampled_from([False, False, False, True])),
    st.tuples(st.just("ask"), KEYS, st.just(value=True), st.just(value=False)),
    st.tuples(st.just("report"), st.integers(0, 9), BURDENS, KEYS),
    st.tuples(st.just("report"), st.integers(0, 9), st.just(Burden(fails=True)), KEYS),
    st.tuples(st.just("report"), st.integers(0, 9), st.just(Burden()), KEYS),
    st.tuples(st.just("release"), st.integers(0, 9)),
    st.tuples(st.just("again"), st.integers(0, 9)),
    st.tuples(st.sampled_from(["reset", "policy"])),
)


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


def test_redis_and_memory_answer_the_same(redis_url: str, runner: asyncio.Runner) -> None:
    @settings(max_examples=150, deadline=None)
    @given(policies=st.tuples(POLICIES, POLICIES), steps=st.lists(STEPS, min_size=10, max_size=60))
    def holds(policies: tuple[Policy, Policy], steps: list[Step]) -> None:
        with Redis.from_url(redis_url) as client:
            client.flushdb()
        runner.run(_lived_by_both(redis_url, policies, steps))

    holds()


async def _lived_by_both(redis_url: str, policies: tuple[Policy, Policy], steps: list[Step]) -> None:
    async with open_shared_state(redis_url, monotonic) as state:
        both = [Guarded(Breakers(state), policies[0]), Guarded(MemoryBreaker(), policies[0])]
        out: list[Permit] = []
        for step in steps:
            shared, own = [await _lived(service, step, policies, out) for service in both]
            assert shared == own, step
            assert await both[0].standing() == await both[1].standing(), step
            _settle(step, shared, out)


async def _lived(service: Guarded, step: Step, policies: tuple[Policy, Policy], out: list[Permit]) -> object:
    """What a service answers to this step."""
    match step:
        case "wait", ms:
            service.now_ms += ms
        case "ask", key, is_probe, ignore_breaker:
            return await service.ask(key=key, is_probe=is_probe, ignore_breaker=ignore_breaker)
        case "report", place, burden, key if out:
            return await service.say(out[place % len(out)], burden, key)
        case "release", place if out:
            await service.release(out[place % len(out)].token)
        case "again", place if out:
            return await service.ask(token=out[place % len(out)].token, is_probe=True)
        case ("reset",):
            await service.reset()
        case ("policy",):
            service.policy = next(policy for policy in policies if policy is not service.policy)
    return None


def _settle(step: Step, answer: object, out: list[Permit]) -> None:
    if step[0] in ("report", "release") and out:
        out.pop(step[1] % len(out))
    if isinstance(answer, Permit):
        out.append(answer)
