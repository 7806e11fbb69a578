"""What only AMQP has: the properties of a message, the broker's refusals, virtual hosts and users."""

import secrets
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import aio_pika
import httpx
import pytest
from amqp_counterpart import QUEUE, AmqpCounterpart, counterpart_on
from attempts import MARK, SECRET, delivery, opened, outcome_of
from counterpart import Play
from pydantic import ValidationError

from pipeline.attempt.amqp_keys import AmqpSend, AmqpService
from pipeline.outcome import Ending

SEND = {"routing_key": QUEUE}
ODD = "p@ss/w%rd:#?ü"


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> AmqpCounterpart:
    return counterpart_on(request.getfixturevalue)


@pytest.fixture
def user(management_url: str, vhost: str) -> Iterator[Callable[..., str]]:
    """Makes a user with the odd password, who may write where a pattern says."""
    with httpx.Client(base_url=f"{management_url}/api", timeout=30, trust_env=False) as management:
        made: list[str] = []

        def user(write: str = ".*") -> str:
            made.append(name := f"test-{secrets.token_hex(6)}@site/a")
            management.put(f"/users/{quote(name, '')}", json={"password": ODD, "tags": ""}).raise_for_status()
            may = {"configure": "", "write": write, "read": ""}
            management.put(f"/permissions/{vhost}/{quote(name, '')}", json=may).raise_for_status()
            return name

        yield user
        for name in made:
            management.delete(f"/users/{quote(name, '')}").raise_for_status()


def at(**keys: Any) -> dict[str, Any]:
    """A service's entry for the broker itself, by a reference; its secret is its address."""
    return {"transport": "amqp", "url": "env:SECRET", **keys}


@asynccontextmanager
async def channel_on(broker: str) -> AsyncIterator[aio_pika.abc.AbstractChannel]:
    async with await aio_pika.connect(broker) as connection, await connection.channel() as channel:
        yield channel


async def test_the_properties_are_built_from_nothing_but_the_delivery(broker: AmqpCounterpart) -> None:
    one, before = delivery(SEND), datetime.now(UTC).replace(microsecond=0)
    async with broker.running(Play.ACCEPTS) as receiver, opened(broker.service(receiver.port)) as transport:
        await outcome_of(transport, one)
    (arrived,) = receiver.arrived
    sent_at = arrived.properties.timestamp
    assert sent_at
    assert before <= sent_at <= datetime.now(UTC)
    assert {name: value for name, value in arrived.properties if value} == {
        "app_id": "mih",
        "content_type": "application/json",
        "correlation_id": one.id,
        "delivery_mode": 2,
        "message_id": one.key,
        "message_type": r"\core\event\user_created",
        "timestamp": sent_at,
    }
    assert (arrived.publish.exchange, arrived.publish.routing_key, arrived.publish.mandatory) == ("", QUEUE, True)


async def test_a_rule_says_the_rest_and_it_is_what_a_consumer_reads(broker: AmqpCounterpart) -> None:
    send = AmqpSend(
        routing_key=QUEUE,
        headers={"Site": "Málaga", "empty": ""},
        priority=0,
        expiration="5m",
        type="user.created",
        correlation_id="c-1",
        reply_to="answers",
    ).model_dump(exclude_none=True)
    async with broker.running(Play.ACCEPTS) as receiver, opened(broker.service(receiver.port)) as transport:
        assert (await outcome_of(transport, delivery(send))).ending is Ending.DELIVERED
    async with channel_on(broker.broker) as channel:
        message = await (await channel.get_queue(QUEUE)).get(no_ack=True)
    assert message.headers == {"Site": "Málaga", "empty": ""}
    assert receiver.arrived[0].properties.expiration == "300000"
    told = (message.priority, message.type, message.correlation_id, message.reply_to)
    assert told == (0, "user.created", "c-1", "answers")


async def test_no_body_has_no_content_type(broker: AmqpCounterpart) -> None:
    async with broker.running(Play.ACCEPTS) as receiver, opened(broker.service(receiver.port)) as transport:
        assert (await outcome_of(transport, delivery(SEND, body=None))).ending is Ending.DELIVERED
    assert (receiver.arrived[0].body, receiver.arrived[0].content_type) == (b"", None)


@pytest.mark.parametrize(
    "send",
    [
        {"routing_key": "ü" * 128},
        {"routing_key": QUEUE, "type": "x" * 256},
        {"routing_key": QUEUE, "reply_to": "amq.rabbitmq.reply-to"},
        {"routing_key": QUEUE, "headers": {"x": "y" * 70_000}},
        {"routing_key": QUEUE, "headers": {"x" * 256: "y"}},
        {"routing_key": QUEUE, "headers": {"x": "\ud800"}},
        {"routing_key": QUEUE, "expiration": "soon"},
    ],
)
async def test_what_amqp_has_no_room_for_is_not_sent_and_disturbs_nobody(
    broker: AmqpCounterpart, send: dict[str, Any]
) -> None:
    async with broker.running(Play.ACCEPTS) as receiver, opened(broker.service(receiver.port)) as transport:
        outcomes = [await outcome_of(transport, delivery(sent)) for sent in (SEND, send, SEND)]
    assert [one.ending for one in outcomes] == [Ending.DELIVERED, Ending.CANNOT_PASS, Ending.DELIVERED]
    assert outcomes[1].reason.startswith("the message cannot be sent: ")
    assert len({arrived.connection for arrived in receiver.arrived}) == 1


