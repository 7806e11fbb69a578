"""Rules tried and tested at the command line of a whole hub: the registry in force, and real dead letters."""

import os
from pathlib import Path

import orjson
from hub_world import ROLES, Hub, Service, order, registry_for
from test_commands import mistake

TESTS = """
tests:
  an-order:
    event: {specversion: "1.0", id: "1", source: shop, type: shop.order, data: {number: 1}}
    expect: [{payload: {number: 1}}]
"""


async def test_a_dead_letter_is_tried_by_the_id_of_its_event_or_delivery_and_stays_where_it_is(
    hub: Hub, service: Service
) -> None:
    service.answer = lambda _: 422
    await hub.apply(registry_for(service.url, more="  big: {event: shop.*, when: {number: [9]}, service: till}"))
    await hub.start(*ROLES, "recorder")
    await hub.publish([order(number) for number in range(5)])
    await hub.until_depth("mih.dlq.till", 5)
    await hub.until_indexed(5)
    delivery = next(one["key"] for one in service.arrived if one["body"]["number"] == 3)
    for identity in ("order-3", delivery):
        found = orjson.loads(await hub.run("rules", "try", "orders", "--event", identity, "--json"))
        assert found["would_be_sent"]
        assert found["service"]["url"] == service.url
        assert found["request"]["send"]["path"] == "/orders"
        assert orjson.loads(found["request"]["body"]) == {"number": 3}
        await hub.until_depth("mih.dlq.till", 5)
    code, told = await mistake(hub, "rules", "try", "big", "--event", "order-3")
    assert code == 1
    assert "✗ number: asked [9], found 3" in told
    await hub.until_depth("mih.dlq.till", 5)
    service.answer = lambda _: 200
    await hub.run("dlq", "replay", "--service", "till")
    await hub.until_depth("mih.dlq.till", 0)


async def test_an_event_that_is_found_nowhere_is_told_with_where_it_was_looked_for(hub: Hub) -> None:
    code, told = await mistake(hub, "rules", "try", "orders", "--event", "order-1")
    assert code == 3
    assert "there is no such file; `mih apply` makes it on a new machine" in told
    await hub.apply(registry_for("https://till.example.org"))
    code, told = await mistake(hub, "rules", "try", "orders", "--event", "order-1")
    assert code == 2
    assert "order-1: there is no such file, and the index of the dead letters knows no delivery of this id" in told
    code, told = await mistake(
        hub, "rules", "try", "orders", "--event", "order-1", MIH_AMQP_URL="amqp://mih:hunter2@127.0.0.1:1/"
    )
    assert code == 2, "RabbitMQ is not asked"
    assert "hunter2" not in told


async def test_a_rule_in_force_is_tried_on_an_event_from_a_file_or_standard_input(hub: Hub) -> None:
    await hub.apply(registry_for("https://till.example.org"))
    event = hub.folder / "event.json"
    event.write_bytes(orjson.dumps(order(7)))
    for given, stdin in ((str(event), b""), ("-", event.read_bytes())):
        told = await hub.run("rules", "try", "orders", "--event", given, stdin=stdin)
        assert "orders would send to till:" in told
        assert '"number": 7' in told


async def test_tests_are_accepted_by_plan_and_apply_and_are_in_force_nowhere(hub: Hub, service: Service) -> None:
    await hub.apply(registry_for(service.url) + TESTS)
    path = str(hub.folder / "registry.yaml")
    assert "Nothing to change" in await hub.run("plan", path)
    assert "tests" not in orjson.loads(await hub.run("export", "--json"))
    assert "tests" in orjson.loads(await hub.run("schema"))["properties"]
    (hub.folder / "registry.yaml").write_text(registry_for(service.url) + TESTS.replace("expect:", "expects:"))
    code, told = await mistake(hub, "apply", path)
    assert code == 2
    assert "tests.an-order.expects: unknown key expects (did you mean expect?)" in told


async def test_tests_run_where_there_is_no_hub_and_no_environment(tmp_path: Path) -> None:
    (tmp_path / "registry.yaml").write_text(registry_for("http://127.0.0.1:9/") + TESTS)
    kept = {name: os.environ[name] for name in ("PATH", "PYTHONPATH") if name in os.environ}
    bare = Hub(kept, tmp_path)
    assert (await bare.run("rules", "test", str(tmp_path))).splitlines() == ["✓ an-order", "1 test: 1 passed."]
    (tmp_path / "registry.yaml").write_text(
        registry_for("env:TILL_URL") + TESTS.replace("number: 1}}]", "number: 2}}]")
    )
    code, told = await mistake(bare, "rules", "test", str(tmp_path))
    assert code == 1
    assert "payload.number: expected 2, found 1" in told
