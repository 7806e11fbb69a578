"""A private RabbitMQ and Redis for one machine, and the supervisor that runs all stages in one terminal."""

from pipeline.embedded.backing import Backing, backing, own_rabbit, own_redis, temporary_folder
from pipeline.embedded.docker import DockerRabbit, DockerRedis
from pipeline.embedded.prefix import prefixed
from pipeline.embedded.rabbit import PrivateRabbit
from pipeline.embedded.redis import PrivateRedis
from pipeline.embedded.supervisor import Child, supervise

__all__ = [
    # what the hub stands on
    "Backing",
    "backing",
    # one of the two, to be started, killed and started again
    "DockerRabbit",
    "DockerRedis",
    "PrivateRabbit",
    "PrivateRedis",
    "own_rabbit",
    "own_redis",
    "temporary_folder",
    # what runs on it
    "Child",
    "prefixed",
    "supervise",
]
