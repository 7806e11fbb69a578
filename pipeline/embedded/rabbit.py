"""A private RabbitMQ: two loopback ports (AMQP, management), everything else in its folder.

It shares nothing with other brokers on the machine. Its Erlang node has a name, which its data is filed under, but
joins no network: no distribution port, no epmd, so there is nothing to clash with and no daemon to outlive it.
The price: `rabbitmqctl` cannot reach it; the management UI can do the same. Measured on RabbitMQ 3.10.8 with Erlang
25 and on 4.0.5 with Erlang 27.
"""

import os
from collections.abc import Mapping
from typing import ClassVar

from pipeline.embedded.places import path_with_system_places
from pipeline.embedded.server import LOOPBACK, PrivateServer, write_private
from topology.connection import connected
from topology.errors import BrokerAway

USER = "mih"
_NODE = "mih@localhost"
#: For every Erlang that RabbitMQ starts: once a minute it starts one only to have an epmd started. With a fixed port
#: in place of epmd's answer, which nobody opens, a start does not wait four seconds for an epmd.
_NO_NETWORK = "-start_epmd false -dist_listen false -erl_epmd_port 1"
#: Where no epmd is: also one that runs for others shall not hear of this node.
_NO_EPMD_PORT = "1"
#: Erlang terms, so that RabbitMQ need not translate its other format. The free disk below which publishers are
#: blocked is RabbitMQ's own default; said here because distributions raise it above what a full laptop has.
_CONFIGURATION = """[
 {{rabbit, [{{tcp_listeners, [{{"{host}", {amqp}}}]}},
           {{default_user, <<"{user}">>}}, {{default_pass, <<"{password}">>}},
           {{disk_free_limit, 50000000}},
           {{log, [{{categories, [{{connection, [{{level, warning}}]}}]}}]}}]}},
 {{rabbitmq_management, [{{tcp_config, [{{ip, "{host}"}}, {{port, {management}}}]}}]}}
].
"""


class PrivateRabbit(PrivateServer):
    """A RabbitMQ of one's own, with the management plugin."""

    name: ClassVar[str] = "RabbitMQ"
    ports_needed: ClassVar[int] = 2
    port_taken: ClassVar[str] = "eaddrinuse"

    @property
    def amqp_url(self) -> str:
        """Its default vhost, with user and password."""
        return f"amqp://{USER}:{self.access.password}@{LOOPBACK}:{self.access.ports[0]}/"

    @property
    def management_url(self) -> str:
        """Its management API and UI, with user and password."""
        return f"http://{USER}:{self.access.password}@{LOOPBACK}:{self.access.ports[1]}"

    def _configure(self) -> None:
        amqp, management = self.access.ports
        configuration = _CONFIGURATION.format(
            host=LOOPBACK, amqp=amqp, management=management, user=USER, password=self.access.password
        )
        write_private(self.folder / "advanced.config", configuration)
        write_private(self.folder / "enabled_plugins", "[rabbitmq_management].\n")
        write_private(self.folder / "rabbitmq-env.conf", "")
        (self.folder / "home").mkdir(exist_ok=True)

    def _command(self) -> list[str]:
        return [str(self.program)]

    def _environment(self) -> Mapping[str, str]:
        # The surroundings may speak of another broker: nothing of that must come in.
        outside = {key: value for key, value in os.environ.items() if not key.startswith(("RABBITMQ_", "ERL_"))}
        return outside | {
            "PATH": path_with_system_places(os.environ.get("PATH")),
            "HOME": str(self.folder / "home"),
            # The start script then becomes the broker instead of staying as its parent: TERM and KILL reach the broker.
            "RUNNING_UNDER_SYSTEMD": "true",
            "RABBITMQ_NODENAME": _NODE,
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"-sname {_NODE}",
            "ERL_AFLAGS": _NO_NETWORK,
            "ERL_EPMD_PORT": _NO_EPMD_PORT,
            "RABBITMQ_MNESIA_BASE": str(self.folder / "data"),
            "RABBITMQ_LOG_BASE": str(self.folder),
            "RABBITMQ_LOGS": "-",
            "RABBITMQ_CONFIG_FILE": str(self.folder / "rabbitmq.conf"),
            "RABBITMQ_CONFIG_FILES": str(self.folder / "conf.d" / "*.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.folder / "advanced.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.folder / "enabled_plugins"),
            "RABBITMQ_CONF_ENV_FILE": str(self.folder / "rabbitmq-env.conf"),
        }

    def _ask(self) -> str | None:
        return ask_rabbitmq(self.amqp_url)


def ask_rabbitmq(amqp_url: str) -> str | None:
    """The version of the RabbitMQ that accepts this user and password there, or None."""
    try:
        with connected(amqp_url) as connection:
            return str(connection.connection.server_properties["version"])
    except BrokerAway:
        return None
