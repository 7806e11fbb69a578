import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from living import eventually, living_with, on_linux

from pipeline.embedded import DockerRabbit, PrivateRabbit
from pipeline.embedded.places import find_rabbitmq
from pipeline.embedded.rabbit import ask_rabbitmq
from pipeline.errors import Unavailable
from topology.connection import connected
from topology.errors import BrokerAway

#: Where a RabbitMQ that somebody else installed and runs listens: AMQP, its Erlang node, epmd, management.
USUAL_PORTS = (5672, 25672, 4369, 15672)
QUORUM = {"x-queue-type": "quorum"}


@pytest.fixture
def program() -> Path:
    found = find_rabbitmq(os.environ.get("PATH"))
    if not found:
        pytest.skip("no rabbitmq-server on this machine")
    return found


@pytest.fixture
def usual_ports_taken() -> Iterator[None]:
    """Each of the usual ports has somebody: who had it before, or this test."""
    with ExitStack() as held:
        for port in USUAL_PORTS:
            with suppress(OSError):
                held.enter_context(socket.create_server(("127.0.0.1", port)))
        yield


def _put(amqp_url: str, queue: str, body: str) -> None:
    with connected(amqp_url) as connection, connection.channel() as channel:
        channel.queue_declare(queue, durable=True, auto_delete=False, arguments=QUORUM)
        message = channel.prepare_message(body, content_encoding="utf-8", properties={"delivery_mode": 2})
        channel.basic_publish_confirm(message, "", queue)


def _get(amqp_url: str, queue: str) -> str | None:
    with connected(amqp_url) as connection, connection.channel() as channel:
        found = channel.basic_get(queue, no_ack=True)
        return str(found.body) if found else None


def _has(amqp_url: str, queue: str) -> bool:
    try:
        with connected(amqp_url) as connection, connection.channel() as channel:
            channel.queue_declare(queue, passive=True)
    except BrokerAway:
        return False
    return True


def test_what_was_confirmed_survives_a_kill_at_the_same_address(rabbit: PrivateRabbit | DockerRabbit) -> None:
    url = rabbit.amqp_url
    _put(url, "kept", "hello")
    # RabbitMQ writes down half a second late which quorum queues it has, and forgets a younger one when killed.
    time.sleep(1.5)
    rabbit.kill()
    rabbit.start()
    assert rabbit.amqp_url == url
    assert eventually(lambda: _get(url, "kept"), "hello") == "hello"


@on_linux
def test_data_and_address_outlive_the_hub_and_no_process_does(program: Path, tmp_path: Path) -> None:
    with PrivateRabbit(program, tmp_path, keeps_data=True) as first:
        _put(first.amqp_url, "kept", "hello")
        assert _living(tmp_path, "beam.smp")
    assert eventually(lambda: living_with(str(tmp_path)), {}) == {}
    with PrivateRabbit(program, tmp_path, keeps_data=True) as second:
        assert second.amqp_url == first.amqp_url
        assert eventually(lambda: _get(second.amqp_url, "kept"), "hello") == "hello"


@on_linux
def test_an_erlang_that_rabbitmq_starts_to_have_an_epmd_brings_none(program: Path, tmp_path: Path) -> None:
    with PrivateRabbit(program, tmp_path, keeps_data=False) as rabbit:
        environment = (Path("/proc") / str(rabbit.pid) / "environ").read_bytes().decode().rstrip("\0").split("\0")
        # As it does once a minute.
        starter = ["erl", "-boot", "no_dot_erlang", "-sname", "epmd-starter", "-noinput", "-s", "erlang", "halt"]
        subprocess.run(starter, env=dict(line.split("=", 1) for line in environment), check=True)
        assert _living(tmp_path, "epmd") == []


@pytest.mark.usefixtures("usual_ports_taken")
def test_two_run_side_by_side_where_all_usual_ports_are_taken(program: Path, tmp_path: Path) -> None:
    with (
        PrivateRabbit(program, tmp_path / "a", keeps_data=False) as a,
        PrivateRabbit(program, tmp_path / "b", keeps_data=False) as b,
    ):
        _put(a.amqp_url, "of-a", "")
        _put(b.amqp_url, "of-b", "")
        assert [_has(a.amqp_url, "of-a"), _has(a.amqp_url, "of-b")] == [True, False]
        assert [_has(b.amqp_url, "of-a"), _has(b.amqp_url, "of-b")] == [False, True]


def test_a_port_that_somebody_took_since_last_time_is_given_up(program: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as somebody:
        taken = somebody.getsockname()[1]
        access = {"ports": [taken, taken], "password": "of-last-time"}
        (tmp_path / "access.json").write_text(json.dumps(access))
        rabbit = PrivateRabbit(program, tmp_path, keeps_data=False)
        assert taken not in rabbit.access.ports
        assert rabbit.access.password == "of-last-time"


def test_ports_that_somebody_takes_at_the_last_moment_are_given_up(program: Path, tmp_path: Path) -> None:
    unlucky_once = tmp_path / "rabbitmq-server"
    unlucky_once.write_text(f"#!/bin/sh\nmkdir unlucky && echo eaddrinuse && exit 1\nexec {program}\n")
    unlucky_once.chmod(0o755)
    rabbit = PrivateRabbit(unlucky_once, tmp_path / "folder", keeps_data=False)
    at_first = rabbit.access.ports
    with rabbit:
        assert not set(rabbit.access.ports) & set(at_first)
        assert ask_rabbitmq(rabbit.amqp_url)


def test_files_with_the_password_are_for_nobody_else(program: Path, tmp_path: Path) -> None:
    with PrivateRabbit(program, tmp_path / "new", keeps_data=False) as rabbit:
        telling = [file for file in rabbit.folder.iterdir() if file.is_file() and _tells(file, rabbit.access.password)]
        assert {file.name for file in telling} == {"access.json", "advanced.config"}
        assert {file.stat().st_mode & 0o777 for file in telling} == {0o600}
        assert rabbit.folder.stat().st_mode & 0o777 == 0o700


def test_a_start_that_fails_shows_the_end_of_the_log(tmp_path: Path) -> None:
    program = tmp_path / "rabbitmq-server"
    program.write_text("#!/bin/sh\necho 'no erlang here' >&2\nexit 1\n")
    program.chmod(0o755)
    with pytest.raises(Unavailable, match=r"RabbitMQ did not start; the end of .*log:\nno erlang here"):
        PrivateRabbit(program, tmp_path / "folder", keeps_data=False).start()


def _living(folder: Path, program: str) -> list[str]:
    return [command for command in living_with(str(folder)).values() if Path(command.split(" ", 1)[0]).name == program]


def _tells(file: Path, password: str) -> bool:
    return password in file.read_text(errors="replace")
