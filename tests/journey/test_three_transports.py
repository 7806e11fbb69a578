"""One hub, three services by three transports: each in trouble of its own, and every order arrives at each, once."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aio_pika
import orjson
import pytest
from hub_world import Hub, Service, order, until
from lake_service import EXCHANGE, LakeService, running_lake
from sis_service import SisService, running_sis

from topology import names

PASSWORD, ANOTHER = "open-sesame", "another-word"
ROLES = ("ingest", "router", "sender rest", "sender amqp", "sender soap", "recorder")
LIKE_ALL = "timeout: 10s, retry: {backoff: 1s, max_backoff: 1s}, breaker: {failures: 3, cooldown: 1s}"


@dataclass(frozen=True)
class World:
    """A hub that runs, and its three services."""

    hub: Hub
    till: Service
    lake: LakeService
    sis: SisService

    async def publish(self, first: int, end: int) -> None:
        await self.hub.publish(map(order, range(first, end)))

    async def ask_for(self, password: str) -> None:
        """Let the services take this password, and no other."""
        asked = self.till.arrived
        self.till.answer = lambda nth: (
            200 if f"Bearer {password}" == asked[nth - 1]["headers"]["Authorization"] else 401
        )
        self.sis.password = password
        await self.lake.let_in_by(password)

    def numbers(self) -> dict[str, list[int]]:
        """What each service accepted, each number as often as it was."""
        till = [one["body"]["number"] for one in self.till.answered if one["status"] < 300]
        return {"till": sorted(till), "lake": self.lake.numbers, "sis": self.sis.numbers}

    async def until_all_arrived(self, count: int, *slugs: str) -> None:
        """Until the orders have arrived, at all services where none is named."""
        waited_for = slugs or ("till", "lake", "sis")
        await until(
            lambda: all(len(set(self.numbers()[slug])) == count for slug in waited_for),
            f"{count} arrived at {', '.join(waited_for)}",
        )

    async def assert_each_arrived_once(self, count: int) -> None:
        await self.until_all_arrived(count)
        for slug, numbers in self.numbers().items():
            assert numbers == list(range(count)), slug
            await self.hub.until_depth(names.service_queue(slug), 0)
            await self.hub.until_depth(names.dead_letter_queue(slug), 0)


@pytest.fixture
async def world(hub: Hub, service: Service, amqp_url: str, management_url: str) -> AsyncIterator[World]:
    hub.environment["PASSWORD"] = PASSWORD
    async with running_lake(amqp_url, management_url, PASSWORD) as lake, running_sis(PASSWORD) as sis:
        await hub.apply(registry(service, lake, sis))
        await hub.start(*ROLES)
        world = World(hub, service, lake, sis)
        await world.ask_for(PASSWORD)
        yield world


def registry(till: Service, lake: LakeService, sis: SisService) -> str:
    return f"""
version: 1
services:
  till:
    {{transport: rest, url: "{till.url}", auth: {{type: bearer, token: "env:PASSWORD"}}, {LIKE_ALL}}}
  lake:
    {{transport: amqp, url: "{lake.url}", exchange: {EXCHANGE},
      auth: {{type: basic, username: {lake.user}, password: "env:PASSWORD"}}, {LIKE_ALL}}}
  sis:
    {{transport: soap, wsdl: "{sis.url}/people?wsdl",
      auth: {{type: basic, username: mih, password: "env:PASSWORD"}}, {LIKE_ALL}}}
rules:
  to-till: {{event: shop.order, service: till, payload: '{{{{data}}}}'}}
  to-lake: {{event: shop.order, service: lake, send: {{routing_key: "{{{{event.key}}}}"}}, payload: '{{{{data}}}}'}}
  to-sis:
    event: shop.order
    service: sis
    send: {{operation: createPerson}}
    payload: '{{"name": "order", "id": {{{{number}}}}}}'
