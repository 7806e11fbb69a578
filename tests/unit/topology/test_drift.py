from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from kombu import Exchange, Queue

from topology.entities import Binding, Topology, topology_of
from topology.management import Found
from topology.verify import compare

TOPOLOGY = topology_of(["erp"])


def as_found(topology: Topology) -> Found:
    return Found(
        exchanges={exchange.name: _exchange(exchange) for exchange in topology.exchanges},
        queues={queue.name: _queue(queue) for queue in topology.queues},
        bindings=frozenset(topology.bindings),
    )


def _exchange(exchange: Exchange) -> dict[str, Any]:
    arguments = dict(exchange.arguments or {})
    return {
        "name": exchange.name,
        "type": exchange.type,
        "durable": True,
        "auto_delete": False,
        "internal": False,
        "arguments": arguments,
    }


def _queue(queue: Queue) -> dict[str, Any]:
    return {
        "name": queue.name,
        "type": "quorum",
        "durable": True,
        "auto_delete": False,
        "exclusive": False,
        "arguments": dict(queue.queue_arguments),
        "messages": 0,
        "policy": None,
        "operator_policy": None,
        "effective_policy_definition": {},
    }


def with_queue(name: str, **changed: Any) -> Found:
    found = as_found(TOPOLOGY)
    return replace(found, queues={**found.queues, name: {**found.queues.get(name, {}), "name": name, **changed}})


def with_arguments(name: str, **changed: Any) -> Found:
    arguments = dict(as_found(TOPOLOGY).queues[name]["arguments"])
    arguments |= {f"x-{key.replace('_', '-')}": value for key, value in changed.items()}
    return with_queue(name, arguments={key: value for key, value in arguments.items() if value is not None})


def with_policy(name: str, **definition: Any) -> Found:
    keys = {key.replace("_", "-"): value for key, value in definition.items()}
    return with_queue(name, policy="house", effective_policy_definition=keys)


def with_exchange(name: str, **changed: Any) -> Found:
    found = as_found(TOPOLOGY)
    return replace(found, exchanges={**found.exchanges, name: {**found.exchanges[name], **changed}})


def without_queue(name: str) -> Found:
    found = as_found(TOPOLOGY)
    return replace(found, queues={key: row for key, row in found.queues.items() if key != name})


def without_exchange(name: str) -> Found:
    found = as_found(TOPOLOGY)
    return replace(found, exchanges={key: row for key, row in found.exchanges.items() if key != name})


def with_bindings(change: Callable[[frozenset[Binding]], frozenset[Binding]]) -> Found:
    found = as_found(TOPOLOGY)
    return replace(found, bindings=change(found.bindings))


TO_ERP = Binding("mih.services", "mih.service.erp", "erp")
CRM_TO_ERP = Binding("mih.services", "mih.service.erp", "crm")


@pytest.mark.parametrize(
    ("found", "what", "where", "expected", "there"),
    [
        (without_exchange("mih.events"), "missing exchange", "mih.events", "topic", "none"),
        (without_queue("mih.dead"), "missing queue", "mih.dead", "quorum", "none"),
        (with_bindings(lambda b: b - {TO_ERP}), "missing binding", "mih.service.erp", "mih.services by 'erp'", "none"),
        (
            with_bindings(lambda b: b | {CRM_TO_ERP}),
            "surplus binding",
            "mih.service.erp",
            "none",
            "mih.services by 'crm'",
        ),
        (with_exchange("mih.services", type="topic"), "other exchange", "mih.services", "type direct", "type topic"),
        (
            with_exchange("mih.dlx", arguments={}),
            "other exchange",
            "mih.dlx",
            "alternate-exchange mih.unroutable",
            "alternate-exchange none",
        ),
        (with_queue("mih.ingest", durable=False), "other queue", "mih.ingest", "durable true", "durable false"),
        (
            with_arguments("mih.dlq.erp", delivery_limit=20),
            "other queue",
            "mih.dlq.erp",
            "x-delivery-limit 2000000000",
            "x-delivery-limit 20",
        ),
        (
            with_arguments("mih.router", overflow=None),
            "other queue",
            "mih.router",
            "x-overflow reject-publish",
            "x-overflow none",
        ),
        (
            with_arguments("mih.service.erp", max_length=5),
            "other queue",
            "mih.service.erp",
            "x-max-length none",
            "x-max-length 5",
        ),
        (
            with_queue("mih.service.old", messages=3),
            "unknown service",
            "mih.service.old",
            "a service old",
            "3 messages",
        ),
        (
            with_queue("mih.service.old"),
            "unknown service",
            "mih.service.old",
            "a service old",
            "an unknown number of messages",
        ),
        (
            with_policy("mih.service.erp", max_length=100),
            "harmful policy",
            "mih.service.erp",
            "max-length none",
            "max-length 100",
        ),
        (
            with_policy("mih.delay.03", message_ttl=7999),
            "harmful policy",
            "mih.delay.03",
            "message-ttl 8000",
            "message-ttl 7999",
        ),
        (
            with_policy("mih.dlq.erp", delivery_limit=20),
            "harmful policy",
            "mih.dlq.erp",
            "delivery-limit 2000000000",
            "delivery-limit 20",
        ),
        (
            with_policy("mih.delay.03", dead_letter_routing_key="x"),
            "harmful policy",
            "mih.delay.03",
            "dead-letter-routing-key none",
            "dead-letter-routing-key x",
        ),
    ],
)
def test_what_differs_is_told_with_what_to_do(found: Found, what: str, where: str, expected: str, there: str) -> None:
    (told,) = compare(TOPOLOGY, found)
    assert (told.what, told.where, told.expected, told.found) == (what, where, expected, there)
    assert told.do


@pytest.mark.parametrize(
    ("limit", "do"),
    [
        (100, "raise max-length in policy house to 1000000000000, and take it out a minute later, not before"),
        (1_000_000_000_000, "take max-length out of policy house, or keep the policy off this queue"),
    ],
)
def test_a_limit_is_raised_before_it_is_taken_away_for_else_the_broker_goes_on_refusing(limit: int, do: str) -> None:
    (told,) = compare(TOPOLOGY, with_policy("mih.service.erp", max_length=limit))
    assert told.do == do


@pytest.mark.parametrize(
    "found",
    [
        as_found(TOPOLOGY),
        with_policy("mih.service.erp", dead_letter_exchange="elsewhere"),
        with_policy("mih.service.erp", delivery_limit=5_000),
        with_policy("mih.delay.03", message_ttl=8_001),
        with_policy("mih.service.erp", queue_leader_locator="client-local"),
        with_bindings(lambda b: b | {Binding("mih.normalized", "somebody.else", "core.#")}),
        with_bindings(lambda b: b | {Binding("their.events", "mih.ingest", "#")}),
    ],
    ids=[
        "as declared",
        "an argument beats a policy",
        "the lower limit counts",
        "the shorter time counts",
        "a policy that moves no message",
        "other programs bind to what is public",
        "other programs hand events in",
    ],
)
def test_what_does_no_harm_is_not_told(found: Found) -> None:
    assert compare(TOPOLOGY, found) == []


def test_a_harmful_policy_is_called_by_its_name() -> None:
    found = with_queue("mih.invalid", policy="a", operator_policy="b", effective_policy_definition={"expires": 1})
    assert [told.do for told in compare(TOPOLOGY, found)] == [
        "take expires out of policy a and operator policy b, or keep the policy off this queue"
    ]
