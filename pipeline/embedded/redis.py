"""A private Redis: one loopback port; an append-only file where its folder is to stay, nothing on disk where not."""

import os
from collections.abc import Mapping
from typing import ClassVar

from redis import Redis
from redis.exceptions import RedisError

from pipeline.embedded.server import LOOPBACK, PrivateServer, write_private

_CONFIGURATION = """bind {host}
port {port}
requirepass {password}
dir .
save ""
appendonly {appendonly}
"""


class PrivateRedis(PrivateServer):
    """A Redis of one's own."""

    name: ClassVar[str] = "Redis"
    port_taken: ClassVar[str] = "Address already in use"

    @property
    def redis_url(self) -> str:
        """Its database 0, with the password."""
        return f"redis://:{self.access.password}@{LOOPBACK}:{self.access.ports[0]}/0"

    def _configure(self) -> None:
        configuration = _CONFIGURATION.format(
            host=LOOPBACK,
            port=self.access.ports[0],
            password=self.access.password,
            appendonly="yes" if self.keeps_data else "no",
        )
        write_private(self.folder / "redis.conf", configuration)

    def _command(self) -> list[str]:
        return [str(self.program), "redis.conf"]

    def _environment(self) -> Mapping[str, str]:
        # A locale that the machine does not have would keep it from starting.
        return {**os.environ, "LC_ALL": "C"}

    def _ask(self) -> str | None:
        return ask_redis(self.redis_url)


def ask_redis(redis_url: str) -> str | None:
    """The version of the Redis that accepts this password there and has read its data, or None."""
    try:
        with Redis.from_url(redis_url, socket_timeout=5) as client:
            return str(client.info("server")["redis_version"]) if client.ping() else None
    except RedisError:
        return None
