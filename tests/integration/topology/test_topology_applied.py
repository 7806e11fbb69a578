"""Declaring the topology on a real RabbitMQ, once, again, and where something else is in the way."""

import threading
from urllib.parse import urlsplit

import pytest
from at_the_broker import a_broker
from kombu import Exchange, Queue

from topology.connection import vhost_of
from topology.declare import declare
from topology.entities import Topology, service_topology, topology_of
from topology.errors import ArgumentsDiffer, BrokerAway
from topology.management import read_broker
from topology.verify import drift

ERP = topology_of(["erp"])


def test_applying_again_changes_nothing(amqp_url: str, management_url: str) -> None:
    declare(amqp_url, ERP)
    with a_broker(amqp_url) as broker:
        broker.publish("mih.services", "erp", "waiting")
        before = read_broker(management_url, vhost_of(amqp_url))
        declare(amqp_url, ERP)
        after = read_broker(management_url, vhost_of(amqp_url))
        assert (after.exchanges, after.bindings) == (before.exchanges, before.bindings)
        assert after.queues.keys() == before.queues.keys()
        assert broker.bodies("mih.service.erp") == ["waiting"]


def test_a_new_service_is_added_while_messages_flow(amqp_url: str) -> None:
    declare(amqp_url, ERP)
    applied, flowing, published = threading.Event(), threading.Event(), 0

    def flow() -> None:
        nonlocal published
        with a_broker(amqp_url) as broker:
            while not applied.is_set() and published < 50_000:
                broker.publish("mih.services", "erp", "flowing")
                published += 1
                flowing.set()

    publisher = threading.Thread(target=flow)
    publisher.start()
    try:
        assert flowing.wait(20)
        declare(amqp_url, topology_of(["erp", "crm"]))
    finally:
        applied.set()
        publisher.join(20)
    with a_broker(amqp_url) as broker:
        broker.publish("mih.services", "crm", "first")
        assert broker.bodies("mih.service.crm") == ["first"]
        assert len(broker.bodies("mih.service.erp", published)) == published
        assert broker.is_empty("mih.unroutable")


def test_what_is_there_with_other_arguments_is_told_all_at_once_and_the_rest_is_declared(
    amqp_url: str, management_url: str
) -> None:
    in_the_way = Topology(
        exchanges=(Exchange("mih.dlx", "direct"),),
        queues=(
            Queue("mih.ingest", queue_arguments={"x-queue-type": "quorum", "x-delivery-limit": 5}),
            Queue("mih.dlq.erp", durable=False, queue_arguments={"x-max-length": 5}),
        ),
    )
    declare(amqp_url, in_the_way)
    with pytest.raises(ArgumentsDiffer) as told:
        declare(amqp_url, ERP)
    differing = {(found.kind, found.name): (found.argument, found.expected) for found in told.value.differences}
    assert differing.keys() == {("exchange", "mih.dlx"), ("queue", "mih.ingest"), ("queue", "mih.dlq.erp")}
    assert differing["exchange", "mih.dlx"] == ("type", "topic")
    assert differing["queue", "mih.dlq.erp"] == ("durable", "true")
    found = drift(management_url, vhost_of(amqp_url), ERP)
    assert {place.where for place in found} == {"mih.dlx", "mih.ingest", "mih.dlq.erp"}
    assert {place.what for place in found} == {"other exchange", "other queue"}


@pytest.mark.parametrize(
    ("argument", "other"),
    [
        ("x-queue-type", "classic"),
        ("x-queue-leader-locator", "client-local"),
        ("x-delivery-limit", 5),
        ("x-dead-letter-exchange", "elsewhere"),
        ("x-dead-letter-routing-key", "elsewhere"),
        ("x-dead-letter-strategy", "at-most-once"),
        ("x-overflow", "drop-head"),
        ("x-max-length", 5),
    ],
)
def test_the_argument_in_the_way_is_named_with_what_is_there(amqp_url: str, argument: str, other: str | int) -> None:
    queue = next(queue for queue in service_topology("erp").queues if queue.name == "mih.service.erp")
    wanted = queue.queue_arguments
    declare(amqp_url, Topology(queues=(queue,)))
    changed = Topology(queues=(Queue(queue.name, queue_arguments={**wanted, argument: other}),))
    with pytest.raises(ArgumentsDiffer) as told:
        declare(amqp_url, changed)
    (difference,) = told.value.differences
    assert (difference.name, difference.argument) == ("mih.service.erp", argument)
    assert (difference.expected, difference.found) == (str(other), str(wanted.get(argument, "none")))
    assert "drain the queue, delete it" in str(told.value)


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("amqp://nobody:quiet@127.0.0.1:1/", "refused"),
        ("amqp://nobody:quiet@{there}", "ACCESS_REFUSED"),
        ("{url}-not", "vhost .* not found"),
    ],
    ids=["nobody listens", "a wrong password", "no such virtual host"],
)
def test_a_broker_that_is_away_is_told_without_its_password(amqp_url: str, url: str, told: str) -> None:
    with pytest.raises(BrokerAway, match=told) as away:
        declare(url.format(url=amqp_url, there=amqp_url.rpartition("@")[2]), ERP)
    assert "quiet" not in str(away.value)
    assert f":{urlsplit(amqp_url).password}@" not in str(away.value)


def test_options_of_the_roads_client_in_the_address_do_not_disturb(amqp_url: str) -> None:
    declare(amqp_url + "?name=mih&heartbeat=10", Topology(queues=ERP.queues[:1]))
    assert vhost_of(amqp_url + "?name=mih") == vhost_of(amqp_url)
