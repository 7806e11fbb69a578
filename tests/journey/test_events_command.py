"""What was seen can be looked up, and a rule that reads what no event has had is warned of before it is applied."""

import asyncio
import re
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta

import orjson
import pytest
from hub_world import Hub, order, registry_for

CAPTURED = {
    "eventname": "\\core\\event\\role_assigned",
    "component": "core",
    "objectid": "5",
    "userid": "2",
    "courseid": "2",
    "relateduserid": "4",
    "other": {"id": 1, "token": "hunter2", "note": "x" * 100},
    "timecreated": 1795211290,
}
MISSPELT = r"""
  students:
    event: \core\event\role_*
    service: till
    payload: '{"student": {{relateduserId}}, "who": {{userid}}, "course": {{courseid}}}'
"""


async def failed(hub: Hub, *arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "pipeline.cli", *arguments, env=hub.environment,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    return process.returncode, output.decode()


async def until_seen(hub: Hub, events: int) -> None:
    """Each look is a process of its own, and takes as long as any pause should."""
    for _ in range(60):
        if sum(seen["events"] for seen in orjson.loads(await hub.run("events", "--json"))) == events:
            return
    raise AssertionError(f"waited in vain until {events} events were seen")


async def test_what_was_published_is_listed_with_a_sample_and_a_misspelt_name_is_warned_of(hub: Hub) -> None:
    await hub.apply(registry_for("https://till.example.org/"))
    assert "No event was seen yet" in await hub.run("events")
    assert orjson.loads(await hub.run("events", "--json")) == []
    code, told = await failed(hub, "events", "shop.order")
    assert (code, "no event of type shop.order was seen so far" in told) == (2, True)

    path = hub.folder / "next.yaml"
    path.write_text(registry_for("https://till.example.org/", more=MISSPELT))
    assert "warning" not in await hub.run("plan", str(path))

    await hub.start("ingest", "router")
    await hub.run("publish", "-", "--source", "campus", stdin=orjson.dumps(CAPTURED))
    await hub.publish([order(1), order(2), order(3)])
    await until_seen(hub, 4)

    role, shop = orjson.loads(await hub.run("events", "--json"))
    assert (role["type"], role["events"], role["source"]) == ("\\core\\event\\role_assigned", 1, "campus")
    assert (shop["type"], shop["events"], shop["source"]) == ("shop.order", 3, "shop")
    assert timedelta(0) <= datetime.now(UTC) - datetime.fromisoformat(role["last_seen"]) < timedelta(minutes=5)
    listed = await hub.run("events")
    assert re.search(r"\\core\\event\\role_assigned +1 +(just now|\d+ \w+ ago) +campus", listed)

    one = orjson.loads(await hub.run("events", "core\\event\\role_assigned", "--json"))
    assert one["sample"]["other"] == {"id": 1, "token": "***", "note": "x" * 40 + "…"}
    assert set(CAPTURED) <= set(one["names"])
    assert "other.note" in one["names"]
    shown = await hub.run("events", "\\core\\event\\role_assigned")
    assert '"relateduserid": 4,' in shown
    assert "other.token" in shown
    assert "hunter2" not in shown

    code, told = await failed(hub, "events", "coreeventrole_assign")
    assert code == 2
    assert "did you mean '\\core\\event\\role_assigned'?" in told

    said = "rules.students: no event of \\core\\event\\role_assigned has had relateduserId so far"
    planned = await hub.run("plan", str(path))
    assert f"{said} (did you mean relateduserid?)" in planned
    assert planned.count("warning") == 1
    [warning] = orjson.loads(await hub.run("plan", str(path), "--json"))["warnings"]
    assert said in warning
    assert said in await hub.run("apply", str(path))


async def test_a_catalogue_that_cannot_be_asked_makes_a_plan_no_worse(hub: Hub) -> None:
    await hub.apply(registry_for("https://till.example.org/"))
    await hub.run("events")
    with closing(sqlite3.connect(hub.folder / "mih.db")) as database:
        database.execute("drop table event_names")
        database.execute("create view event_names as select * from nowhere")
    code, told = await failed(hub, "plan", str(hub.folder / "registry.yaml"))
    assert (code, "Nothing to change" in told) == (0, True)
    code, told = await failed(hub, "apply", str(hub.folder / "registry.yaml"))
    assert (code, "Revision 1 is in force" in told) == (0, True)


@pytest.mark.parametrize("arguments", [("events",), ("events", "shop.order")])
async def test_a_database_that_is_away_is_told(hub: Hub, arguments: tuple[str, ...]) -> None:
    hub.environment["MIH_DATABASE_URL"] = "postgresql://mih:hunter2@127.0.0.1:1/mih"
    code, told = await failed(hub, *arguments)
    assert code == 3
    assert "hunter2" not in told
    assert len(told.splitlines()) == 1
