import os
from pathlib import Path

import pytest
from redis import Redis
from redis.exceptions import AuthenticationError

from pipeline.embedded import DockerRedis, PrivateRedis
from pipeline.embedded.places import find_redis


@pytest.fixture
def program() -> Path:
    found = find_redis(os.environ.get("PATH"))
    if not found:
        pytest.skip("no redis-server on this machine")
    return found


def _counted(url: str) -> int:
    with Redis.from_url(url) as client:
        return int(client.incr("count"))


def test_it_starts_again_at_the_same_address(redis_server: PrivateRedis | DockerRedis) -> None:
    url = redis_server.redis_url
    assert _counted(url) == 1
    redis_server.kill()
    redis_server.start()
    assert redis_server.redis_url == url
    assert _counted(url) >= 1


def test_it_asks_for_its_password(redis_server: PrivateRedis | DockerRedis) -> None:
    address = redis_server.redis_url.rpartition("@")[2]
    with pytest.raises(AuthenticationError):
        _counted(f"redis://{address}")


@pytest.mark.parametrize(("keeps_data", "second"), [(True, 2), (False, 1)])
def test_data_are_kept_where_the_folder_is(program: Path, tmp_path: Path, *, keeps_data: bool, second: int) -> None:
    for count in (1, second):
        with PrivateRedis(program, tmp_path, keeps_data=keeps_data) as redis:
            assert _counted(redis.redis_url) == count
