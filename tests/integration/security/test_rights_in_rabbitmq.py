"""Every act at the broker, tried by every role: what it may do is exactly what its work needs."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from kombu import Connection
from rights_world import Users, permissions, users_with_rights

from topology import names
from topology.declare import declare
from topology.entities import topology_of

ROLES = ("publisher", "ingest", "router", "sender", "suspect", "recorder", "canary", "operator", "deployer")
STAGES = ("ingest", "router", "sender", "suspect", "recorder")
TILL, DLQ_OF_TILL = names.service_queue("till"), names.dead_letter_queue("till")
ACCESS_REFUSED = 403
Act = Callable[[Any], object]


def publishes(exchange: str, key: str) -> Act:
    return lambda channel: channel.basic_publish(channel.prepare_message(b"{}"), exchange=exchange, routing_key=key)


def takes(queue: str) -> Act:
    return lambda channel: channel.basic_get(queue)


def listens_in(exchange: str) -> Act:
    def listen(channel: Any) -> None:
        queue = channel.queue_declare(exclusive=True, auto_delete=True).queue
        channel.queue_bind(queue, exchange, "#")
        channel.basic_get(queue)

    return listen


def declares(queue: str, *, exclusive: bool = False) -> Act:
    return lambda channel: channel.queue_declare(queue, exclusive=exclusive, durable=not exclusive, auto_delete=False)


#: What → how → who may.
ACTS: dict[str, tuple[Act, set[str]]] = {
    "publish an event": (publishes(names.EVENTS, "order"), {"publisher", "canary", "deployer"}),
    "publish what was understood": (publishes(names.NORMALIZED, "x"), {"ingest", "suspect", "deployer"}),
    "publish a delivery": (publishes(names.SERVICES, "till"), {"router", "suspect", "operator", "deployer"}),
    "publish to the ladder": (
        publishes(names.delay_level(3), "x"),
        {"router", "sender", "suspect", "operator", "deployer"},
    ),
    "publish to the ladder's end": (publishes(names.DELAY_DUE, "x.till"), {"deployer"}),
    "publish what is unreadable": (
        publishes(names.DLX, "invalid"),
        {"ingest", "router", "sender", "suspect", "operator", "deployer"},
    ),
    "publish a dead delivery": (
        publishes(names.DLX, "till"),
        {"router", "sender", "suspect", "operator", "deployer"},
    ),
    "publish what has no queue": (publishes(names.UNROUTABLE, "x"), {"suspect", "recorder", "operator", "deployer"}),
    "publish an outcome": (publishes(names.OUTCOMES, "delivered.till"), {"sender", "suspect", "deployer"}),
    "publish a word": (publishes(names.CONTROL, ""), {"operator", "deployer"}),
    "publish to any queue": (publishes("", TILL), {*STAGES, "operator"}),
    "take an event": (takes(names.INGEST), {"ingest", "deployer"}),
    "take what was understood": (takes(names.ROUTER), {"router", "deployer"}),
    "take a delivery": (takes(TILL), {"sender", "deployer"}),
    "take what waits": (takes(names.delay_level(3)), {"deployer"}),
    "take a dead delivery": (takes(DLQ_OF_TILL), {"recorder", "operator", "deployer"}),
    "take what is unreadable": (takes(names.INVALID), {"operator", "deployer"}),
    "take what has no queue": (takes(names.UNROUTABLE), {"operator", "deployer"}),
    "take a copy of a dead one": (takes(names.DEAD), {"recorder", "deployer"}),
    "take a suspect": (takes(names.suspect_queue("sender")), {"suspect", "deployer"}),
    "hear people's word": (listens_in(names.CONTROL), {"router", "sender"}),
    "listen in on the door": (listens_in(names.EVENTS), set()),
    "listen in on what was understood": (listens_in(names.NORMALIZED), {"canary"}),
    "listen in on outcomes": (listens_in(names.OUTCOMES), {"canary"}),
    "listen in on the dead": (listens_in(names.DLX), set()),
    "hold a lease": (declares(names.lease_queue(DLQ_OF_TILL), exclusive=True), {"recorder", "operator", "deployer"}),
    "make a queue of the hub's": (declares(names.service_queue("new")), {"deployer"}),
    "make a queue of one's own": (declares("mine"), set()),
    "bind a queue elsewhere": (
        lambda channel: channel.queue_bind(names.INVALID, names.OUTCOMES, "#"),
        {"deployer"},
    ),
    "empty a queue": (lambda channel: channel.queue_purge(TILL), {"sender", "deployer"}),
    "delete a queue": (lambda channel: channel.queue_delete(names.suspect_queue("ingest")), {"deployer"}),
    "delete an exchange": (lambda channel: channel.exchange_delete(names.OUTCOMES), {"deployer"}),
}


@pytest.fixture
def users(amqp_url: str, management_url: str, redis_url: str) -> Iterator[Users]:
    with users_with_rights(amqp_url, management_url, redis_url) as users:
        declare(users.amqp["deployer"], topology_of(["till"]))
        yield users


def allowed(amqp_url: str) -> set[str]:
    """What this user may do, each act tried on a channel of its own."""
    done = set()
    with Connection(amqp_url, transport_options={"confirm_publish": True}) as connection:
        for what, (act, _) in ACTS.items():
            channel = connection.channel()
            try:
                act(channel)
            except connection.channel_errors as refused:
                if refused.code != ACCESS_REFUSED:
                    raise
            else:
                channel.close()
                done.add(what)
    return done


def test_every_role_of_the_page_is_tried() -> None:
    assert set(permissions()) == set(ROLES)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_do_in_rabbitmq_what_it_needs_and_nothing_else(users: Users, role: str) -> None:
    assert allowed(users.amqp[role]) == {what for what, (_, who) in ACTS.items() if role in who}


@pytest.mark.parametrize(
    ("role", "looked_at"),
    [
        ("router", [names.CONTROL]),
        ("sender", [names.CONTROL, TILL]),
        # Of all queues it tells what waits in them.
        ("suspect", [queue.name for queue in topology_of(["till"]).queues]),
        ("recorder", [names.INVALID, DLQ_OF_TILL]),
        ("canary", [names.NORMALIZED, names.OUTCOMES]),
        ("operator", [queue.name for queue in topology_of(["till"]).queues]),
    ],
)
def test_each_role_has_a_right_on_what_it_only_looks_at(role: str, looked_at: list[str]) -> None:
    """RabbitMQ refuses a passive declaration to who has no right there at all, from 4.2.7 on."""
    patterns = permissions()[role].values()
    assert [name for name in looked_at if not any(re.search(pattern, name) for pattern in patterns)] == []
