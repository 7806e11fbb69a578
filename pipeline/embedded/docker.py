"""RabbitMQ and Redis in containers, through testcontainers: for machines on which Docker is all there is.

They have the shape of the private ones: start, stop, kill, and start again at the same address with the same data.
"""

import secrets
import time
from abc import ABC, abstractmethod
from importlib import import_module
from typing import Any, ClassVar, Self

from pipeline.embedded.rabbit import USER, ask_rabbitmq
from pipeline.embedded.redis import ask_redis
from pipeline.embedded.server import LOOPBACK, READY_WITHIN_S, free_ports, listens
from pipeline.errors import Unavailable

_POLL_S = 0.2
_LOG_LINES_SHOWN = 15


class Container(ABC):
    """One container on fixed ports; it is removed when it is stopped."""

    name: ClassVar[str]
    image: ClassVar[str]
    container_ports: ClassVar[tuple[int, ...]]

    def __init__(self) -> None:
        self.password = secrets.token_urlsafe(18)
        self.ports = free_ports(len(self.container_ports))
        self.version = "of unknown version"
        self._container: Any = None

    @property
    def told(self) -> str:
        """What it is and where, for people."""
        return f"{self.name} {self.version} in Docker ({self.image}) at {LOOPBACK}:{self.ports[0]}"

    def start(self) -> None:
        """Return once it answers.

        Raises Unavailable with the last lines of its log.
        """
        if self._container is None:
            self._container = self._run()
        else:
            self._container.get_wrapped_container().start()
        deadline = time.monotonic() + READY_WITHIN_S
        while time.monotonic() < deadline:
            if listens(self.ports[0]) and (version := self._ask()):
                self.version = version
                return
            time.sleep(_POLL_S)  # a server in a container does not tell when it is ready: it is asked
        log = self._container.get_wrapped_container().logs(tail=_LOG_LINES_SHOWN).decode(errors="replace")
        self.stop()
        raise Unavailable(f"{self.name} in Docker ({self.image}) did not start; the end of its log:\n{log}")

    def stop(self) -> None:
        """Remove the container and its data."""
        if self._container is not None:
            self._container.stop()
            self._container = None

    def kill(self) -> None:
        """End it as a crash would; its data stay."""
        self._container.get_wrapped_container().kill()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @abstractmethod
    def _prepare(self, container: Any) -> None:
        """Say with which user and password it starts."""

    @abstractmethod
    def _ask(self) -> str | None:
        """Log in as a client would: the server's version, or None while it does not answer."""

    def _run(self) -> Any:
        container = import_module("testcontainers.core.container").DockerContainer(self.image)
        self._prepare(container)
        inside_and_out = zip(self.container_ports, self.ports, strict=True)
        # Bound to loopback, which with_bind_ports() cannot say.
        container.ports.update({inside: (LOOPBACK, port) for inside, port in inside_and_out})
        try:
            return container.start()
        except import_module("docker.errors").DockerException as refused:
            container.stop()
            raise Unavailable(f"Docker cannot run {self.image}: {refused}") from None


class DockerRabbit(Container):
    """A RabbitMQ in a container, with the management plugin."""

    name: ClassVar[str] = "RabbitMQ"
    image: ClassVar[str] = "rabbitmq:4-management"
    container_ports: ClassVar[tuple[int, ...]] = (5672, 15672)

    @property
    def amqp_url(self) -> str:
        """Its default vhost, with user and password."""
        return f"amqp://{USER}:{self.password}@{LOOPBACK}:{self.ports[0]}/"

    @property
    def management_url(self) -> str:
        """Its management API and UI, with user and password."""
        return f"http://{USER}:{self.password}@{LOOPBACK}:{self.ports[1]}"

    def _prepare(self, container: Any) -> None:
        container.with_env("RABBITMQ_DEFAULT_USER", USER).with_env("RABBITMQ_DEFAULT_PASS", self.password)

    def _ask(self) -> str | None:
        return ask_rabbitmq(self.amqp_url)


class DockerRedis(Container):
    """A Redis in a container."""

    name: ClassVar[str] = "Redis"
    image: ClassVar[str] = "redis:8"
    container_ports: ClassVar[tuple[int, ...]] = (6379,)

    @property
    def redis_url(self) -> str:
        """Its database 0, with the password."""
        return f"redis://:{self.password}@{LOOPBACK}:{self.ports[0]}/0"

    def _prepare(self, container: Any) -> None:
        container.with_command(["redis-server", "--requirepass", self.password])

    def _ask(self) -> str | None:
        return ask_redis(self.redis_url)


def why_docker_cannot() -> str | None:
    """Why there is no Docker to use, in words; None where there is one."""
    try:
        docker = import_module("docker")
        import_module("testcontainers")
    except ImportError:
        return "the extra 'docker' of mih is not installed"
    try:
        docker.from_env(timeout=5).ping()
    except (docker.errors.DockerException, OSError):
        return "no Docker engine answers"
    return None
