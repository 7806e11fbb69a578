"""A secret that was applied is used, and is nowhere to be read: on no disk, in no queue, in nothing that is told."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aio_pika
import orjson
import pytest
from hub_world import Hub, Service, order, until
from test_commands import mistake

from pipeline.secret_keys import new_key
from topology import names

SECRET = "s3cret-that-nobody-reads-again"
PLACE = "services/till/auth/token"


def registry_with(token: str, url: str = "https://till.example.org") -> str:
    return f"""
version: 1
services:
  till: {{transport: rest, url: "{url}", auth: {{type: bearer, token: "{token}"}}}}
rules:
  orders: {{event: shop.order, service: till, payload: '{{{{data}}}}'}}
"""


@pytest.fixture
def keys(hub: Hub) -> str:
    hub.environment["MIH_SECRET_KEYS"] = new_key("k1")
    return hub.environment["MIH_SECRET_KEYS"]


@asynccontextmanager
async def overheard(hub: Hub) -> AsyncIterator[list[str]]:
    """Everything that passes the hub's exchanges, bodies and properties, as text."""
    heard: list[str] = []
    connection = await aio_pika.connect(hub.environment["MIH_AMQP_URL"])
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        for exchange, key in (
            (names.EVENTS, "#"),
            (names.NORMALIZED, "#"),
            (names.SERVICES, "till"),
            (names.OUTCOMES, "#"),
            (names.DLX, "#"),
            (names.CONTROL, ""),
        ):
            await queue.bind(exchange, key)

        async def hear(message: aio_pika.abc.AbstractIncomingMessage) -> None:
            heard.append(f"{message.exchange} {message.info()} {message.body.decode()}")

        await queue.consume(hear, no_ack=True)
        yield heard


async def arguments_of(pid: int) -> str:
    """What `ps` shows of a process."""
    ps = await asyncio.create_subprocess_exec(
        "ps", "-ww", "-o", "args=", "-p", str(pid), stdout=asyncio.subprocess.PIPE
    )
    shown, _ = await ps.communicate()
    assert b"pipeline.cli" in shown
    return shown.decode()


@pytest.mark.usefixtures("keys")
async def test_w18_a_secret_is_used_and_nowhere_to_be_read(hub: Hub, service: Service) -> None:
    hub.environment["MIH_LOG_LEVEL"] = "debug"
    service.answer = lambda number: 200 if number == 1 else 422
    path = hub.folder / "registry.yaml"
    path.write_text(registry_with(SECRET, service.url))
    printed = [await hub.run("plan", str(path)), await hub.run("plan", str(path), "--json")]
    printed.append(await hub.run("apply", str(path), "--json"))
    async with overheard(hub) as heard:
        await hub.start("ingest", "router", "sender rest", "recorder")
        await hub.publish([order(1)])
        await until(lambda: len(service.answered) == 1, "the first order arrived")
        await hub.publish([order(2)])
        await hub.until_indexed(1)
        await until(lambda: any(one.startswith(names.DLX) for one in heard), "its death was heard of")
    assert {one["headers"]["Authorization"] for one in service.arrived} == {f"Bearer {SECRET}"}
    printed += [await arguments_of(process.pid) for process in hub.processes.values()]
    dead = orjson.loads(await hub.run("dlq", "list", "--all", "--json"))[0]["letter_id"]
    commands = (
        "export",
        "export --json",
        f"plan {path} --json",
        "settings",
        "status",
        "status --json",
        "secrets list --json",
        "dlq list",
        f"dlq show {dead}",
        f"dlq show {dead} --json",
        "dlq export",
        "schema",
        "events --json",
    )
    for command in commands:
        code, told = await mistake(hub, *command.split())
        # Status says by 1 that something died.
        assert code == int(command.startswith("status")), told
        printed.append(told)
    kept = [file.read_bytes() for file in hub.folder.rglob("*") if file.is_file() and file != path]
    assert len(kept) > len(hub.processes)
    assert {names.SERVICES, names.OUTCOMES, names.DLX} <= {one.partition(" ")[0] for one in heard}
    for found in (*(text.encode() for text in (*printed, hub.logs(), *heard)), *kept):
        assert SECRET.encode() not in found


@pytest.mark.usefixtures("keys")
async def test_what_says_the_same_is_no_change_and_a_change_is_told_and_not_shown(hub: Hub) -> None:
    await hub.apply(registry_with(SECRET))
    path = hub.folder / "registry.yaml"
    assert "Nothing to change" in await hub.run("plan", str(path))
    path.write_text(await hub.run("export"))
    assert "sealed:v1:k1:" in path.read_text()
    assert orjson.loads(await hub.run("apply", str(path), "--json"))["revision"] == 1
    path.write_text(registry_with("an0ther"))
    told = await hub.run("plan", str(path))
    assert "auth.token: changed (not shown)" in told
    assert "sealed:" not in told


