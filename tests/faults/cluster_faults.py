"""Nodes of the cluster die, are cut off from the others, or are restarted one after the other."""

import asyncio
from dataclasses import dataclass
from random import Random
from urllib.parse import urlsplit

from cluster import TICK_S, Cluster, ClusterNode
from load import Load
from world import IN_FLIGHT, World


@dataclass(frozen=True, slots=True)
class LeaderKilled:
    """`kill -9` of the node that leads a queue, some seconds without it, and started again with its disk."""

    queue: str
    seconds: float = 5
    repeats: int = IN_FLIGHT

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        node = await _leader(world, self.queue)
        await asyncio.to_thread(node.kill)
        await asyncio.sleep(self.seconds)
        await asyncio.to_thread(node.start)
        await _cluster(world).until_whole()


@dataclass(frozen=True, slots=True)
class LeaderCutOff:
    """A minority of one: the leader's lines to the other two are silent for longer than nodes wait for each other.

    Clients reach every node all the while, so they can be wrong about which is the one to talk to.
    """

    queue: str
    seconds: float = 2.5 * TICK_S
    repeats: int = IN_FLIGHT

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        cluster = _cluster(world)
        cluster.cut_off(await _leader(world, self.queue))
        try:
            await asyncio.sleep(self.seconds)
        finally:
            cluster.heal()
        await cluster.until_whole()


@dataclass(frozen=True, slots=True)
class RestartedInTurn:
    """As an upgrade does it: each node is stopped in order and started, the next when all queues have all members."""

    repeats: int = 3 * IN_FLIGHT

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        cluster = _cluster(world)
        for node in cluster.nodes:
            await asyncio.to_thread(node.stop)
            await asyncio.to_thread(node.start)
            await cluster.until_whole()


def _cluster(world: World) -> Cluster:
    assert world.cluster, "the scenario has no cluster"
    return world.cluster


async def _leader(world: World, queue: str) -> ClusterNode:
    return await _cluster(world).leader_of(urlsplit(world.amqp_url).path[1:], queue)
