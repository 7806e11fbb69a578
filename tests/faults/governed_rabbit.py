"""A RabbitMQ that its operator's tool reaches, private or in Docker: alarms are raised by `rabbitmqctl`.

The hub's own private RabbitMQ joins no network. This one listens for its kind at one loopback port, without an epmd.
"""

import asyncio
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.embedded import DockerRabbit, PrivateRabbit
from pipeline.embedded.server import free_ports

_CTL_S = 60


class GovernedRabbit(PrivateRabbit):
    """A PrivateRabbit with a port for `rabbitmqctl`."""

    node = "mih@localhost"
    #: Where it listens for its kind.
    interface = "127.0.0.1"

    def __init__(self, program: Path, folder: Path, *, keeps_data: bool, held: Sequence[int] = ()) -> None:
        super().__init__(program, folder, keeps_data=keeps_data, held=held)
        [self.port] = free_ports(1)

    async def ctl(self, *arguments: str) -> None:
        """Run `rabbitmqctl`; it must succeed."""
        listens_to_nobody = f"-start_epmd false -dist_listen false -erl_epmd_port {self.port}"
        process = await asyncio.create_subprocess_exec(
            self.program.parent / "rabbitmqctl",
            "-n",
            self.node,
            *arguments,
            env={**self._environment(), "ERL_AFLAGS": listens_to_nobody},
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
        )
        said, _ = await asyncio.wait_for(process.communicate(), _CTL_S)
        assert process.returncode == 0, said.decode()

    def _environment(self) -> Mapping[str, str]:
        return {
            **super()._environment(),
            "ERL_AFLAGS": f"-start_epmd false -erl_epmd_port {self.port}",
            "RABBITMQ_DIST_PORT": str(self.port),
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-sname {self.node} "
            f"-kernel inet_dist_use_interface {{{self.interface.replace('.', ',')}}}",
        }


class GovernedContainer(DockerRabbit):
    """A DockerRabbit, whose image brings `rabbitmqctl`."""

    async def ctl(self, *arguments: str) -> None:
        """Run `rabbitmqctl`; it must succeed."""
        container = self._container.get_wrapped_container()
        code, said = await asyncio.to_thread(container.exec_run, ["rabbitmqctl", *arguments])
        assert code == 0, said.decode()
