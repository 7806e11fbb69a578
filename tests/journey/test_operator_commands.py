"""A person's word is written down, told to every process and shown with who said it; a mistake gets a line."""

from collections.abc import AsyncIterator
from time import monotonic
from typing import Any

import orjson
import pytest
from hub_world import Hub, registry_for, until
from test_commands import mistake

from pipeline.broker import open_session
from pipeline.broker.tap import tap
from pipeline.cli.word import login
from pipeline.registry import Interventions, InterventionStore
from pipeline.settings import load_settings
from pipeline.shared_state import open_shared_state
from pipeline.shared_state.breaker import Breakers
from pipeline.shared_state.permit import Burden, Permit, Policy, State
from topology import names

REGISTRY = registry_for("https://till.example.org/api")
EMPTY = "version: 1\nservices: {}\n"
AWAY = {
    "MIH_AMQP_URL": "amqp://mih:hunter2@127.0.0.1:1/",
    "MIH_REDIS_URL": "redis://mih:hunter2@127.0.0.1:1/0",
    "MIH_DATABASE_URL": "postgresql://mih:hunter2@127.0.0.1:1/mih",
}


@pytest.fixture(autouse=True)
async def _applied(hub: Hub) -> None:
    await hub.apply(REGISTRY)


@pytest.fixture
async def breakers(hub: Hub) -> AsyncIterator[Breakers]:
    async with open_shared_state(hub.environment["MIH_REDIS_URL"], monotonic) as shared:
        yield Breakers(shared)


async def said(hub: Hub) -> Interventions:
    """What a process that starts now goes by."""
    async with InterventionStore.open(load_settings(hub.environment).effective_database_url()) as store:
        return await store.all()


async def break_till(breakers: Breakers) -> None:
    policy = Policy(failures=1)
    permit = await breakers.permit("till", policy, "d1", "t1")
    assert isinstance(permit, Permit)
    await breakers.report(
        "till", policy, permit, Burden(fails=True), delivery_key="d1", remember_ms=1, error="503", latency_ms=5
    )


async def shown(hub: Hub, *arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        one["service"]: one for one in orjson.loads(await hub.run("breaker", "show", *arguments, "--json"))
    }
    return found


async def test_a_service_is_paused_and_resumed_and_who_and_why_are_known(hub: Hub) -> None:
    assert "till is paused" in await hub.run("pause", "till", "--why", "they move house")
    paused = (await said(hub)).paused("till")
    assert paused
    assert (paused.who, paused.why) == (login(), "they move house")
    told = await hub.run("resume", "till")
    assert f"It was paused by {login()} at {paused.at:%Y-%m-%d %H:%M} UTC: they move house" in told
    assert list(await said(hub)) == []
    assert "till was not paused" in await hub.run("resume", "till")


async def test_who_pauses_a_paused_service_learns_by_whom_it_was_and_has_the_last_word(hub: Hub) -> None:
    await hub.run("pause", "till", "--why", "they move house", "--who", "ana")
    told = await hub.run("pause", "till", "--why", "still moving", "--who", "ben")
    assert "till was paused already, by ana at" in told
    assert "they move house" in told
    assert [(one.who, one.why) for one in await said(hub)] == [("ben", "still moving")]


async def test_a_service_that_is_removed_stays_paused_and_can_be_resumed(hub: Hub) -> None:
    await hub.run("pause", "till", "--why", "they move house")
    await hub.apply(EMPTY)
    await hub.apply(REGISTRY)
    assert (await said(hub)).paused("till")
    await hub.apply(EMPTY)
    assert "till goes on" in await hub.run("resume", "till")
    assert list(await said(hub)) == []


async def test_a_rule_is_stopped_and_started_also_when_it_is_no_more(hub: Hub) -> None:
    assert "orders is stopped" in await hub.run("rule", "stop", "orders", "--why", "wrong prices")
    assert (await said(hub)).stopped("orders")
    await hub.apply(EMPTY)
    assert "orders goes on" in await hub.run("rule", "start", "orders")
    assert list(await said(hub)) == []


async def test_every_process_is_told(hub: Hub) -> None:
    heard: list[str] = []
    async with (
        open_session(hub.environment["MIH_AMQP_URL"], "listener") as session,
        tap(session, names.CONTROL, lambda message: heard.append(message.body.decode())),
    ):
        await hub.run("pause", "till", "--why", "they move house")
        await hub.run("rule", "stop", "orders", "--why", "wrong prices")
        await hub.run("breaker", "open", "till", "--why", "audit")
        await hub.run("breaker", "reset", "till")
        await hub.run("resume", "till")
        await hub.apply(registry_for("https://till.example.org/v2"))
        await until(lambda: len(heard) == 6, "all is heard")
    expected = ["paused till", "stopped orders", "breaker-open till", "breaker-open till", "paused till", "revision 2"]
    assert heard == expected


