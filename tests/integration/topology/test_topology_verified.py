"""Comparing a real RabbitMQ with the topology."""

import time
from collections.abc import Callable

import httpx
import pytest
from at_the_broker import a_broker
from kombu import Exchange, Queue

from topology.connection import vhost_of
from topology.declare import declare
from topology.entities import Binding, Topology, topology_of
from topology.errors import ManagementAway
from topology.verify import Drift, drift

ERP = topology_of(["erp"])
#: The API caches lists for a moment, and counts the messages of a new queue after about five seconds.
TOLD_WITHIN_S = 20


def told_until(look: Callable[[], list[Drift]], is_there: Callable[[list[Drift]], bool]) -> list[Drift]:
    until = time.monotonic() + TOLD_WITHIN_S
    while not is_there(told := look()) and time.monotonic() < until:
        time.sleep(0.1)
    return told


def test_after_apply_there_is_no_drift(amqp_url: str, management_url: str) -> None:
    declare(amqp_url, ERP)
    assert drift(management_url, vhost_of(amqp_url), ERP) == []


def test_every_kind_of_drift_is_told_at_once(amqp_url: str, management_url: str) -> None:
    vhost = vhost_of(amqp_url)
    declare(amqp_url, _otherwise())
    with a_broker(amqp_url) as broker:
        broker.unbind("mih.invalid", "mih.dlx", "invalid")
        broker.publish("mih.services", "old", "one", "two")
    policy = {
        "pattern": "^mih[.]service[.]erp$",
        "apply-to": "queues",
        "definition": {"max-length": 10, "delivery-limit": 5_000},
    }
    httpx.put(f"{management_url}/api/policies/{vhost}/house", json=policy).raise_for_status()
    told = told_until(
        lambda: drift(management_url, vhost, ERP),
        lambda told: {"2 messages", "max-length 10"} <= {place.found for place in told},
    )
    assert {(place.what, place.where, place.expected, place.found) for place in told} == {
        ("missing exchange", "mih.control", "fanout", "none"),
        ("missing queue", "mih.suspect.recorder", "quorum", "none"),
        ("missing binding", "mih.invalid", "mih.dlx by 'invalid'", "none"),
        ("surplus binding", "mih.service.erp", "none", "mih.services by 'crm'"),
        ("other exchange", "mih.outcomes", "type topic", "type direct"),
        ("other queue", "mih.router", "x-overflow reject-publish", "x-overflow none"),
        ("other queue", "mih.router", "x-dead-letter-exchange mih.dlx", "x-dead-letter-exchange none"),
        ("other queue", "mih.router", "x-dead-letter-routing-key invalid", "x-dead-letter-routing-key none"),
        ("other queue", "mih.router", "x-dead-letter-strategy at-least-once", "x-dead-letter-strategy none"),
        ("other queue", "mih.router", "x-delivery-limit 1000", "x-delivery-limit 20"),
        ("unknown service", "mih.service.old", "a service old", "2 messages"),
        ("harmful policy", "mih.service.erp", "max-length none", "max-length 10"),
    }
    assert any("policy house" in place.do for place in told)


def _otherwise() -> Topology:
    """A hub that somebody has changed, with a service that is no longer known."""
    whole = topology_of(["erp", "old"])
    router = {"x-queue-type": "quorum", "x-queue-leader-locator": "balanced", "x-delivery-limit": 20}
    replaced = {"mih.suspect.recorder", "mih.router"}
    return Topology(
        exchanges=(
            *(kept for kept in whole.exchanges if kept.name not in {"mih.control", "mih.outcomes"}),
            Exchange("mih.outcomes", "direct"),
        ),
        queues=(
            *(kept for kept in whole.queues if kept.name not in replaced),
            Queue("mih.router", queue_arguments=router),
        ),
        bindings=(
            *whole.bindings,
            Binding("mih.services", "mih.service.erp", "crm"),
        ),
    )


@pytest.mark.parametrize(
    ("url", "vhost", "told"),
    [
        ("http://nobody:quiet@127.0.0.1:1", "/", "management API at http://127.0.0.1:1"),
        ("http://nobody:quiet@{there}", "/", "user or password refused"),
        ("{url}", "no such", "there is no virtual host no such"),
    ],
    ids=["nobody listens", "a wrong password", "no such virtual host"],
)
def test_an_api_that_is_away_is_told_without_its_password(management_url: str, url: str, vhost: str, told: str) -> None:
    address = url.format(url=management_url, there=management_url.rpartition("@")[2])
    with pytest.raises(ManagementAway, match=told) as away:
        drift(address, vhost, ERP)
    assert "quiet" not in str(away.value)