async def test_w13_a_message_for_a_queue_that_is_missing_is_no_success(amqp_url: str) -> None:
    async with opened(at(), secret=amqp_url) as transport:
        outcome = await outcome_of(transport, delivery({"routing_key": f"nowhere-{MARK}"}))
    assert (outcome.ending, outcome.reason) == (
        Ending.CANNOT_PASS,
        "unroutable: the broker has no queue for the default exchange and this routing key",
    )


async def test_w14_percent_encoded_credentials_of_an_address_are_decoded(
    amqp_url: str, broker: AmqpCounterpart, user: Callable[..., str]
) -> None:
    parts = urlsplit(amqp_url)
    url = f"amqp://{quote(user(), '')}:{quote(ODD, '')}@{parts.hostname}:{parts.port}{parts.path}"
    async with broker.running(Play.ACCEPTS), opened(at(), secret=url) as transport:
        assert (await outcome_of(transport, delivery(SEND))).ending is Ending.DELIVERED


async def test_the_credentials_of_auth_are_taken_as_they_are(
    amqp_url: str, broker: AmqpCounterpart, user: Callable[..., str]
) -> None:
    url = broker.service(urlsplit(amqp_url).port or 0)["url"]
    auth = {"type": "basic", "username": user(), "password": "env:SECRET"}
    service = {"transport": "amqp", "url": url, "auth": auth}
    async with broker.running(Play.ACCEPTS), opened(service, secret=ODD) as transport:
        assert (await outcome_of(transport, delivery(SEND))).ending is Ending.DELIVERED
    async with opened(service, secret="wrong") as transport:
        outcome = await outcome_of(transport, delivery(SEND))
    assert (outcome.ending, outcome.reason) == (Ending.FORBIDDEN, "login refused")


def test_a_password_in_a_written_address_is_refused_and_not_repeated() -> None:
    with pytest.raises(ValidationError, match="auth is the place") as refused:
        AmqpService.model_validate({"transport": "amqp", "url": f"amqp://mih:{SECRET}@127.0.0.1/"})
    assert SECRET not in str(refused.value)


async def test_a_user_that_may_not_write_to_the_exchange_is_forbidden(amqp_url: str, user: Callable[..., str]) -> None:
    parts = urlsplit(amqp_url)
    url = f"amqp://{quote(user(write='^$'), '')}:{quote(ODD, '')}@{parts.hostname}:{parts.port}{parts.path}"
    async with opened(at(exchange="amq.topic"), secret=url) as transport:
        outcome = await outcome_of(transport, delivery(SEND))
    assert (outcome.ending, outcome.reason) == (Ending.FORBIDDEN, "the broker refuses access to exchange 'amq.topic'")


async def test_a_virtual_host_that_is_unknown_is_forbidden(amqp_url: str) -> None:
    url = urlsplit(amqp_url)._replace(path="/nobody%2Fs").geturl()
    async with opened(at(), secret=url) as transport:
        outcome = await outcome_of(transport, delivery(SEND))
    assert (outcome.ending, outcome.reason) == (Ending.FORBIDDEN, "virtual host unknown, or access to it refused")
    assert outcome.answer == "NOT_ALLOWED - vhost nobody/s not found"


async def test_an_exchange_that_is_missing_is_named_and_when_it_is_there_the_next_passes(amqp_url: str) -> None:
    async with opened(at(exchange="lake"), secret=amqp_url) as transport, channel_on(amqp_url) as channel:
        outcome = await outcome_of(transport, delivery(SEND))
        assert (outcome.ending, outcome.reason) == (Ending.CANNOT_PASS, "the broker has no exchange 'lake'")
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind(await channel.declare_exchange("lake", aio_pika.ExchangeType.FANOUT))
        assert (await outcome_of(transport, delivery(SEND))).ending is Ending.DELIVERED
        assert await queue.get(no_ack=True)


@pytest.mark.parametrize("answer", ["confirmed", "returned"])
async def test_a_large_body_travels_and_comes_back_on_the_same_connection(broker: AmqpCounterpart, answer: str) -> None:
    async with broker.running(Play.ACCEPTS) as receiver, opened(broker.service(receiver.port)) as transport:
        for receiver.answer in (answer, answer, "confirmed"):
            outcome = await outcome_of(transport, delivery(SEND, "x" * 3_000_000))
            assert outcome.ending is AmqpCounterpart.facts.answers[receiver.answer]
    assert [len(arrived.body) for arrived in receiver.arrived] == [3_000_000] * 3
    assert len({arrived.connection for arrived in receiver.arrived}) == 1
