"""A hub whose every part has a user of its own, with the rights of docs/security.md and no other."""

from collections.abc import Iterator

import aio_pika
import pytest
from hub_world import Hub, Service, order, registry_for, until
from redis import Redis
from rights_world import Users, users_with_rights

from topology import names

#: By the first word of what is run.
ROLES = {
    "apply": "deployer", "topology": "deployer", "publish": "publisher", "ingest": "ingest", "router": "router",
    "sender": "sender", "suspect": "suspect", "recorder": "recorder", "canary": "canary", "dlq": "operator",
    "status": "operator", "pause": "operator", "resume": "operator", "breaker": "operator", "rule": "operator",
}  # fmt: skip
#: Where no role may go: what needs it nevertheless says so.
NO_REDIS = "redis://127.0.0.1:1/0"
REFUSALS = ("ACCESS_REFUSED", "AccessRefused", "NOPERM", "NoPermission", "redis away", "this process's own")


@pytest.fixture(autouse=True)
def users(hub: Hub, amqp_url: str, management_url: str, redis_url: str) -> Iterator[Users]:
    # What was refused to who only listens in is told in words for debugging.
    hub.environment["MIH_LOG_LEVEL"] = "debug"
    with users_with_rights(amqp_url, management_url, redis_url) as users:
        for word, role in ROLES.items():
            hub.of_its_own[word] = {
                "MIH_AMQP_URL": users.amqp[role],
                "MIH_MANAGEMENT_URL": users.management[role],
                "MIH_REDIS_URL": users.redis.get(role, NO_REDIS),
            }
        yield users


@pytest.fixture
def refused_by_redis(redis_url: str, users: Users) -> Iterator[list[str]]:
    """What Redis refused to these users, known when the test is over."""
    refused: list[str] = []
    yield refused
    mine = {url.split("//")[1].split(":")[0] for url in users.redis.values()}
    with Redis.from_url(redis_url) as client:
        refused += [str(entry) for entry in client.acl_log() if entry["username"] in mine]
    assert not refused


async def returned_thrice(hub: Hub, queue: str) -> None:
    """Put a message into a queue that three takers let go."""
    connection = await aio_pika.connect(hub.environment["MIH_AMQP_URL"])
    async with connection:
        channel = await connection.channel()
        headers: aio_pika.abc.HeadersType = {names.HEADER_SERVICE: "till"}
        await channel.default_exchange.publish(aio_pika.Message(b"odd", headers=headers), queue)
        taken = await channel.get_queue(queue, ensure=False)
        for _ in range(3):
            await (await taken.get()).reject(requeue=True)


@pytest.mark.timeout(240)
@pytest.mark.usefixtures("refused_by_redis")
async def test_a_hub_whose_parts_have_the_least_rights_does_all_its_work(hub: Hub, service: Service) -> None:
    canaries = "  canaries: {event: mih.canary, service: till, payload: none}"
    await hub.apply(registry_for(service.url, more=canaries))
    await hub.run("topology", "verify")
    await hub.start("ingest", "router", "sender rest", "suspect", "recorder")
    await hub.run("canary")
    service.arrived.clear()

    service.answer = lambda nth: 503 if nth == 1 else 200
    await hub.publish([order(0)])
    await until(lambda: service.numbers() == {0}, "the retry came by the ladder")

    service.answer = lambda _: 400
    await hub.publish([order(1), {"unreadable": True}])
    await hub.until_indexed(2)
    assert "till" in await hub.run("dlq", "list", "--json")
    await hub.run("dlq", "replay", "--service", "till", "--anew")
    await until(lambda: len(service.arrived) == 4, "it was rendered and refused anew")
    await hub.until_depth("mih.dlq.till", 1)
    await hub.until_indexed(2)
    service.answer = lambda _: 200
    await hub.run("dlq", "replay", "--service", "till")
    await until(lambda: service.numbers() == {0, 1}, "the replay arrived")
    await hub.run("dlq", "discard", "--service", "invalid", "--yes")
    await hub.until_depth("mih.invalid", 0)

    assert "what was said is in force" not in await hub.run("pause", "till", "--why", "maintenance")
    await hub.publish([order(2)])
    await hub.until_depth("mih.service.till", 1)
    await hub.run("resume", "till")
    await until(lambda: 2 in service.numbers(), "it was resumed")
    await hub.run("breaker", "reset", "till")
    assert "closed" in await hub.run("breaker", "show", "till", "--json")
    assert "till" in await hub.run("status", "--json")
    for words in REFUSALS:
        assert words not in hub.logs()


@pytest.mark.timeout(240)
async def test_the_recorder_keeps_the_limits_of_dead_letters_with_its_rights(hub: Hub, service: Service) -> None:
    service.answer = lambda _: 400
    registry = registry_for(
        service.url, more="  odd: {event: shop.odd, service: till, missing: error, payload: '{{a}}'}"
    )
    await hub.apply(registry)
    await hub.start("ingest", "router", "sender rest", "recorder")
    # The last dies already in the router.
    await hub.publish([*map(order, range(3)), {**order(3), "type": "shop.odd"}])
    await hub.until_indexed(4)
    await hub.stop("recorder")
    await hub.apply(registry.replace("timeout: 5s", "timeout: 5s, dead_letters: {max_letters: 1}"))
    await hub.start("recorder")
    await hub.until_depth("mih.dlq.till", 1)
    for words in REFUSALS:
        assert words not in hub.logs()


@pytest.mark.parametrize(
    ("stage", "role", "queue"),
    [
        ("ingest", "ingest", names.INGEST),
        ("router", "router", names.ROUTER),
        ("sender", "sender rest", names.service_queue("till")),
        ("recorder", "recorder", names.DEAD),
    ],
)
async def test_each_stage_may_send_away_its_suspects_and_mih_suspect_works_them(
    hub: Hub, service: Service, stage: str, role: str, queue: str
) -> None:
    await hub.apply(registry_for(service.url))
    await returned_thrice(hub, queue)
    await hub.start(role)
    await hub.until_depth(names.suspect_queue(stage), 1)
    await hub.start("suspect")
    await hub.until_depth(names.suspect_queue(stage), 0)
    if stage != "recorder":
        await hub.until_depth(names.dead_letter_queue("till") if stage == "sender" else names.INVALID, 1)
    else:
        await hub.until_indexed(1)
    for words in REFUSALS:
        assert words not in hub.logs()
