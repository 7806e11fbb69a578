"""A message that kills or blocks whoever reads it, every time, until the suspects' worker has found it guilty."""

import asyncio
import signal
from dataclasses import dataclass
from random import Random
from typing import Literal

import aio_pika
import orjson
from crash_faults import started_with
from judge import Planned
from load import Load
from world import World, in_flight_of

from pipeline.broker.consume import SUSPECT_AFTER
from pipeline.health.watch import BLOCKED_EXIT_CODE

#: Seconds without a beat until a blocked process ends itself: the least that may be set.
_WATCHDOG = "10s"
#: Seconds until the guilty one lies where it belongs; each of some seven ends of a process may take a watchdog.
_WITHIN_S = 180
#: A number above those of any load.
_NUMBER = 1_000_000
_HEARER = "erp"
_CONDEMNED = '"message":"condemned"'


@dataclass(frozen=True, slots=True)
class Poisoned:
    """One event, that this role cannot survive; its supervisor starts the role again each time."""

    role: str
    does: Literal["kills", "blocks"]

    @property
    def _code(self) -> int:
        return -signal.SIGKILL if self.does == "kills" else BLOCKED_EXIT_CODE

    @property
    def repeats(self) -> int:
        # Each death that makes the poison suspect, and one more, since the role is killed to be as usual again.
        return (SUSPECT_AFTER + 1) * in_flight_of(self.role)

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        word = self.role.split()[0]
        poison = _poison(word)
        load.events = [*load.events, poison]
        of_its_own = {"MIH_LAB_POISON": f"{self.does} {_marker(word)}", "MIH_WATCHDOG": _WATCHDOG}
        async with started_with(world, of_its_own, self.role, "suspect"):
            await _publish(world, poison.body)
            ends = await self._found_guilty(world)
        assert set(ends.values()) == {self._code}, f"{self.does} has let them end with {ends}"

    async def _found_guilty(self, world: World) -> dict[str, int | None]:
        """Start again whoever ends, until the poison is condemned; which role ended last with which code."""
        log, ends = world.hub.folder / "suspect.log", dict[str, int | None]()
        before = log.read_text().count(_CONDEMNED)
        async with asyncio.timeout(_WITHIN_S):
            while log.read_text().count(_CONDEMNED) == before:
                for role in (self.role, "suspect"):
                    if (code := world.hub.processes[role].returncode) is not None:
                        ends[role] = code
                        await world.hub.start(role)
                await asyncio.sleep(0.2)
        return ends


def _poison(word: str) -> Planned:
    """A delivery of it must die for its service; before it is one, it counts as unreadable."""
    data = {"number": _NUMBER, "refused": True, "poison": _marker(word)}
    event = {"specversion": "1.0", "id": "poison", "source": "shop", "type": f"shop.{_HEARER}", "data": data}
    is_delivery = word == "sender"
    return Planned(
        _NUMBER, orjson.dumps(event), (_HEARER,) if is_delivery else (), refused=is_delivery, readable=is_delivery
    )


def _marker(word: str) -> str:
    return f"poison-of-{word}"


async def _publish(world: World, body: bytes) -> None:
    async with await aio_pika.connect(world.amqp_url) as connection:
        exchange = await (await connection.channel()).get_exchange("mih.events", ensure=False)
        await exchange.publish(aio_pika.Message(body, delivery_mode=2), "shop")