async def test_without_keys_a_secret_is_refused_at_its_line_and_not_repeated(hub: Hub) -> None:
    path = hub.folder / "registry.yaml"
    path.write_text(registry_with(SECRET))
    code, told = await mistake(hub, "apply", str(path), MIH_SECRET_KEYS="")
    assert code == 2
    assert f"{path}:4: services.till.auth.token: expected env:NAME or file:/path" in told
    assert "MIH_SECRET_KEYS" in told
    assert SECRET not in told


async def test_what_was_sealed_on_standard_input_can_stand_in_the_file(hub: Hub, service: Service, keys: str) -> None:
    sealed = await hub.run("secrets", "seal", PLACE, stdin=f"{SECRET}\n".encode())
    await hub.apply(registry_with(sealed.strip(), service.url))
    await hub.start("ingest", "router", "sender rest")
    await hub.publish([order(1)])
    await until(lambda: bool(service.answered), "the order arrived")
    assert service.arrived[0]["headers"]["Authorization"] == f"Bearer {SECRET}"
    code, told = await mistake(hub, "secrets", "seal", "till.token", stdin=b"x")
    assert (code, "services/erp/auth/token" in told) == (2, True)
    for locale in ("C.UTF-8", "C", "POSIX"):
        code, told = await mistake(hub, "secrets", "seal", PLACE, stdin=b"half \xff", LC_ALL=locale)
        assert (code, "found what is not UTF-8 text" in told, "Traceback" in told) == (2, True, False)
    assert keys.partition(":")[2] not in hub.logs()


async def test_after_a_rotation_the_old_key_is_needed_no_more(hub: Hub, keys: str) -> None:
    await hub.apply(registry_with("f1rst"))
    await hub.apply(registry_with(SECRET))
    newer = (await hub.run("secrets", "key", "k2")).strip()
    hub.environment["MIH_SECRET_KEYS"] = f"{newer},{keys}"
    assert orjson.loads(await hub.run("secrets", "rotate", "--json")) == {"secrets": 2, "revisions": 2, "closed": []}
    hub.environment["MIH_SECRET_KEYS"] = newer
    assert "Nothing to do" in await hub.run("secrets", "rotate")
    assert orjson.loads(await hub.run("secrets", "list", "--json")) == [
        {"service": "till", "place": PLACE, "kind": "sealed", "name": "k2", "trouble": ""}
    ]
    assert "Nothing to change" in await hub.run("plan", str(hub.folder / "registry.yaml"))


@pytest.mark.usefixtures("keys")
async def test_a_secret_whose_key_is_not_here_is_told_with_its_place_and_key(hub: Hub) -> None:
    await hub.apply(registry_with(SECRET))
    exported = hub.folder / "exported.yaml"
    await hub.run("export", str(exported))
    other = new_key("other")
    code, told = await mistake(hub, "secrets", "list", MIH_SECRET_KEYS=other)
    assert (code, f"{PLACE} is sealed with the key k1" in told) == (1, True)
    code, told = await mistake(hub, "secrets", "rotate", MIH_SECRET_KEYS=other)
    assert (code, f"revision 1: {PLACE} is sealed with the key k1" in told) == (1, True)
    code, told = await mistake(hub, "plan", str(exported), MIH_SECRET_KEYS=other)
    assert code == 2
    assert f"services.till.auth.token: {PLACE} is sealed with the key k1" in told
    code, told = await mistake(hub, "secrets", "rotate", MIH_SECRET_KEYS="")
    assert (code, "MIH_SECRET_KEYS: is not set" in told) == (2, True)


async def test_keys_that_cannot_be_read_are_told_without_them(hub: Hub) -> None:
    wrong = f"{new_key('k1')},k2:c2hvcnQ="
    code, told = await mistake(hub, "settings", MIH_SECRET_KEYS=wrong)
    assert code == 2
    assert "MIH_SECRET_KEYS: entry 2 holds 5 bytes, expected id:base64 of 32 bytes" in told
    assert "c2hvcnQ" not in told


@pytest.mark.usefixtures("keys")
async def test_of_the_keys_the_settings_show_the_ids(hub: Hub, keys: str) -> None:
    shown = await asyncio.gather(hub.run("settings"), hub.run("settings", "--json"))
    for one in shown:
        assert "k1:***" in one
        assert keys.partition(":")[2] not in one
