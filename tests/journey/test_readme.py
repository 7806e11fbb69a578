"""What the README shows works as it stands there."""

import asyncio
import re
import sys
from pathlib import Path

import orjson
from hub_world import Hub, Service, registry_for, until

from pipeline.attempt.transports import SCHEMAS
from pipeline.registry import read_paths

README = (Path(__file__).parents[2] / "README.md").read_text()


def block(language: str, marked: str) -> str:
    """The one code block of that language in which this stands."""
    [found] = [text for text in re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL) if marked in text]
    return str(found)


def test_the_first_rule_is_one_that_can_be_applied(tmp_path: Path) -> None:
    path = tmp_path / "hub.yaml"
    path.write_text(block("yaml", "enrolled"))
    assert list(read_paths([path], SCHEMAS).registry.services) == ["erp"]


def test_the_section_on_failures_is_a_service_that_can_be_applied(tmp_path: Path) -> None:
    path = tmp_path / "hub.yaml"
    path.write_text("version: 1\n" + block("yaml", "rate_limit"))
    assert list(read_paths([path], SCHEMAS).registry.services) == ["erp"]


def test_the_section_on_ways_out_can_be_applied(tmp_path: Path) -> None:
    path = tmp_path / "hub.yaml"
    path.write_text("version: 1\n" + block("yaml", "wstoken"))
    services = read_paths([path], SCHEMAS).registry.services.values()
    assert {service.transport for service in services} == set(SCHEMAS)


async def test_an_event_published_by_the_python_example_arrives(hub: Hub, service: Service) -> None:
    rule = "  paid: {event: shop.order.paid, service: till}"
    await hub.apply(registry_for(service.url, more=rule))
    await hub.start()
    code = block("python", "kombu")
    # kombu writes an address's virtual host without its slash.
    address = hub.environment["MIH_AMQP_URL"]
    example = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code.replace("amqp://guest:guest@127.0.0.1:5672//", address)
    )
    assert await example.wait() == 0
    await until(lambda: bool(service.arrived), "the event arrives")
    assert service.arrived[0]["body"] == {"order": 4711}


async def test_the_event_of_the_first_rule_arrives_as_the_readme_says(hub: Hub, service: Service) -> None:
    event = re.search(r"<<'JSON'\n(.*?)\nJSON", README, re.DOTALL)
    assert event
    registry = block("yaml", "enrolled").replace("http://127.0.0.1:8099", service.url)
    hub.environment["ERP_TOKEN"] = "a-secret"
    await hub.apply(registry)
    await hub.start()
    await hub.run("publish", "-", stdin=orjson.dumps(orjson.loads(event[1])))
    await until(lambda: bool(service.arrived), "the event arrives")
    [request] = service.arrived
    parts = (request["method"], request["path"], orjson.dumps(request["body"]).decode())
    said = " ".join((*parts, request["headers"]["Authorization"]))
    assert said in README
