"""The demo's surroundings: settings and an environment that no hub of the user's shares.

Of the user's settings only the addresses of RabbitMQ and Redis count. The database is a file in the demo's own folder,
and the services, on loopback and at RabbitMQ's address, are allowed to the demo's processes only.
"""

import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import urlsplit

from pipeline.cli.demo.serving import LOOPBACK
from pipeline.embedded import Backing
from pipeline.settings import PREFIX, Settings, Source, load_settings_with_sources, variable

_ADDRESSES = ("amqp_url", "redis_url", "management_url")


def demo_settings(environ: Mapping[str, str], folder: Path) -> tuple[Settings, dict[str, Source]]:
    """What decides where RabbitMQ and Redis come from."""
    addresses = {variable(field): environ.get(variable(field), "") for field in _ADDRESSES}
    return load_settings_with_sources({**addresses, "MIH_STATE_DIR": str(folder)})


def demo_environment(
    environ: Mapping[str, str], found: Backing, folder: Path, services: Mapping[str, str]
) -> dict[str, str]:
    """What the stages run with: `services` are the addresses and credentials that the registry refers to."""
    outside = {name: value for name, value in environ.items() if not name.startswith(PREFIX)}
    own = {
        "amqp_url": found.amqp_url,
        "management_url": found.management_url,
        "redis_url": found.redis_url,
        "state_dir": str(folder),
        "allowed_networks": ",".join({LOOPBACK, *_addresses(found.amqp_url)}),
        # The demo reads what the stages say.
        "log_level": "info",
        "log_format": "json",
    }
    return {**outside, **{variable(field): value for field, value in own.items()}, **services}


def _addresses(amqp_url: str) -> Iterator[str]:
    """The addresses of the RabbitMQ, on which one of the services is."""
    found = socket.getaddrinfo(urlsplit(amqp_url).hostname, None, type=socket.SOCK_STREAM)
    yield from (str(address[0]) for *_, address in found)
