"""A name server in an attacker's hand, a real one: it tells a public address to whoever checks, then a private one.

The scene has a network of its own, where the public address is at hand and the system asks that server.
"""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import orjson
import pytest
from rebinding_scene import NAME, PRIVATE, PUBLIC

_APART = ("unshare", "--user", "--map-root-user", "--mount", "--net", "sh", "-ec")
_PREPARED = 'ip link set lo up; ip address add "$1/32" dev lo; mount --bind "$2" /etc/resolv.conf; shift 2; exec "$@"'
_WITHIN_S = 60


async def said_by(*command: str) -> tuple[int, bytes]:
    try:
        process = await asyncio.create_subprocess_exec(
            *command,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={**os.environ, "LOCALDOMAIN": ""},
        )
    except FileNotFoundError:
        return 127, b"there is no unshare"
    out, errors = await asyncio.wait_for(process.communicate(), _WITHIN_S)
    return process.returncode or 0, out or errors


@pytest.fixture
async def apart(tmp_path: Path) -> tuple[str, ...]:
    """The command behind which a process has a network and a name server of its own."""
    (tmp_path / "resolv.conf").write_text("nameserver 127.0.0.1\n")
    command = (*_APART, _PREPARED, "sh", PUBLIC, str(tmp_path / "resolv.conf"))
    code, why = await said_by(*command, "true")
    if code:
        pytest.skip(f"no network of one's own can be had here: {why.decode()}")
    return command


async def played(apart: Sequence[str], told: Sequence[Sequence[str]], *mistake: str) -> dict[str, Any]:
    scene = str(Path(__file__).with_name("rebinding_scene.py"))
    code, said = await said_by(*apart, sys.executable, scene, orjson.dumps(told).decode(), *mistake)
    assert code == 0, said.decode()
    found: dict[str, Any] = orjson.loads(said)
    return found


async def test_a_name_server_that_changes_its_mind_reaches_nothing(apart: Sequence[str]) -> None:
    found = await played(apart, [[PUBLIC], [PRIVATE]])
    first, second = found["outcomes"]
    assert first["ending"] == "delivered"
    assert second["ending"] == "may-pass"
    assert f"{NAME} ({PRIVATE}) is a private or local address" in second["reason"]
    assert found["arrived"] == [PUBLIC]
    assert found["asked"] == [NAME, NAME], "one question for each attempt"


async def test_a_private_address_beside_a_public_one_reaches_nothing(apart: Sequence[str]) -> None:
    found = await played(apart, [[PUBLIC, PRIVATE], [PRIVATE, PUBLIC]])
    assert {one["ending"] for one in found["outcomes"]} == {"may-pass"}
    assert found["arrived"] == []


async def test_the_scene_would_show_a_guard_that_looks_a_name_up_twice(apart: Sequence[str]) -> None:
    found = await played(apart, [[PUBLIC], [PRIVATE]], "twice")
    assert PRIVATE in found["arrived"]
