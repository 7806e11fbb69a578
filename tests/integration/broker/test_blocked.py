"""A broker that blocks publishers (here for want of disk): who publishes waits, and nothing is lost."""

import asyncio
import os
import shutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from broker_world import World, a_world, consuming, eventually
from queues import WITHIN_S

from pipeline.broker import Incoming, Outgoing, Session, consume, moved, run_sessions
from pipeline.embedded.places import find_rabbitmq
from pipeline.embedded.rabbit import PrivateRabbit
from pipeline.embedded.server import write_private
from pipeline.errors import Unavailable
from pipeline.health.conditions import standing
from pipeline.health.metrics import METRICS
from pipeline.pause import pause
from topology import names

#: A small disk that nobody else writes to.
DISK = Path("/dev/shm")
BLOCKED_S = "mih_publishing_blocked_seconds"
MARGIN = 16_000_000
BODIES = {str(number) for number in range(20)}


class NarrowRabbit(PrivateRabbit):
    """Blocks publishers as soon as its disk has a little less room than at its start."""

    def _configure(self) -> None:
        super()._configure()
        file = self.folder / "advanced.config"
        usual, narrow = "{disk_free_limit, 50000000}", shutil.disk_usage(self.folder).free - MARGIN
        assert usual in file.read_text()
        write_private(file, file.read_text().replace(usual, f"{{disk_free_limit, {narrow}}}"))


@pytest.fixture
def narrow() -> Iterator[NarrowRabbit]:
    program = find_rabbitmq(os.environ.get("PATH"))
    if not (program and DISK.is_dir() and shutil.disk_usage(DISK).free > 4 * MARGIN):
        pytest.skip("needs a RabbitMQ of this machine, and /dev/shm")
    with (
        TemporaryDirectory(dir=DISK, ignore_cleanup_errors=True) as folder,
        NarrowRabbit(program, Path(folder) / "rabbitmq", keeps_data=False) as rabbit,
    ):
        yield rabbit


def fill(rabbit: NarrowRabbit) -> Path:
    filler = rabbit.folder / "filler"
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, 2 * MARGIN)
    return filler


async def is_blocked(world: World) -> list[asyncio.Task[None]]:
    """Publish until the broker has blocked the connection, for it tells only who publishes; what then waits."""
    for _ in range(WITHIN_S * 10):
        publishing = asyncio.create_task(world.publish(names.INVALID, "filling"))
        await asyncio.wait((publishing,), timeout=0.5)
        ready = asyncio.create_task(world.session.ready())
        await asyncio.wait((ready,), timeout=0.1)
        if not ready.done():
            return [ready, publishing]
        await publishing
        await asyncio.sleep(0.1)
    raise AssertionError("the broker has blocked nobody")


async def test_while_the_broker_blocks_everything_waits_and_nothing_is_lost(narrow: NarrowRabbit) -> None:
    async with a_world(narrow.amqp_url) as world:
        await world.publish(names.INGEST, *BODIES)
        filler = fill(narrow)
        waiting = await is_blocked(world)

        async def forward(message: Incoming) -> None:
            await world.session.ready()
            await world.session.publish(moved(message, "", names.ROUTER))

        async with consuming(world.session, names.INGEST, forward):
            await asyncio.sleep(0.5)
            assert not any(task.done() for task in waiting)
            assert await world.depth(names.ROUTER) == 0
            filler.unlink()
            await asyncio.wait_for(asyncio.gather(*waiting), WITHIN_S)
            assert await world.find(BODIES, names.ROUTER) == dict.fromkeys(BODIES, 1)
        assert not world.session.lost.is_set()

        fill(narrow)
        waiting = await is_blocked(world)
        await asyncio.to_thread(narrow.kill)
        ended = await asyncio.wait_for(asyncio.gather(*waiting, return_exceptions=True), WITHIN_S)
        assert [type(end) for end in ended] == [Unavailable, Unavailable]


async def test_a_role_that_is_blocked_is_not_ready_and_says_since_when(narrow: NarrowRabbit) -> None:
    stopping = asyncio.Event()

    async def work(session: Session) -> None:
        while not (stopping.is_set() or session.lost.is_set()):
            await session.publish(Outgoing("", names.INVALID, b"filling"))
            await pause(0.1, stopping, session.lost)

    def blocks() -> list[str]:
        return [told for told in standing().missing if told.startswith("RabbitMQ blocks publishers since 2")]

    async with a_world(narrow.amqp_url):
        running = asyncio.create_task(run_sessions(narrow.amqp_url, "test", work, stopping=stopping))
        await eventually(lambda: not standing().missing, "it is connected")
        assert METRICS.get_sample_value(BLOCKED_S) == 0
        filler = fill(narrow)
        await eventually(lambda: bool(blocks()), "it says that it is blocked")
        await eventually(lambda: (METRICS.get_sample_value(BLOCKED_S) or 0) > 1, "for how long")
        filler.unlink()
        await eventually(lambda: not standing().missing, "it is ready again")
        assert METRICS.get_sample_value(BLOCKED_S) == 0
        fill(narrow)
        await eventually(lambda: bool(blocks()), "it is blocked again")
        stopping.set()
        # The grace for what is in hand, and the courtesy of two closes.
        await asyncio.wait_for(running, 10)
    assert not standing().missing


async def test_an_alarm_that_outlasts_many_sessions_makes_no_message_suspect(
    narrow: NarrowRabbit, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every session took what waits, held it for its time and returned it: at the third return it was suspect."""
    stopping, sessions, returned = asyncio.Event(), list[Session](), dict[str, int]()

    async def take(message: Incoming) -> None:
        returned[message.body.decode()] = message.returned
        await sessions[-1].publish(moved(message, "", names.ROUTER))

    async def work(session: Session) -> None:
        sessions.append(session)
        await consume(session, names.INGEST, take, stage="ingest", prefetch=50, until=stopping)

    async with a_world(narrow.amqp_url) as world:
        await world.publish(names.INGEST, *BODIES)
        filler = fill(narrow)
        waiting = await is_blocked(world)
        monkeypatch.setattr(import_module("pipeline.broker.session"), "HOLD_LIMIT_S", 0.5)
        running = asyncio.create_task(run_sessions(narrow.amqp_url, "test", work, stopping=stopping))
        # Long enough for a session that held messages to give them back several times.
        await asyncio.sleep(6)
        assert sessions
        filler.unlink()
        assert await world.find(BODIES, names.ROUTER) == dict.fromkeys(BODIES, 1)
        assert await world.depth(names.suspect_queue("ingest")) == 0
        assert set(returned.values()) == {0}
        stopping.set()
        await asyncio.wait_for(running, 10)
        await asyncio.gather(*waiting, return_exceptions=True)
