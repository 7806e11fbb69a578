"""A monitor that asks the roles of a hub at their doors."""

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import orjson
from hub_world import DEADLINE_S, Hub, until


async def ask(hub: Hub, role: str, path: str) -> httpx.Response:
    """Ask a role at the address that it logged."""

    def addresses() -> list[str]:
        log = (hub.folder / f"{role.replace(' ', '-')}.log").read_text()
        return [orjson.loads(line)["address"] for line in log.splitlines() if '"can be asked"' in line]

    await until(lambda: bool(addresses()), f"{role} can be asked")
    async with httpx.AsyncClient(trust_env=False, timeout=DEADLINE_S) as client:
        return await client.get(f"http://{addresses()[-1]}{path}")


async def until_readyz(hub: Hub, role: str, status: int, holds: Callable[[Any], bool] = bool) -> None:
    found: Any = None
    for _ in range(DEADLINE_S * 10):
        answer = await ask(hub, role, "/readyz")
        found = answer.status_code, answer.json()
        if found[0] == status and holds(found[1]):
            return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{role} says {found}")


async def figures(hub: Hub, role: str) -> dict[str, float]:
    """Every figure under its name and labels, as /metrics spells them."""
    lines = (await ask(hub, role, "/metrics")).text.splitlines()
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")}


async def until_figure(hub: Hub, role: str, figure: str, value: float) -> dict[str, float]:
    found: dict[str, float] = {}
    for _ in range(DEADLINE_S * 10):
        if (found := await figures(hub, role)).get(figure) == value:
            return found
        await asyncio.sleep(0.1)
    raise AssertionError(f"{figure} of {role} is {found.get(figure)}, not {value}")
