"""A RabbitMQ of three nodes on loopback, whose links can be cut: without root, and without an epmd of anybody's.

    one  listens at 127.0.0.2:P1     looks for two at 127.0.0.3:P1, where a line leads to P2
    two  listens at 127.0.0.3:P2     looks for one at 127.0.0.2:P2, where a line leads to P1      and so on

Every node believes that all of its kind listen at its own port, for there is no epmd to tell it otherwise
(`-erl_epmd_port`). Each has an address of its own, so what it looks for elsewhere is no node but a line of the
laboratory: six lines, one for each pair and direction. Needs Linux, where all of 127.0.0.0/8 is loopback.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from itertools import permutations
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
from governed_rabbit import GovernedRabbit
from tcp_line import Line, line_to

from pipeline.embedded.places import find_rabbitmq
from pipeline.embedded.server import write_private
from pipeline.errors import Unavailable

#: Seconds until a node that says nothing counts as gone; RabbitMQ's own is 60.
TICK_S = 8
_HOSTS = {"one": "127.0.0.2", "two": "127.0.0.3", "three": "127.0.0.4"}
_WHOLE_WITHIN_S = 90


class ClusterNode(GovernedRabbit):
    """One of the three."""

    #: A restart in order takes as long as it takes.
    grace_s = 30.0

    def __init__(self, program: Path, folder: Path, host: str) -> None:
        super().__init__(program, folder, keeps_data=True)
        self.host, self.node, self.interface = host, f"mih@{host}", _HOSTS[host]

    async def join(self, other: "ClusterNode") -> None:
        """Become a node of the other's cluster: what this one had is gone."""
        await self.ctl("stop_app")
        await self.ctl("join_cluster", other.node)
        await self.ctl("start_app")

    def _configure(self) -> None:
        super()._configure()
        write_private(self.folder / "home" / ".erlang.cookie", "LABORATORY")
        (self.folder / "home" / ".erlang.cookie").chmod(0o400)
        known = [f'{{host, {{{address.replace(".", ",")}}}, ["{host}"]}}.' for host, address in _HOSTS.items()]
        (self.folder / "inetrc").write_text("\n".join((*known, "{lookup, [file, native]}.")))

    def _environment(self) -> Mapping[str, str]:
        environment = super()._environment()
        arguments = (
            environment["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"],
            f"-kernel net_ticktime {TICK_S}",
            "-rabbit cluster_partition_handling pause_minority",
        )
        return {
            **environment,
            "ERL_INETRC": str(self.folder / "inetrc"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": " ".join(arguments),
        }


@dataclass(frozen=True, slots=True)
class Cluster:
    """The nodes, and the lines between them by who looks for whom."""

    nodes: Sequence[ClusterNode]
    lines: Mapping[tuple[ClusterNode, ClusterNode], Line]

    def cut_off(self, node: ClusterNode) -> None:
        """Let nothing pass between this node and the others, without a word to anybody."""
        for pair, line in self.lines.items():
            if node in pair:
                line.swallow()

    def heal(self) -> None:
        for line in self.lines.values():
            line.heal()

    async def leader_of(self, vhost: str, queue: str) -> ClusterNode:
        """The node that leads a quorum queue."""
        found = await self._asked(f"/queues/{quote(vhost, safe='')}/{queue}")
        return next(node for node in self.nodes if node.node == found["leader"])

    async def members(self, vhost: str) -> Mapping[str, int]:
        """On how many nodes each quorum queue lies."""
        found = await self._asked(f"/queues/{quote(vhost, safe='')}")
        return {queue["name"]: len(queue["members"]) for queue in found if queue["type"] == "quorum"}

    async def until_whole(self) -> None:
        """Until any node may go: every quorum queue would still have most of its members."""
        async with asyncio.timeout(_WHOLE_WITHIN_S):
            for node in self.nodes:
                while not await _may_go(node):  # noqa: ASYNC110 - the broker must be asked
                    await asyncio.sleep(0.3)

    async def _asked(self, path: str) -> Any:
        for node in self.nodes:
            if node.pid:
                async with _management(node) as management:
                    return (await management.get(path)).raise_for_status().json()
        raise AssertionError("no node runs")


@asynccontextmanager
async def running_cluster(folder: Path) -> AsyncIterator[Cluster]:
    """Three nodes that know each other; in the end all are gone.

    Raises Unavailable where RabbitMQ is not installed, or Docker's is wanted, which is not on this loopback.
    """
    program = find_rabbitmq(os.environ.get("PATH"))
    if program is None or os.environ.get("MIH_TEST_DOCKER") == "1":
        raise Unavailable("a cluster is made of the rabbitmq-server installed on this machine only")
    first, *others = nodes = [ClusterNode(program, folder / host, host) for host in _HOSTS]
    for node in others:
        # Who joins takes over the users of the other.
        node.access = type(node.access)(node.access.ports, first.access.password)
    async with AsyncExitStack() as stack:
        lines = {
            (who, whom): await stack.enter_async_context(
                line_to(f"tcp://{whom.interface}:{whom.port}", at=(whom.interface, who.port))
            )
            for who, whom in permutations(nodes, 2)
        }
        for node in nodes:
            stack.callback(node.kill)
        await asyncio.gather(*(asyncio.to_thread(node.start) for node in nodes))
        for node in others:
            await node.join(first)
        cluster = Cluster(nodes, lines)
        await cluster.until_whole()
        yield cluster


async def _may_go(node: ClusterNode) -> bool:
    try:
        async with _management(node) as management:
            running = (await management.get("/nodes", params={"columns": "name,running"})).raise_for_status().json()
            critical = await management.get("/health/checks/node-is-quorum-critical")
    except httpx.HTTPError:
        return False
    return critical.is_success and [one["running"] for one in running] == [True] * len(_HOSTS)


def _management(node: ClusterNode) -> httpx.AsyncClient:
    return httpx.AsyncClient(base_url=f"{node.management_url}/api", timeout=30, trust_env=False)
