"""What the tests stand on: one RabbitMQ and one Redis for the session, a virtual host and an empty Redis for each test.

They come the way they come for `mih up`: named by MIH_AMQP_URL and MIH_REDIS_URL, else private, else Docker.
MIH_TEST_DOCKER=1 takes Docker. Where none can be had, the tests that need them are skipped; with CI set they fail.
"""

import os
import secrets
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import httpx
import pytest
from redis import Redis

from pipeline.embedded import (
    Backing,
    DockerRabbit,
    DockerRedis,
    PrivateRabbit,
    PrivateRedis,
    own_rabbit,
    own_redis,
    temporary_folder,
)
from pipeline.embedded import backing as backing_for
from pipeline.errors import Unavailable
from pipeline.settings import load_settings_with_sources

#: Files whose tests take minutes of two cores; `make test-long` runs them.
_LONG = frozenset(
    {
        "test_backing.py",
        "test_least_rights.py",
        "test_looks.py",
        "test_outage.py",
        "test_private_rabbit.py",
        "test_up.py",
    }
)


def pytest_configure() -> None:
    """Let Ctrl-C end what tests start: a shell that runs them in the background has it ignored, for all beneath it."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what takes long, unless it is asked for."""
    if "MIH_TEST_LONG" not in os.environ:
        for item in items:
            if item.path.name in _LONG:
                item.add_marker(pytest.mark.skip(reason="takes long: make test-long runs it"))


_ONLY_DOCKER = os.environ.get("MIH_TEST_DOCKER") == "1"
#: As many as a Redis has where nobody configured it.
_REDIS_DATABASES = 16


@pytest.fixture(scope="session")
def backing() -> Iterator[Backing]:
    """A RabbitMQ and a Redis that all tests share."""
    with (
        _skipped_or_failed(),
        backing_for(*load_settings_with_sources(), folder=None, only_docker=_ONLY_DOCKER) as both,
    ):
        yield both


@pytest.fixture
def rabbit() -> Iterator[PrivateRabbit | DockerRabbit]:
    """A RabbitMQ for this test alone, running: to be killed, and started again with the same data and address."""
    with _skipped_or_failed(), temporary_folder() as home, own_rabbit(home, only_docker=_ONLY_DOCKER) as own:
        yield own


@pytest.fixture
def redis_server() -> Iterator[PrivateRedis | DockerRedis]:
    """A Redis for this test alone, running: to be killed and started again."""
    with _skipped_or_failed(), temporary_folder() as home, own_redis(home, only_docker=_ONLY_DOCKER) as own:
        yield own


@pytest.fixture
def management_url(backing: Backing) -> str:
    """RabbitMQ's management API, with user and password."""
    return backing.management_url


@pytest.fixture
def vhost(backing: Backing) -> Iterator[str]:
    """A virtual host for this test alone."""
    name = f"test-{secrets.token_hex(6)}"
    with httpx.Client(base_url=f"{backing.management_url}/api", timeout=30, trust_env=False) as management:
        user = management.get("/whoami").raise_for_status().json()["name"]
        everything = {"configure": ".*", "write": ".*", "read": ".*"}
        management.put(f"/vhosts/{name}").raise_for_status()
        management.put(f"/permissions/{name}/{user}", json=everything).raise_for_status()
        yield name
        management.delete(f"/vhosts/{name}").raise_for_status()


@pytest.fixture
def amqp_url(backing: Backing, vhost: str) -> str:
    """RabbitMQ, in this test's virtual host."""
    return urlsplit(backing.amqp_url)._replace(path=f"/{vhost}").geturl()


@pytest.fixture
def redis_url(backing: Backing, empty_redis: str) -> Iterator[str]:
    """Redis, in a database that is empty before and after the test."""
    yield empty_redis
    with Redis.from_url(empty_redis) as client:
        client.flushdb()


@pytest.fixture(scope="session")
def empty_redis(backing: Backing) -> str:
    """The first database that holds nothing: what somebody put into a Redis that the environment names stays there."""
    # Processes that test at the same time (pytest-xdist) each look among databases of their own.
    of, mine = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1")), os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    numbers = range(int(mine.removeprefix("gw")), _REDIS_DATABASES, of)
    urls = [urlsplit(backing.redis_url)._replace(path=f"/{number}").geturl() for number in numbers]
    for url in urls:
        with Redis.from_url(url) as client:
            if client.dbsize() == 0:
                return url
    pytest.fail("MIH_REDIS_URL names a Redis without an empty database; the tests flush the one they use")


@contextmanager
def _skipped_or_failed() -> Iterator[None]:
    try:
        yield
    except Unavailable as missing:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(str(missing))  # a laptop may be without
