"""`mih demo` as people run it: in a process of its own, on a RabbitMQ and Redis of its own where none is named."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pipeline.broker import Outgoing, open_getter, open_session
from topology import names
from topology.declare import declare
from topology.entities import topology_of

#: What all processes of this file's demos carry in their environment.
MARK = "DEMO_MARK"
#: Seconds: several times what a demo takes on a busy machine.
PATIENCE_S = 100


@pytest.fixture
def mark() -> Iterator[str]:
    """Carried by all processes of a demo; at the end none of them lives."""
    mark = uuid.uuid4().hex
    yield mark
    deadline = time.monotonic() + 20
    while (alive := _alive(mark)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not alive


@contextmanager
def _demo(mark: str, folder: Path, *arguments: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, MARK: mark, "MIH_STATE_DIR": str(folder / "state"), "TMPDIR": str(folder), **settings}
    with subprocess.Popen(
        [sys.executable, "-m", "pipeline.cli", "demo", *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def _alive(mark: str) -> list[str]:
    """The commands of the processes that carry the mark, where there is a /proc to read them from."""
    alive = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if f"{MARK}={mark}".encode() in (process / "environ").read_bytes():
                alive.append((process / "cmdline").read_text(errors="replace").replace("\0", " "))
        except OSError:
            continue
    return alive


def test_the_demo_accounts_for_every_event_and_leaves_nothing_behind(mark: str, tmp_path: Path) -> None:
    with _demo(mark, tmp_path, "--json") as demo:
        said, complained = demo.communicate(timeout=PATIENCE_S)
    assert demo.returncode == 0, (said, complained)
    account = json.loads(said)
    assert account["agrees"]
    assert account["published"] == account["planned"] > 300
    assert account["published"] == account["understood"] + account["repeats"] + account["unreadable"]
    _assert_deliveries_add_up(account["services"])
    _assert_the_troubles_were_seen(*account["services"])
    assert list(tmp_path.iterdir()) == []


def _assert_deliveries_add_up(services: list[dict[str, Any]]) -> None:
    told = [(service["service"], service["transport"]) for service in services]
    assert told == [("demo-erp", "rest"), ("demo-chat", "rest"), ("demo-sis", "soap"), ("demo-audit", "amqp")]
    for service in services:
        assert service["expected"] == service["delivered"] > 0
        assert (service["dead"], service["missing"], service["again"], service["surplus"]) == (0, 0, 0, 0)


def _assert_the_troubles_were_seen(
    erp: dict[str, Any], chat: dict[str, Any], sis: dict[str, Any], audit: dict[str, Any]
) -> None:
    """The chat failed: its breaker opened, and nothing died. The records refused: what died was replayed."""
    assert [service["opened"] > 0 for service in (erp, chat, sis, audit)] == [False, True, False, False]
    assert [service["died"] > 0 for service in (erp, chat, sis, audit)] == [False, False, True, False]
    # Fewer than would have been, had each delivery that came meanwhile been tried.
    assert chat["delivered"] < chat["asked"] < 2 * chat["delivered"]
    assert sis["asked"] == sis["delivered"] + sis["died"]


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_term_end_a_demo_in_order(mark: str, tmp_path: Path, told: signal.Signals) -> None:
    with _demo(mark, tmp_path) as demo:
        assert demo.stdout
        # The first picture: from now on the stages run.
        assert any("understood" in line for line in demo.stdout)
        demo.send_signal(told)
        _, complained = demo.communicate(timeout=PATIENCE_S)
    assert (demo.returncode, complained) == (130, "")
    assert list(tmp_path.iterdir()) == []


async def test_a_broker_where_a_hub_is_in_use_is_left_alone(
    mark: str, tmp_path: Path, amqp_url: str, redis_url: str
) -> None:
    declare(amqp_url, topology_of(["erp"]))
    async with open_session(amqp_url, "test") as session:
        await session.publish(Outgoing(names.EVENTS, "", b"somebody's event"))
        with _demo(mark, tmp_path, MIH_AMQP_URL=amqp_url, MIH_REDIS_URL=redis_url) as demo:
            _, complained = demo.communicate(timeout=PATIENCE_S)
        async with open_getter(session) as getter:
            assert await getter.depth(names.INGEST) == 1
    assert demo.returncode == 2
    assert "a hub is in use: mih.ingest has 1 messages" in complained.replace("\n", " ")
