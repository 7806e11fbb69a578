"""The breaker of many senders at once: nothing is counted less than it happened, and one probe is one."""

import asyncio
import multiprocessing
import os
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from multiprocessing.queues import SimpleQueue
from multiprocessing.synchronize import Barrier
from time import monotonic

import pytest
from redis.asyncio import Redis

from pipeline.shared_state.breaker import Breakers
from pipeline.shared_state.permit import Burden, Judged, Open, Permit, Policy, State
from pipeline.shared_state.redis import SharedState

BAD = Burden(fails=True)
SENDERS = 12
QUESTIONS = 20
#: Seconds within which all processes have started; far more than it may take.
BOUND_S = 60


@asynccontextmanager
async def patient(redis_url: str) -> AsyncIterator[SharedState]:
    """Hundreds of connections at once take their time."""
    async with Redis.from_url(redis_url, socket_timeout=BOUND_S, socket_connect_timeout=BOUND_S) as client:
        yield SharedState(client, monotonic)


@pytest.fixture
async def states(redis_url: str) -> AsyncIterator[list[SharedState]]:
    """As many clients, each with connections of its own."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(patient(redis_url)) for _ in range(SENDERS)]


@pytest.fixture
def senders(states: list[SharedState]) -> list[Breakers]:
    return [Breakers(state) for state in states]


async def fail(sender: Breakers, policy: Policy, token: str) -> Judged:
    permit = await sender.permit("erp", policy, token, token)
    assert isinstance(permit, Permit)
    return await report(sender, policy, permit)


async def report(sender: Breakers, policy: Policy, permit: Permit) -> Judged:
    return await sender.report(
        "erp", policy, permit, BAD, delivery_key="", remember_ms=0, error="it failed", latency_ms=1
    )


async def test_w4_of_200_concurrent_failures_200_are_counted(senders: list[Breakers]) -> None:
    policy = Policy(failures=201)
    judged = await asyncio.gather(*(fail(senders[at % SENDERS], policy, str(at)) for at in range(200)))
    assert judged == [Judged()] * 200
    assert (await senders[0].states(["erp"]))["erp"].failures == 200
    assert (await fail(senders[0], policy, "one more")).state is State.OPEN


async def test_many_failures_at_once_open_the_breaker_once(senders: list[Breakers]) -> None:
    permits = [await sender.permit("erp", Policy(), "", str(at)) for at, sender in enumerate(senders)]
    told = zip(senders, permits, strict=True)
    judged = await asyncio.gather(
        *(report(sender, Policy(), permit) for sender, permit in told if isinstance(permit, Permit))
    )
    assert sum(each.counts for each in judged) == 4
    assert await senders[0].version() == 1


def _probe(redis_url: str, start: Barrier, answers: SimpleQueue[bool]) -> None:
    """One process of a sender: all of them ask at once, several times."""

    async def ask() -> None:
        async with patient(redis_url) as state:
            breakers = Breakers(state)
            await breakers.version()
            start.wait(BOUND_S)
            for question in range(QUESTIONS):
                answer = await breakers.permit("erp", Policy(), "", f"{os.getpid()}-{question}", is_probe=True)
                answers.put(isinstance(answer, Permit) and answer.is_probe)

    asyncio.run(ask())


async def test_w3_of_12_senders_that_ask_at_once_one_gets_the_probe(senders: list[Breakers], redis_url: str) -> None:
    for at in range(5):
        await fail(senders[0], Policy(cooldown_ms=1), str(at))
    spawn = multiprocessing.get_context("spawn")
    start, answers = spawn.Barrier(SENDERS), spawn.SimpleQueue()
    processes = [spawn.Process(target=_probe, args=(redis_url, start, answers), daemon=True) for _ in range(SENDERS)]
    for process in processes:
        process.start()
    for process in processes:
        await asyncio.to_thread(process.join, BOUND_S)
    assert [process.exitcode for process in processes] == [0] * SENDERS
    assert sum(answers.get() for _ in range(SENDERS * QUESTIONS)) == 1
    assert (await senders[0].states(["erp"]))["erp"].state is State.HALF_OPEN


async def test_a_redis_that_was_emptied_is_a_closed_breaker(states: list[SharedState], senders: list[Breakers]) -> None:
    sender = senders[0]
    permits = [await sender.permit("erp", Policy(), "", str(at)) for at in range(7)]
    held = [permit for permit in permits if isinstance(permit, Permit)]
    for permit in held[:5]:
        await report(sender, Policy(), permit)
    assert isinstance(await sender.permit("erp", Policy(), "", "t"), Open)
    await states[0].client.flushdb()
    assert await report(sender, Policy(), held[5]) == Judged()
    await sender.release("erp", held[6].token)
    assert isinstance(await sender.permit("erp", Policy(), "", "t"), Permit)
    assert (await sender.states(["erp"]))["erp"].failures == 1


async def test_scripts_that_redis_forgot_are_given_to_it_again(
    states: list[SharedState], senders: list[Breakers]
) -> None:
    sender = senders[0]
    for token in ("before", "after"):
        await fail(sender, Policy(), token)
        await sender.release("erp", token)
        assert await sender.heartbeat("rest", "a") == 1
        await states[0].client.script_flush()
    assert (await sender.states(["erp"]))["erp"].failures == 2
    await sender.reset("erp")
    assert (await sender.states(["erp"]))["erp"].failures == 0