async def test_a_word_is_in_force_also_while_rabbitmq_is_away(hub: Hub) -> None:
    hub.environment["MIH_AMQP_URL"] = AWAY["MIH_AMQP_URL"]
    told = await hub.run("pause", "till", "--why", "they move house")
    assert "RabbitMQ at amqp://mih:***@127.0.0.1:1/" in told
    assert "in force within a second all the same" in told
    assert (await said(hub)).paused("till")


async def test_a_breaker_is_forced_one_way_or_the_other_and_shown_with_who_forced_it(hub: Hub) -> None:
    await hub.run("breaker", "close", "till", "--why", "we know", "--who", "ana")
    told = await hub.run("breaker", "open", "till", "--why", "audit", "--who", "ben")
    assert "till was forced closed already, by ana at" in told
    assert "till is forced open until `mih breaker reset till`" in told
    assert (await said(hub)).breaker("till") == "open"
    table = await hub.run("breaker", "show")
    assert "open by ben at" in table
    assert "audit" in table
    forced = (await shown(hub, "till"))["till"]["forced"]
    assert (forced["kind"], forced["who"], forced["why"]) == ("breaker-open", "ben", "audit")


async def test_an_open_breaker_is_shown_and_closed_by_a_reset(hub: Hub, breakers: Breakers) -> None:
    assert (await shown(hub))["till"]["state"] == "closed"
    await break_till(breakers)
    found = (await shown(hub))["till"]
    assert (found["state"], found["failures"], found["forced"]) == ("open", 1, None)
    assert found["since"] < found["next_probe"]
    assert " in " in await hub.run("breaker", "show", "till")
    assert "Closed: till" in await hub.run("breaker", "reset", "till")
    assert (await shown(hub))["till"]["state"] == "closed"


async def test_a_reset_ends_what_was_forced_of_all_services_also_of_those_that_are_no_more(
    hub: Hub, breakers: Breakers
) -> None:
    await break_till(breakers)
    await hub.run("breaker", "close", "till", "--why", "we know", "--who", "ana")
    await hub.apply(EMPTY)
    assert (await shown(hub))["till"]["forced"]["who"] == "ana"
    assert "till is forced closed no more, as it was by ana at" in await hub.run("breaker", "reset", "--all")
    assert list(await said(hub)) == []
    assert (await breakers.states(["till"]))["till"].state is State.CLOSED


async def test_while_redis_is_away_what_was_forced_is_still_shown_and_still_ended(hub: Hub) -> None:
    await hub.run("breaker", "open", "till", "--why", "audit", "--who", "ben")
    hub.environment["MIH_REDIS_URL"] = AWAY["MIH_REDIS_URL"]
    code, told = await mistake(hub, "breaker", "show")
    assert code == 1
    assert "open by ben at" in told
    assert "unknown" in told
    assert "Redis at redis://mih:***@127.0.0.1:1/0 does not answer" in told
    code, told = await mistake(hub, "breaker", "reset", "till")
    assert code == 3
    assert "till is forced open no more" in told
    assert "nothing else was reset" in told
    assert list(await said(hub)) == []


async def test_json_is_nothing_but_json_while_redis_is_away(hub: Hub) -> None:
    code, told = await mistake(hub, "breaker", "show", "--json", MIH_REDIS_URL=AWAY["MIH_REDIS_URL"])
    assert code == 1
    table, _, complaint = told.partition("]\n")
    assert [one["state"] for one in orjson.loads(table + "]")] == [None]
    assert complaint.startswith("error Redis at")


@pytest.mark.parametrize(
    ("command", "code", "expected"),
    [
        ("pause tlil --why audit", 1, "unknown service tlil (did you mean till?), expected a service in force"),
        ("resume tlil", 1, "unknown service tlil (did you mean till?)"),
        ("rule stop order --why audit", 1, "unknown rule order (did you mean orders?), expected a rule in force"),
        ("breaker open tlil --why audit", 1, "unknown service tlil (did you mean till?)"),
        ("breaker reset tlil", 1, "unknown service tlil (did you mean till?)"),
        ("breaker show tlil", 1, "unknown service tlil (did you mean till?)"),
        ("pause till", 2, "--why"),
        ("breaker reset", 2, "expected either a service or --all"),
        ("breaker reset till --all", 2, "expected either a service or --all"),
    ],
)
async def test_a_mistake_changes_nothing_and_is_told(hub: Hub, command: str, code: int, expected: str) -> None:
    found, told = await mistake(hub, *command.split())
    assert expected in told
    assert found == code
    assert list(await said(hub)) == []


async def test_a_reason_must_be_given_in_words(hub: Hub) -> None:
    code, told = await mistake(hub, "pause", "till", "--why", "  ")
    assert code == 2
    assert "expected a reason" in told
    assert list(await said(hub)) == []


async def test_without_the_database_nothing_is_said(hub: Hub) -> None:
    code, told = await mistake(
        hub, "pause", "till", "--why", "they move house", MIH_DATABASE_URL=AWAY["MIH_DATABASE_URL"]
    )
    assert code == 3
    assert "the database" in told
    assert "hunter2" not in told
