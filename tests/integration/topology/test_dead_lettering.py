"""What RabbitMQ does with messages that a queue lets go, and with those that nobody is bound for."""

import time
from collections.abc import Iterable

import httpx
import pytest
from at_the_broker import Broker, a_broker

from topology.connection import vhost_of
from topology.declare import declare, unbind_service
from topology.entities import topology_of

WHOLE = topology_of(["erp"])
#: RabbitMQ counts a new queue's messages after about five seconds.
COUNTED_WITHIN_S = 20


@pytest.mark.parametrize(
    ("queue", "end"),
    [
        ("mih.ingest", "mih.invalid"),
        ("mih.router", "mih.invalid"),
        ("mih.service.erp", "mih.dlq.erp"),
        ("mih.suspect.sender", "mih.invalid"),
    ],
)
def test_what_a_queue_rejects_is_dead_lettered_and_indexed(amqp_url: str, queue: str, end: str) -> None:
    declare(amqp_url, WHOLE)
    with a_broker(amqp_url) as broker:
        broker.publish("", queue, "rejected")
        broker.reject(queue)
        assert broker.bodies(end) == ["rejected"]
        assert broker.bodies("mih.dead") == ["rejected"]


@pytest.mark.parametrize(
    ("exchange", "key", "missing"),
    [
        ("mih.events", "any.event", "mih.ingest"),
        ("mih.services", "erp", "mih.service.erp"),
        ("mih.delay.due", "0.1.erp", "mih.service.erp"),
    ],
)
def test_what_finds_its_queue_missing_is_kept_as_unroutable_and_indexed(
    amqp_url: str, exchange: str, key: str, missing: str
) -> None:
    declare(amqp_url, topology_of(["erp"]))
    with a_broker(amqp_url) as broker:
        broker.delete_queue(missing)
        broker.publish(exchange, key, "kept")
        assert broker.bodies("mih.unroutable") == ["kept"]
        assert broker.bodies("mih.dead") == ["kept"]


def test_a_dead_letter_without_its_queue_is_held_for_the_recorder(amqp_url: str) -> None:
    declare(amqp_url, topology_of(["erp"]))
    with a_broker(amqp_url) as broker:
        broker.delete_queue("mih.dlq.erp")
        broker.publish("mih.services", "erp", "kept")
        broker.reject("mih.service.erp")
        broker.publish("mih.dlx", "erp", "kept too")
        assert sorted(broker.bodies("mih.dead", 2)) == ["kept", "kept too"]


def test_a_dead_letter_is_held_while_its_exchange_is_away(amqp_url: str, management_url: str) -> None:
    declare(amqp_url, topology_of(["erp"]))
    with a_broker(amqp_url) as broker:
        broker.delete_exchange("mih.dlx")
        broker.publish("mih.services", "erp", "held")
        broker.reject("mih.service.erp")
    queue = f"{management_url}/api/queues/{vhost_of(amqp_url)}/mih.service.erp"
    until = time.monotonic() + COUNTED_WITHIN_S
    held = {"messages": 1, "messages_ready": 0, "messages_unacknowledged": 0}
    while (counted := _counted(queue, held)) != held and time.monotonic() < until:
        time.sleep(0.2)
    assert counted == held


def _counted(queue: str, names: Iterable[str]) -> dict[str, int]:
    told = httpx.get(queue).raise_for_status().json()
    return {name: told[name] for name in names if name in told}


def test_a_hundred_looks_at_dead_letters_take_none_of_them(amqp_url: str) -> None:
    declare(amqp_url, topology_of(["erp"]))
    letters = ["a", "b", "c"]
    with a_broker(amqp_url) as broker:
        broker.publish("mih.dlx", "erp", *letters)
        for _ in range(100):
            assert sorted(broker.look("mih.dlq.erp", len(letters))) == letters
        assert sorted(broker.bodies("mih.dlq.erp", len(letters))) == letters


def test_a_removed_service_keeps_what_it_has_and_gets_nothing_more(amqp_url: str) -> None:
    declare(amqp_url, topology_of(["erp"]))
    with a_broker(amqp_url) as broker:
        _publish_fresh_and_due(broker, "before")
        unbind_service(amqp_url, "erp")
        unbind_service(amqp_url, "erp")
        _publish_fresh_and_due(broker, "after")
        assert broker.bodies("mih.unroutable", 2) == ["after", "after"]
        broker.reject("mih.service.erp")
        assert broker.bodies("mih.dlq.erp") == ["before"]
        assert broker.bodies("mih.service.erp") == ["before"]


def _publish_fresh_and_due(broker: Broker, body: str) -> None:
    broker.publish("mih.services", "erp", body)
    broker.publish("mih.delay.due", "0.1.erp", body)
