import os
import signal
import subprocess
import sys
from contextlib import AbstractContextManager
from pathlib import Path
from subprocess import Popen
from typing import Any

import pytest
from living import eventually, killed_at_the_end, living_with, on_linux

from pipeline.embedded import backing, own_rabbit, own_redis
from pipeline.embedded.places import find_rabbitmq, find_redis
from pipeline.embedded.rabbit import ask_rabbitmq
from pipeline.embedded.redis import ask_redis
from pipeline.errors import Unavailable
from pipeline.settings import Settings, load_settings_with_sources

NAMED = {"MIH_AMQP_URL": "amqp://user:quiet@rabbit.example:5672/hub", "MIH_REDIS_URL": "redis://redis.example:6379/3"}
REPOSITORY = Path(__file__).parents[3]
NOBODY = 65534

#: What `mih up` does around its stages.
HUB = """
import sys, time
from pathlib import Path
from pipeline.embedded import backing
from pipeline.settings import Settings
with backing(Settings(), {}, folder=Path(sys.argv[1]) if len(sys.argv) > 1 else None) as both:
    print("ready", both.rabbitmq_told, both.redis_told, flush=True)
    sys.stdin.read()
"""

installed = pytest.mark.skipif(
    not (find_rabbitmq(os.environ.get("PATH")) and find_redis(os.environ.get("PATH"))),
    reason="RabbitMQ and Redis are not installed on this machine",
)


def _hub(*arguments: str, python: str = sys.executable, **options: Any) -> AbstractContextManager[Popen[str]]:
    return killed_at_the_end([python, "-c", HUB, *arguments], **options)


def _until_ready(hub: Popen[str]) -> str:
    assert hub.stdout
    said = hub.stdout.readline()
    if not said.startswith("ready"):
        _, complaint = hub.communicate(timeout=20)
        pytest.fail(complaint)
    return said


@installed
def test_what_nobody_names_is_private_and_forgotten() -> None:
    with backing(Settings(), {}, folder=None) as both:
        rabbit, redis = ask_rabbitmq(both.amqp_url), ask_redis(both.redis_url)
        assert both.rabbitmq_told == f"private RabbitMQ {rabbit} at {both.amqp_url.rpartition('@')[2].rstrip('/')}"
        assert both.redis_told == f"private Redis {redis} at {both.redis_url.rpartition('@')[2].removesuffix('/0')}"
    assert ask_rabbitmq(both.amqp_url) is None
    assert ask_redis(both.redis_url) is None


def test_what_the_environment_names_is_taken_as_it_is() -> None:
    with backing(*load_settings_with_sources(NAMED), folder=None) as both:
        assert (both.amqp_url, both.redis_url) == (NAMED["MIH_AMQP_URL"], NAMED["MIH_REDIS_URL"])
        assert both.management_url == "http://user:quiet@rabbit.example:15672"
        assert both.rabbitmq_told == "amqp://user:***@rabbit.example:5672/hub (from MIH_AMQP_URL)"


@installed
def test_each_of_the_two_is_decided_for_itself() -> None:
    rabbit_only = {"MIH_AMQP_URL": NAMED["MIH_AMQP_URL"]}
    with backing(*load_settings_with_sources(rabbit_only), folder=None) as both:
        assert both.amqp_url == NAMED["MIH_AMQP_URL"]
        assert ask_redis(both.redis_url)


def test_a_folder_is_for_one_hub_at_a_time(tmp_path: Path) -> None:
    settings, sources = load_settings_with_sources(NAMED)
    in_use = pytest.raises(Unavailable, match=f"{tmp_path} is in use by a hub that runs: process {os.getpid()}")
    with backing(settings, sources, folder=tmp_path), in_use, backing(settings, sources, folder=tmp_path):
        pass
    with backing(settings, sources, folder=tmp_path):
        pass


@pytest.mark.parametrize(
    ("own", "package", "setting"),
    [(own_rabbit, "rabbitmq-server", "MIH_AMQP_URL"), (own_redis, "redis-server", "MIH_REDIS_URL")],
)
def test_where_there_is_none_it_says_what_to_install(
    own: object, package: str, setting: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", "tcp://127.0.0.1:1")
    assert callable(own)
    with pytest.raises(Unavailable, match=rf"{setting} is not set.*apt-get install {package}"):
        own(tmp_path, only_docker=True)


@installed
@on_linux
@pytest.mark.parametrize("ending", [signal.SIGKILL, signal.SIGINT], ids=["kill -9", "Ctrl-C"])
def test_however_the_hub_ends_no_process_is_left_and_the_folder_is_free(ending: signal.Signals, tmp_path: Path) -> None:
    with _hub(str(tmp_path)) as hub:
        _until_ready(hub)
        assert {"beam.smp", "redis-server"} <= {_program(command) for command in living_with(str(tmp_path)).values()}
        os.killpg(hub.pid, ending)
    assert eventually(lambda: living_with(str(tmp_path)), {}) == {}
    with backing(*load_settings_with_sources(NAMED), folder=tmp_path):
        pass


@installed
@on_linux
def test_a_hub_started_right_after_a_kill_finds_its_data(tmp_path: Path) -> None:
    with _hub(str(tmp_path)) as killed:
        _until_ready(killed)
        killed.kill()
    with _hub(str(tmp_path)) as hub:
        assert "private RabbitMQ" in _until_ready(hub)
        hub.communicate(timeout=60)
        assert hub.returncode == 0


@installed
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_an_ordinary_user_without_a_home_can_do_it_too() -> None:
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *sys.path])}
    as_nobody = {"user": NOBODY, "group": NOBODY, "extra_groups": [], "cwd": "/", "env": environment}
    with _hub(python=_python_for(as_nobody), **as_nobody) as hub:
        assert "private RabbitMQ" in _until_ready(hub)
        hub.communicate(timeout=60)
        assert hub.returncode == 0


def _python_for(as_nobody: dict[str, Any]) -> str:
    """The first Python that an ordinary user may run, and that understands what is installed here."""
    for python in (sys.executable, "/usr/bin/python3", "/usr/local/bin/python3"):
        try:
            trial = subprocess.run([python, "-c", "import pipeline.embedded"], check=False, **as_nobody)
        except OSError:
            continue
        if trial.returncode == 0:
            return python
    pytest.skip("no Python here that an ordinary user may run")


def _program(command: str) -> str:
    return Path(command.split(" ", 1)[0]).name
