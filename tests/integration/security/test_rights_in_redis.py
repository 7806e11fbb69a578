"""What each role may do in Redis; that it is enough, the journeys show."""

import re
from collections.abc import Iterator
from importlib.resources import files
from time import monotonic
from typing import Any

import pytest
from redis import Redis
from redis.exceptions import NoPermissionError
from rights_world import Users, redis_rules, users_with_rights

from pipeline.shared_state import open_shared_state
from pipeline.shared_state.breaker import Breakers
from pipeline.shared_state.permit import Burden, Permit, Policy, State
from pipeline.shared_state.tokens import Fetch, Kept, Tokens

ROLES = ("ingest", "sender", "suspect", "operator")
#: What → the command → who may.
ACTS: dict[str, tuple[tuple[Any, ...], set[str]]] = {
    "read a claim": (("GET", "mih:claim:a"), {"ingest", "suspect"}),
    "write a claim": (("SET", "mih:claim:a", "done:b"), {"ingest", "suspect"}),
    "read a breaker": (("HGETALL", "mih:breaker:till"), {"sender", "suspect", "operator"}),
    "change a breaker": (("HSET", "mih:breaker:till", "state", "open"), {"sender", "suspect", "operator"}),
    "say that a delivery was made": (("SET", "mih:delivered:d", "1"), {"sender", "suspect"}),
    "count a latency": (("HINCRBY", "mih:latency:till:1", "5", 1), {"sender", "suspect"}),
    "read latencies": (("HGETALL", "mih:latency:till:1"), {"sender", "suspect", "operator"}),
    "take a token": (("GET", "mih:token:a"), {"sender", "suspect"}),
    "say that a sender is alive": (("ZADD", "mih:senders:rest", 1, "a"), {"sender"}),
    "read what others keep there": (("GET", "session:1"), set()),
    "write where others keep theirs": (("SET", "session:1", "x"), set()),
    "read every key's name": (("KEYS", "*"), set()),
    "look for keys": (("SCAN", 0), set()),
    "forget everything": (("FLUSHDB",), set()),
    "read the configuration": (("CONFIG", "GET", "*"), set()),
    "change the users": (("ACL", "SETUSER", "x"), set()),
    "hear what others ask": (("MONITOR",), set()),
    "send what others hear": (("PUBLISH", "x", "y"), set()),
    "write where everybody may read": (("EVAL", "return redis.call('SET', 'session:1', 'x')", 0), set()),
    "move the data elsewhere": (("REPLICAOF", "127.0.0.1", "1"), set()),
}


@pytest.fixture
def users(amqp_url: str, management_url: str, redis_url: str) -> Iterator[Users]:
    with users_with_rights(amqp_url, management_url, redis_url) as users:
        yield users


def allowed(redis_url: str) -> set[str]:
    done = set()
    with Redis.from_url(redis_url) as client:
        for what, (command, _) in ACTS.items():
            try:
                client.execute_command(*command)
            except NoPermissionError:
                continue
            done.add(what)
    return done


def test_every_user_of_the_page_is_tried() -> None:
    assert set(redis_rules()) == set(ROLES)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_in_redis_what_it_needs_and_nothing_else(users: Users, role: str) -> None:
    assert allowed(users.redis[role]) == {what for what, (_, who) in ACTS.items() if role in who}


@pytest.mark.parametrize("role", ["sender", "operator"])
def test_a_script_may_not_do_what_its_caller_may_not(users: Users, role: str) -> None:
    with Redis.from_url(users.redis[role]) as client:
        script = client.script_load("return redis.call('SET', KEYS[1], 'x')")
        with pytest.raises(NoPermissionError):
            client.evalsha(script, 1, "mih:claim:a")


@pytest.mark.parametrize("role", ["sender", "suspect"])
@pytest.mark.parametrize("mode", ["consecutive", "ratio"])
async def test_everything_that_a_sender_asks_of_redis_is_answered(users: Users, role: str, mode: str) -> None:
    policy = Policy(mode=mode, failures=2, minimum=2, rate_interval_us=1)
    async with open_shared_state(users.redis[role], monotonic) as shared:
        breakers, tokens = Breakers(shared), Tokens(shared)
        failed, delivered = Burden(fails=True, strains=True), Burden(delivered=True)
        for slug, said in (("mill", failed), ("mill", delivered), ("till", failed), ("till", failed)):
            permit = await breakers.permit(slug, policy, "d1", "t1", first_seen_ms=1)
            assert isinstance(permit, Permit)
            judged = await breakers.report(
                slug, policy, permit, said, delivery_key="d2", remember_ms=9, error="503", latency_ms=5
            )
        assert judged.state is State.OPEN
        await breakers.release("mill", "t1")
        assert await breakers.version() > 0
        assert not await breakers.knows("d1")
        assert isinstance(await tokens.take("a", "me", other_than=b"", lease_ms=1000), Fetch)
        await tokens.settle("a", "me", Kept(b"sealed", 60_000))
        assert isinstance(await tokens.take("a", "you", other_than=b"", lease_ms=1000), Kept)
        assert shared.degraded == 0
        if role == "sender":
            assert (await breakers.states(["till"]))["till"].state is State.OPEN
            await breakers.drained("till", 1)
            assert await breakers.heartbeat("rest", "me") == 1


async def test_everything_that_an_operator_asks_of_redis_is_answered(users: Users) -> None:
    async with open_shared_state(users.redis["operator"], monotonic) as shared:
        breakers = Breakers(shared)
        await breakers.reset("till")
        assert set(await breakers.snapshot(["till"])) == set(await breakers.states(["till"])) == {"till"}
        assert await breakers.senders("rest") == 0


def test_every_key_of_the_hub_is_somebodys() -> None:
    room = files("pipeline.shared_state")
    texts = [file.read_text() for file in room.iterdir() if file.name.endswith(".py")]
    born = {key for text in texts for key in re.findall(r'f?"(mih:[a-z-]+)', text)}
    given = {rule.split("~")[1].removesuffix(":*") for rules in redis_rules().values() for rule in rules if "~" in rule}
    assert born == given
