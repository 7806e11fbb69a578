"""What the hub stands on: one RabbitMQ and one Redis, wherever they come from.

Decided for each of the two on its own, in this order: the one that the environment names; a program of this machine,
started privately; Docker; else a word on what to install. `mih up`, the demo and the tests all come through here.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pipeline.embedded.docker import DockerRabbit, DockerRedis, why_docker_cannot
from pipeline.embedded.lock import locked
from pipeline.embedded.places import find_rabbitmq, find_redis
from pipeline.embedded.rabbit import PrivateRabbit
from pipeline.embedded.redis import PrivateRedis
from pipeline.errors import Unavailable
from pipeline.settings import Settings, Source, redacted, variable


@dataclass(frozen=True, slots=True)
class Backing:
    """Addresses that work, and in words where each of the two comes from."""

    amqp_url: str
    management_url: str
    redis_url: str
    rabbitmq_told: str
    redis_told: str


@contextmanager
def backing(
    settings: Settings, sources: Mapping[str, Source], *, folder: Path | None, only_docker: bool = False
) -> Iterator[Backing]:
    """Give a RabbitMQ and a Redis for as long as the block runs.

    What is private keeps its data in `folder`, of which only one process at a time may make use; with None it is
    forgotten at the end. `only_docker` leaves out the programs of this machine.

    Raises Unavailable with what to install, with the log of what did not start, or with who uses the folder.
    """
    with _home(folder) as (home, held), ExitStack() as started:
        keeps_data = folder is not None
        if sources.get("redis_url") == "environment":
            redis_url, redis_told = settings.redis_url, _named("redis_url", settings.redis_url)
        else:
            redis = own_redis(home, keeps_data=keeps_data, held=held, only_docker=only_docker)
            started.enter_context(redis)
            redis_url, redis_told = redis.redis_url, redis.told
        if sources.get("amqp_url") == "environment":
            amqp_url, management_url = settings.amqp_url, settings.effective_management_url()
            rabbitmq_told = _named("amqp_url", amqp_url)
        else:
            rabbit = own_rabbit(home, keeps_data=keeps_data, held=held, only_docker=only_docker)
            started.enter_context(rabbit)
            amqp_url, management_url, rabbitmq_told = rabbit.amqp_url, rabbit.management_url, rabbit.told
        yield Backing(amqp_url, management_url, redis_url, rabbitmq_told, redis_told)


def own_rabbit(
    home: Path, *, keeps_data: bool = False, held: Sequence[int] = (), only_docker: bool = False
) -> PrivateRabbit | DockerRabbit:
    """A RabbitMQ of one's own, not started yet.

    Raises Unavailable with what to install.
    """
    program = None if only_docker else find_rabbitmq(os.environ.get("PATH"))
    if program:
        return PrivateRabbit(program, home / "rabbitmq", keeps_data=keeps_data, held=held)
    if missing := why_docker_cannot():
        raise Unavailable(_what_to_install("RabbitMQ", "rabbitmq-server", "rabbitmq", "amqp_url", missing))
    return DockerRabbit()


def own_redis(
    home: Path, *, keeps_data: bool = False, held: Sequence[int] = (), only_docker: bool = False
) -> PrivateRedis | DockerRedis:
    """A Redis of one's own, not started yet.

    Raises Unavailable with what to install.
    """
    program = None if only_docker else find_redis(os.environ.get("PATH"))
    if program:
        return PrivateRedis(program, home / "redis", keeps_data=keeps_data, held=held)
    if missing := why_docker_cannot():
        raise Unavailable(_what_to_install("Redis", "redis-server", "redis", "redis_url", missing))
    return DockerRedis()


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """A folder that is gone at the end, even when a program that was just killed still lets go of a file in it."""
    folder = Path(tempfile.mkdtemp(prefix="mih-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _home(folder: Path | None) -> Iterator[tuple[Path, Sequence[int]]]:
    if folder is None:
        with temporary_folder() as temporary:
            yield temporary, ()
    else:
        with locked(folder) as held:
            yield folder, (held,)


def _named(field: str, url: str) -> str:
    return f"{redacted(url)} (from {variable(field)})"


def _what_to_install(name: str, debian: str, homebrew: str, field: str, missing: str) -> str:
    return (
        f"no {name}: {variable(field)} is not set, no {debian} is installed, and Docker is no way out ({missing}). "
        f"Any one of these helps: apt-get install {debian} (Debian, Ubuntu), brew install {homebrew} (macOS), "
        f"Docker with pip install 'mih[docker]', or {variable(field)} naming a {name} that runs."
    )
