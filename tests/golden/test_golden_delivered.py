"""All that a release left in its queues, its database and its Redis is delivered by a hub of the present code."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from golden_message import RELEASES, Golden, changed, golden_messages
from golden_registry import SLUGS, registry_text
from hub_world import DEADLINE_S, Hub, Service, hub_of, running_service
from kept_now import load_redis
from lake_service import LakeService, running_lake
from queues import Queues
from sis_service import SisService, running_sis
from test_golden_kept import database_of, shared_by

from pipeline.broker import open_session
from topology import names

PASSWORD = "open-sesame"
STAGES = ("ingest", "router", "sender rest", "sender amqp", "sender soap", "suspect")
Arrival = tuple[str, str | None, int]


@dataclass(frozen=True)
class World:
    """A hub of which only the recorder runs, so that each queue exists and holds what it is given."""

    hub: Hub
    till: Service
    lake: LakeService
    sis: SisService
    queues: Queues

    async def publish(self, messages: list[Golden]) -> None:
        for message in messages:
            await self.queues.session.publish(message.outgoing())

    def arrived(self) -> list[Arrival]:
        """Service, key and number of all that arrived, as often as it did."""
        till = [("till", one["key"], one["body"]["number"]) for one in self.till.answered]
        lake = [("lake", *one) for one in self.lake.arrived.elements()]
        return [*till, *lake, *(("sis", *one) for one in self.sis.accepted.elements())]

    async def until_arrived(self, messages: list[Golden]) -> None:
        wanted = wanted_of(messages)
        missing = wanted
        for _ in range(2 * DEADLINE_S * 5):
            missing = wanted - {*self.arrived(), *self.without_keys()}
            if not missing:
                return
            await asyncio.sleep(0.2)
        raise AssertionError(f"did not arrive: {sorted(map(str, missing))}")

    def without_keys(self) -> set[Arrival]:
        """What arrived, for whom no key was known beforehand: where ingest gave the event its id."""
        return {(slug, None, number) for slug, _, number in self.arrived()}


def wanted_of(messages: list[Golden]) -> set[Arrival]:
    return {(str(slug), key, message.number) for message in messages for slug, key in message.arrives}


@asynccontextmanager
async def a_world(hub: Hub, service: Service, management_url: str) -> AsyncIterator[World]:
    amqp_url = hub.environment["MIH_AMQP_URL"]
    hub.environment["PASSWORD"] = PASSWORD
    async with (
        running_lake(amqp_url, management_url, PASSWORD) as lake,
        running_sis(PASSWORD) as sis,
        open_session(amqp_url, "test") as session,
    ):
        await hub.apply(registry_text(service.url, lake.url, lake.user, f"{sis.url}/people?wsdl"))
        await hub.start("recorder")
        yield World(hub, service, lake, sis, Queues(session))


@pytest.fixture
async def hub(amqp_url: str, redis_url: str, management_url: str, tmp_path: Path) -> AsyncIterator[Hub]:
    async with hub_of(amqp_url, redis_url, management_url, tmp_path) as hub:
        yield hub


@pytest.fixture
async def service() -> AsyncIterator[Service]:
    async with running_service() as service:
        yield service


def newer_ones() -> list[Golden]:
    """What a version that is not known yet would write."""
    of = {message.name: message for message in golden_messages(RELEASES[-1])}
    delivery = changed(of["delivery-till"], v=2)
    event = changed(of["event-normalized"], specversion="2.0")
    return [
        replace(delivery, arrives=[], stays_in=names.dead_letter_queue("till")),
        replace(event, arrives=[], stays_in=names.INVALID),
    ]


async def reasons_in(queues: Queues, *places: str) -> set[str]:
    """Why the letters there died."""
    return {str(letter.headers[names.HEADER_REASON]) for place in places for letter in await queues.ready(place)}


@pytest.mark.parametrize("release", [release for release in RELEASES if (release / "redis.json").exists()])
@pytest.mark.timeout(DEADLINE_S * 5)
async def test_all_that_a_release_left_is_delivered_or_rests_with_its_dead(
    release: Path, hub: Hub, service: Service, redis_url: str, management_url: str
) -> None:
    database_of(release, hub.folder)
    load_redis(redis_url, shared_by(release))
    messages = [message for message in golden_messages(release) if message.arrives or message.stays_in]
    newer = newer_ones()
    dead = [
        message for message in messages if message.rests_in.startswith(("mih.dlq.", names.INVALID, names.UNROUTABLE))
    ]
    async with a_world(hub, service, management_url) as world:
        await world.publish([*messages, *newer])
        await hub.start(*STAGES)
        await world.until_arrived([message for message in messages if message not in dead])
        for place in (*SLUGS, *sorted(names.RESERVED_SLUGS)):
            letters = [letter for letter in dead if letter.rests_in == names.dead_letters_at(place)]
            refused = [message for message in newer if message.stays_in == names.dead_letters_at(place)]
            await hub.until_depth(names.dead_letters_at(place), len([*letters, *refused]))
            again = [word for letter in letters if letter.arrives for word in ("--id", str(letter.read["letter_id"]))]
            if again:
                await hub.run("dlq", "replay", "--service", place, *again)
        await world.until_arrived(messages)
        for place in (*SLUGS, *sorted(names.RESERVED_SLUGS)):
            queue = names.dead_letters_at(place)
            await hub.until_depth(queue, sum(letter.stays_in == queue for letter in [*dead, *newer]))
        arrivals = [number for message in messages for number in [message.number] * len(message.arrives)]
        assert sorted(number for _, _, number in world.arrived()) == sorted(arrivals), "nothing but these, each once"
        reasons = await reasons_in(world.queues, names.dead_letter_queue("till"), names.INVALID)
        assert reasons >= {"a delivery of version 2, this MIH reads 1", "specversion must be '1.0', found '2.0'"}
