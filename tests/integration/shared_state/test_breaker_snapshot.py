"""What `mih status` is told of services and senders."""

from collections.abc import AsyncIterator
from time import monotonic
from typing import cast

import pytest

from pipeline.shared_state import SharedState, open_shared_state
from pipeline.shared_state.breaker import Breakers
from pipeline.shared_state.permit import Burden, Permit, Policy, Standing, State

NOON_MS = 1_700_049_600_000 // 60_000 * 60_000
DAY_MS = 24 * 3600 * 1000


@pytest.fixture
async def state(redis_url: str) -> AsyncIterator[SharedState]:
    async with open_shared_state(redis_url, monotonic) as state:
        yield state


@pytest.fixture
def breakers(state: SharedState) -> Breakers:
    return Breakers(state)


async def answered(breakers: Breakers, latency_ms: int, *, error: str = "", now_ms: int | None = NOON_MS) -> None:
    await breakers.report(
        "erp",
        Policy(),
        Permit("t", NOON_MS),
        Burden(fails=bool(error), delivered=not error),
        delivery_key="k",
        remember_ms=DAY_MS,
        error=error,
        latency_ms=latency_ms,
        now_ms=now_ms,
    )


async def test_a_service_that_nobody_asked_for_stands_well(breakers: Breakers) -> None:
    assert await breakers.snapshot(["erp"]) == await breakers.states(["erp"]) == {"erp": Standing()}
    assert await breakers.states([]) == {}


async def test_a_snapshot_holds_all_that_is_known(breakers: Breakers) -> None:
    for at in range(5):
        await breakers.permit("erp", Policy(), "", str(at), first_seen_ms=NOON_MS - 7, now_ms=NOON_MS)
        await answered(breakers, 100, error="503 Service Unavailable " + "é" * 300)
    standing = (await breakers.snapshot(["lake", "erp"], now_ms=NOON_MS + 1000))["erp"]
    assert standing == Standing(
        state=State.OPEN,
        since_ms=NOON_MS,
        next_probe_ms=NOON_MS + 30_000,
        failures=5,
        flying=5,
        last_error="503 Service Unavailable " + "é" * 176,
        last_error_ms=NOON_MS,
        head_ms=NOON_MS - 7,
        latencies={107: 5},
        rate=5 / 60,
    )


async def test_an_error_that_is_no_text_is_kept_as_far_as_it_is(breakers: Breakers) -> None:
    await answered(breakers, 1, error="bad \udcff")
    assert (await breakers.snapshot(["erp"]))["erp"].last_error == "bad ?"


async def test_requests_whose_lease_is_over_are_not_in_flight(breakers: Breakers) -> None:
    await breakers.permit("erp", Policy(lease_ms=1000), "", "short", now_ms=NOON_MS)
    await breakers.permit("erp", Policy(lease_ms=9000), "", "long", now_ms=NOON_MS)
    flying = [(await breakers.snapshot(["erp"], now_ms=NOON_MS + ms))["erp"].flying for ms in (999, 1000, 9000)]
    assert flying == [2, 1, 0]


@pytest.mark.parametrize(
    ("latency_ms", "below_ms"),
    [
        (0, 1),
        (1, 1),
        (2, 2),
        (3, 3),
        (4, 4),
        (5, 5),
        (6, 6),
        (7, 8),
        (8, 8),
        (9, 9),
        (10, 11),
        (1000, 1024),
        (1025, 1217),
    ],
)
async def test_latencies_are_counted_below_bounds_that_grow_with_them(
    breakers: Breakers, latency_ms: int, below_ms: int
) -> None:
    await answered(breakers, latency_ms)
    assert (await breakers.snapshot(["erp"], now_ms=NOON_MS))["erp"].latencies == {below_ms: 1}


async def test_latencies_are_those_of_the_last_minutes(breakers: Breakers) -> None:
    for minute in range(10):
        await answered(breakers, 2**minute, now_ms=NOON_MS + minute * 60_000)
    standing = (await breakers.snapshot(["erp"], now_ms=NOON_MS + 9 * 60_000))["erp"]
    assert standing.latencies == {2**minute: 1 for minute in range(4, 10)}


async def test_the_rate_is_that_of_the_last_minute(breakers: Breakers) -> None:
    for _ in range(60):
        await answered(breakers, 1)
    rates = [(await breakers.snapshot(["erp"], now_ms=NOON_MS + s * 1000))["erp"].rate for s in (0, 60, 90, 120)]
    assert rates == [1, 1, 0.5, 0]


async def test_what_happens_now_is_seen_now(breakers: Breakers) -> None:
    assert isinstance(await breakers.permit("erp", Policy(), "", "t"), Permit)
    await answered(breakers, 3, now_ms=None)
    standing = (await breakers.snapshot(["erp"]))["erp"]
    assert standing.latencies == {3: 1}


async def test_all_that_is_kept_ends_some_day(breakers: Breakers, state: SharedState) -> None:
    policy = Policy(mode="ratio", rate_interval_us=1000)
    permit = await breakers.permit("erp", policy, "k", "t", first_seen_ms=1)
    assert isinstance(permit, Permit)
    await breakers.permit("erp", policy, "k2", "t2")
    said = Burden(delivered=True, strains=True)
    await breakers.report("erp", policy, permit, said, delivery_key="k", remember_ms=DAY_MS, error="e", latency_ms=1)
    await breakers.heartbeat("rest", "a")
    names = cast(list[bytes], await state.client.keys())
    keys = {key.decode(): await state.client.pttl(key) for key in names}
    assert {key.rsplit(":", 1)[0] for key in keys} == {
        *("mih:breaker", "mih:flying", "mih:counts", "mih:delivered", "mih:latency:erp", "mih:senders")
    }
    assert all(0 < left_ms <= 7 * DAY_MS for left_ms in keys.values())
    assert keys["mih:delivered:k"] <= DAY_MS


async def test_every_transition_is_seen_in_the_version(breakers: Breakers) -> None:
    versions = [await breakers.version()]
    for burden in (Burden(fails=True), Burden(fails=True), Burden()):
        permit = await breakers.permit(
            "erp", Policy(failures=1, cooldown_ms=1), "", "t", is_probe=True, now_ms=len(versions) * 1000
        )
        assert isinstance(permit, Permit)
        await breakers.report(
            "erp",
            Policy(failures=1, cooldown_ms=1),
            permit,
            burden,
            delivery_key="",
            remember_ms=0,
            error="",
            latency_ms=1,
            now_ms=len(versions) * 1000,
        )
        versions.append(await breakers.version())
    assert versions == [0, 1, 3, 5]


async def test_senders_count_for_five_seconds_after_they_were_heard(breakers: Breakers) -> None:
    assert await breakers.heartbeat("rest", "a", now_ms=NOON_MS) == 1
    assert await breakers.heartbeat("rest", "b", now_ms=NOON_MS + 3000) == 2
    assert await breakers.heartbeat("rest", "b", now_ms=NOON_MS + 3000) == 2
    assert await breakers.senders("amqp", now_ms=NOON_MS) == 0
    counts = [await breakers.senders("rest", now_ms=NOON_MS + ms) for ms in (5000, 5001, 8000, 8001)]
    assert counts == [2, 1, 1, 0]


async def test_a_sender_that_is_heard_now_counts_now(breakers: Breakers) -> None:
    await breakers.heartbeat("rest", "a")
    assert await breakers.senders("rest") == 1
