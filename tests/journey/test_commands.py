"""What is read is told to people and to programs; a mistake gets a line and an exit code, never a traceback."""

import asyncio
import re
import sys

import aio_pika
import orjson
import pytest
from hub_world import Hub, order, registry_for

from topology import names

REGISTRY = registry_for("https://till.example.org/api")


@pytest.fixture(autouse=True)
async def _applied(hub: Hub) -> None:
    await hub.apply(REGISTRY)


async def mistake(hub: Hub, *arguments: str, stdin: bytes = b"", **environment: str) -> tuple[int | None, str]:
    """Run a command that is expected to fail, and return its exit code and what it printed."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "pipeline.cli",
        *arguments,
        env=hub.environment | environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await asyncio.wait_for(process.communicate(stdin), 60)
    assert b"Traceback" not in output
    return process.returncode, output.decode()


async def test_what_is_read_can_be_had_as_json(hub: Hub) -> None:
    path = str(hub.folder / "registry.yaml")
    assert orjson.loads(await hub.run("plan", path, "--json"))["changes"] == []
    assert orjson.loads(await hub.run("export", "--json"))["services"]["till"]["transport"] == "rest"
    assert orjson.loads(await hub.run("schema"))["$schema"].startswith("https://json-schema.org/")
    assert orjson.loads(await hub.run("topology", "verify", "--json")) == []
    assert {row["name"] for row in orjson.loads(await hub.run("topology", "show", "--json"))} >= {"mih.service.till"}
    assert {row["setting"] for row in orjson.loads(await hub.run("settings", "--json"))} >= {"MIH_AMQP_URL"}


async def test_what_is_read_is_told_to_people(hub: Hub) -> None:
    path = str(hub.folder / "registry.yaml")
    assert "Nothing to change" in await hub.run("plan", path)
    assert "as it should be" in await hub.run("topology", "verify")
    assert "mih.service.till" in await hub.run("topology", "show")
    (hub.folder / "registry.yaml").write_text(REGISTRY.replace("timeout: 5s", "timeout: 7s"))
    told = await hub.run("plan", path)
    assert "changed" in told
    assert "7s" in told


async def test_an_export_can_be_applied_again(hub: Hub) -> None:
    exported = hub.folder / "exported.yaml"
    await hub.run("export", str(exported))
    assert orjson.loads(await hub.run("apply", str(exported), "--json"))["revision"] == 1


async def test_a_broker_that_differs_is_told_with_exit_code_1(hub: Hub) -> None:
    (hub.folder / "registry.yaml").write_text("version: 1\nservices: {}\n")
    await hub.run("apply", str(hub.folder / "registry.yaml"))
    code, told = await mistake(hub, "topology", "verify")
    assert code == 1
    assert "mih.service.till" in told


@pytest.mark.parametrize(
    ("arguments", "stdin", "code", "said"),
    [
        (["apply", "absent.yaml"], b"", 2, "absent.yaml: cannot be read"),
        (["plan", "/dev/null"], b"", 2, "/dev/null"),
        (["publish", "absent.json"], b"", 2, "absent.json: cannot be read"),
        (["publish", "-"], b"", 2, "is empty"),
        (["publish", "-"], b'{"a": 1}\n[]\nnonsense\n', 2, "-:3: expected a JSON object"),
        (["sender", "pigeon"], b"", 2, "unknown transport 'pigeon', expected amqp or rest or soap"),
        (
            ["dlq", "replay", "--service", "nobody"],
            b"",
            2,
            "there is no service 'nobody'; dead letters can be of: invalid, till, unroutable",
        ),
        (["fly"], b"", 2, "fly"),
        (["export", "/proc/exported.yaml"], b"", 2, "/proc/exported.yaml: cannot be written"),
    ],
)
async def test_a_mistake_is_told_in_a_line(hub: Hub, arguments: list[str], stdin: bytes, code: int, said: str) -> None:
    found, told = await mistake(hub, *arguments, stdin=stdin)
    assert said in told.replace("\n", " ")
    assert found == code


@pytest.mark.parametrize(
    ("arguments", "environment", "code", "said"),
    [
        (["publish", "-"], {"MIH_AMQP_URL": "amqp://mih:hunter2@127.0.0.1:1/"}, 3, "RabbitMQ at"),
        (["topology", "verify"], {"MIH_MANAGEMENT_URL": "http://mih:hunter2@127.0.0.1:1"}, 3, "management API"),
        (["export"], {"MIH_DATABASE_URL": "postgresql://mih:hunter2@127.0.0.1:1/mih"}, 3, "database"),
        (["export"], {"MIH_DATABASE_URL": "mysql://mih:hunter2@127.0.0.1:1/mih"}, 2, "MIH_DATABASE_URL"),
        (["settings"], {"MIH_AMQP_URL": "http://mih:hunter2@127.0.0.1"}, 2, "MIH_AMQP_URL"),
        (["settings"], {"MIH_AMQP_URL": "amqp://mih:hunter2@127.0.0.1:port/"}, 2, "MIH_AMQP_URL"),
        (["settings"], {"MIH_DATABASE_URL": "hunter2"}, 2, "MIH_DATABASE_URL"),
        (["up"], {"MIH_STATE_DIR": "/dev/null/mih"}, 2, "/dev/null/mih/embedded: cannot be used"),
        (["topology", "apply"], {"MIH_AMQP_URL": "amqp://mih:hunter2@127.0.0.1:1/"}, 3, "RabbitMQ at"),
    ],
)
async def test_what_is_away_or_set_wrong_is_named_without_its_password(
    hub: Hub, arguments: list[str], environment: dict[str, str], code: int, said: str
) -> None:
    found, told = await mistake(hub, *arguments, stdin=orjson.dumps(order(1)), **environment)
    assert said in told
    assert "hunter2" not in told
    assert "transport" not in told
    assert found == code


async def test_a_publish_before_any_topology_tells_what_was_confirmed_and_why_it_stopped(hub: Hub) -> None:
    connection = await aio_pika.connect(hub.environment["MIH_AMQP_URL"])
    async with connection:
        await (await connection.channel()).exchange_delete(names.EVENTS)
    events = b"\n".join(orjson.dumps(order(number)) for number in range(300))
    code, told = await mistake(hub, "publish", "-", stdin=events)
    assert code == 3
    assert "0 of 300 events were confirmed" in told
    assert "no exchange 'mih.events'" in told
    assert "`mih topology apply` declares it" in told
    assert len(told.splitlines()) == 1


async def test_a_publish_that_breaks_off_tells_what_was_confirmed_and_why_it_stopped(hub: Hub) -> None:
    events = b"\n".join(orjson.dumps(order(number)) for number in range(30_000))
    publishing = asyncio.create_task(mistake(hub, "publish", "-", stdin=events))
    connection = await aio_pika.connect(hub.environment["MIH_AMQP_URL"])
    async with connection:
        channel = await connection.channel()
        for _ in range(6_000):
            queue = await channel.declare_queue(names.INGEST, passive=True)
            if (queue.declaration_result.message_count or 0) >= 1_000 or publishing.done():
                break
            await asyncio.sleep(0.01)
        await channel.exchange_delete(names.EVENTS)
    code, told = await publishing
    assert code == 3
    confirmed = re.search(r"(\d+) of 30000 events were confirmed", told)
    assert confirmed
    assert 0 < int(confirmed[1]) < 30_000
    assert len(told.splitlines()) == 1


async def test_status_tells_at_once_what_waits_also_without_the_management_api(hub: Hub) -> None:
    await hub.publish([order(1), order(2)])
    hub.environment["MIH_MANAGEMENT_URL"] = "http://127.0.0.1:1"
    code, told = await mistake(hub, "status", "--json")
    found = orjson.loads(told)
    assert found["road"]["ingest"] == {"ready": 2, "in_hand": None, "consumers": 0}
    till = {"service": "till", "ready": 0, "in_hand": None, "dead": 0, "senders": 0}
    assert [one | till for one in found["services"]] == found["services"]
    # Nothing runs here.
    assert code == 1
    code, told = await mistake(hub, "status")
    assert "in hand is not known" in told
    assert code == 1