"""


def breaker_states(hub: Hub) -> list[str]:
    """What the SOAP sender said of its breaker, one state after another."""
    lines = map(orjson.loads, (hub.folder / "sender-soap.log").read_bytes().splitlines())
    return [line["state"] for line in lines if line["message"] == "breaker"]


@asynccontextmanager
async def alarms(hub: Hub) -> AsyncIterator[list[dict[str, Any]]]:
    """What is told on mih.outcomes of services that the hub paused."""
    raised: list[dict[str, Any]] = []

    async def hear(message: aio_pika.abc.AbstractIncomingMessage) -> None:
        raised.append(orjson.loads(message.body))

    async with await aio_pika.connect(hub.environment["MIH_AMQP_URL"]) as connection:
        queue = await (await connection.channel()).declare_queue(exclusive=True)
        await queue.bind(names.OUTCOMES, "paused.#")
        await queue.consume(hear, no_ack=True)
        yield raised


async def test_what_cannot_pass_is_dead_with_its_reason_and_arrives_when_it_is_mended_and_replayed(
    world: World,
) -> None:
    await world.publish(0, 5)
    await world.until_all_arrived(5)
    await world.lake.delete_queue()
    world.sis.fault = "Client"
    await world.publish(5, 10)
    await world.until_all_arrived(10, "till")
    await world.hub.until_indexed(10)
    causes = {cause["place"]: cause for cause in orjson.loads(await world.hub.run("dlq", "list", "--json"))["groups"]}
    assert {slug: cause["letters"] for slug, cause in causes.items()} == {"lake": 5, "sis": 5}
    assert causes["lake"]["reason"].startswith("unroutable: the broker has no queue for exchange 'lake'")
    assert causes["sis"]["reason"] == "SOAP fault Client"
    assert world.sis.asked == 10
    shown = await world.hub.run("dlq", "show", "order-5")
    assert all(cause["reason"] in shown for cause in causes.values()), shown
    await world.lake.open_queue()
    world.sis.fault = ""
    for slug in causes:
        await world.hub.run("dlq", "replay", "--service", slug)
    await world.assert_each_arrived_once(10)


async def test_a_broker_that_hangs_up_in_the_middle_gets_every_message_all_the_same(world: World) -> None:
    count = 500
    publishing = asyncio.create_task(world.publish(0, count))
    await until(lambda: len(world.lake.numbers) > 20, "messages flow")
    assert world.lake.cut() == 1
    before = len(world.lake.numbers)
    await publishing
    await world.until_all_arrived(count)
    assert before < count
    # Whose confirm was cut off comes again, under the same id; nobody else's does.
    assert len(world.lake.arrived) == count
    assert len(world.lake.numbers) - count <= 16
    assert (world.numbers()["till"], world.numbers()["sis"]) == (list(range(count)),) * 2
    await world.hub.until_depth(names.dead_letter_queue("lake"), 0)


async def test_server_faults_open_the_breaker_and_nothing_dies_of_them(world: World) -> None:
    world.sis.fault = "Server"
    await world.publish(0, 30)
    await world.until_all_arrived(30, "till", "lake")
    await until(lambda: breaker_states(world.hub)[:1] == ["open"], "the breaker opens")
    asked = world.sis.asked
    await world.publish(30, 40)
    await until(lambda: world.sis.asked > asked, "a probe asks")
    assert world.sis.numbers == []
    world.sis.fault = ""
    await world.assert_each_arrived_once(40)
    await until(lambda: breaker_states(world.hub)[-1] == "closed", "the breaker closes")


async def test_credentials_that_are_refused_pause_each_service_with_an_alarm_until_they_are_right(world: World) -> None:
    async with alarms(world.hub) as raised:
        await world.ask_for(ANOTHER)
        await world.publish(0, 10)
        await until(lambda: len(raised) == 3, "all three are paused")
        assert {alarm["service"] for alarm in raised} == {"till", "lake", "sis"}
        assert not any(secret in str(raised) for secret in (PASSWORD, ANOTHER))
        assert world.numbers() == {"till": [], "lake": [], "sis": []}
        await world.ask_for(PASSWORD)
        for slug in ("till", "lake", "sis"):
            await world.hub.run("resume", slug)
        await world.assert_each_arrived_once(10)
        assert len(raised) == 3
