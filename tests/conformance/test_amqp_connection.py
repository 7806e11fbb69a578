"""What becomes of AMQP's one connection: shared, blocked, closed, left, flooded; and whom it trusts."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from ssl import CERT_REQUIRED

import pytest
from amqp_counterpart import QUEUE, AmqpCounterpart, counterpart_on
from amqp_receiver import pour
from attempts import delivery, opened, outcome_of
from certificates import Certificates
from counterpart import Play, until
from pamqp import body, commands, frame, header

from pipeline.embedded import DockerRabbit, PrivateRabbit
from pipeline.errors import Misconfigured
from pipeline.outcome import Ending

SEND = {"routing_key": QUEUE}
ALARM = "the broker blocks publishers (memory or disk alarm)"


@pytest.fixture
def broker(request: pytest.FixtureRequest) -> AmqpCounterpart:
    return counterpart_on(request.getfixturevalue)


@asynccontextmanager
async def talking(said: bytes, callers: list[asyncio.StreamWriter] | None = None) -> AsyncIterator[int]:
    """A port where this is said to whoever calls, and nothing more."""
    callers = [] if callers is None else callers

    def called(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(said)
        callers.append(writer)

    listening = await asyncio.start_server(called, "127.0.0.1", 0)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        listening.close()
        for writer in callers:
            writer.transport.abort()


async def test_many_at_once_share_one_connection(broker: AmqpCounterpart) -> None:
    async with (
        broker.running(Play.ACCEPTS) as receiver,
        opened(broker.service(receiver.port), concurrency=64) as transport,
    ):
        many = [delivery(SEND) for _ in range(500)]
        outcomes = await asyncio.gather(*(outcome_of(transport, one) for one in many))
    assert {outcome.ending for outcome in outcomes} == {Ending.DELIVERED}
    assert sorted(str(arrived.delivery_id) for arrived in receiver.arrived) == sorted(one.id for one in many)
    assert len({arrived.connection for arrived in receiver.arrived}) == 1


async def test_each_of_many_at_once_has_its_own_answer(broker: AmqpCounterpart) -> None:
    async with broker.running(Play.ACCEPTS) as receiver, opened(broker.service(receiver.port)) as transport:
        keys = [QUEUE, "nowhere", "full"] * 20
        outcomes = await asyncio.gather(*(outcome_of(transport, delivery({"routing_key": key})) for key in keys))
    assert [outcome.ending for outcome in outcomes] == [Ending.DELIVERED, Ending.CANNOT_PASS, Ending.MAY_PASS] * 20
    assert len({arrived.connection for arrived in receiver.arrived}) == 1


async def test_w13_a_delivery_that_is_under_way_twice_is_no_success_where_no_queue_is_for_it(
    broker: AmqpCounterpart,
) -> None:
    """The library finds by its id which publish came back: it took one for the other, and one was a success."""
    async with broker.running(Play.ACCEPTS) as receiver, opened(broker.service(receiver.port)) as transport:
        one = delivery({"routing_key": "nowhere"})
        outcomes = await asyncio.gather(*(outcome_of(transport, one) for _ in range(6)))
    assert {outcome.ending for outcome in outcomes} == {Ending.CANNOT_PASS}


async def test_one_that_is_given_up_does_not_cut_the_others_in_flight(broker: AmqpCounterpart) -> None:
    async with broker.running(Play.HOLDS) as receiver, opened(broker.service(receiver.port)) as transport:
        abandoned, other = (asyncio.create_task(outcome_of(transport, delivery(SEND))) for _ in range(2))
        await until(lambda: receiver.held == 2, "both are in flight")
        abandoned.cancel()
        await until(abandoned.done, "one is given up")
        receiver.let_go()
        receiver.let_go()
        assert (await other).ending is Ending.DELIVERED
        await until(lambda: not receiver.connections, "the connection is left")
        receiver.play = Play.ACCEPTS
        assert (await outcome_of(transport, delivery(SEND))).ending is Ending.DELIVERED


async def test_a_broker_that_blocks_publishers_is_sent_nothing_until_it_lets_them(broker: AmqpCounterpart) -> None:
    async with broker.running(Play.ACCEPTS) as receiver, opened(broker.service(receiver.port)) as transport:
        await outcome_of(transport, delivery(SEND))
        receiver.say(commands.Connection.Blocked("low on memory"))
        # Heard as the next frame: the answer to a publish stands behind it.
        outcomes = [await outcome_of(transport, delivery(SEND)) for _ in range(2)]
        assert (outcomes[1].ending, outcomes[1].reason) == (Ending.MAY_PASS, ALARM)
        told = len(receiver.arrived)
        assert (await outcome_of(transport, delivery(SEND))).reason == ALARM
        assert len(receiver.arrived) == told
        receiver.say(commands.Connection.Unblocked())
        for _ in range(1000):
            outcome = await outcome_of(transport, delivery(SEND))
            if outcome.reason != ALARM:
                break
            await asyncio.sleep(0.01)
        assert outcome.ending is Ending.DELIVERED
    assert len({arrived.connection for arrived in receiver.arrived}) == 1


async def test_a_broker_that_blocks_publishers_during_an_attempt_is_waited_for_on_the_same_connection(
    broker: AmqpCounterpart,
) -> None:
    async with (
        broker.running(Play.NEVER_ANSWERS) as receiver,
        opened(broker.service(receiver.port), timeout="500ms") as transport,
    ):
        one = asyncio.create_task(outcome_of(transport, delivery(SEND)))
        await until(lambda: receiver.held == 1, "it is in flight")
        receiver.say(commands.Connection.Blocked("low on memory"))
        outcome = await one
        assert (outcome.ending, outcome.reason) == (Ending.MAY_PASS, f"no answer within 0.5 s: {ALARM}")
        assert receiver.held == 1


async def test_a_broker_that_closes_the_connection_is_called_again(broker: AmqpCounterpart) -> None:
    async with broker.running(Play.NEVER_ANSWERS) as receiver, opened(broker.service(receiver.port)) as transport:
        one = asyncio.create_task(outcome_of(transport, delivery(SEND)))
        await until(lambda: receiver.held == 1, "it is in flight")
        receiver.say(commands.Connection.Close(320, "CONNECTION_FORCED - shutdown", 0, 0))
        outcome = await one
        assert (outcome.ending, outcome.reason) == (Ending.MAY_PASS, "connection closed by the broker")
        assert outcome.answer == "CONNECTION_FORCED - shutdown"
        receiver.play = Play.ACCEPTS
        assert (await outcome_of(transport, delivery(SEND))).ending is Ending.DELIVERED


async def test_a_broker_that_went_away_and_came_back_is_called_again(rabbit: PrivateRabbit | DockerRabbit) -> None:
    service = {"transport": "amqp", "url": "env:SECRET", "exchange": "amq.direct"}
    async with opened(service, secret=rabbit.amqp_url) as transport:
        # There is nobody who would have it, and the broker says so: that is an answer.
        assert (await outcome_of(transport, delivery(SEND))).ending is Ending.CANNOT_PASS
        await asyncio.to_thread(rabbit.kill)
        assert (await outcome_of(transport, delivery(SEND))).ending is Ending.MAY_PASS
        await asyncio.to_thread(rabbit.start)
        assert (await outcome_of(transport, delivery(SEND))).ending is Ending.CANNOT_PASS


async def test_a_returned_message_without_end_is_read_up_to_a_limit_whatever_went_before(
    broker: AmqpCounterpart,
) -> None:
    poured: list[int] = []

    async def respond(writer: asyncio.StreamWriter) -> None:
        one = receiver.arrived[-1]
        writer.write(frame.marshal(commands.Basic.Return(312, "NO_ROUTE", "", QUEUE), 1))
        writer.write(frame.marshal(header.ContentHeader(0, 2**40, one.properties), 1))
        poured.append(await pour(writer, frame.marshal(body.ContentBody(b"x" * 0x8000), 1)))

    async with (
        broker.running(Play.ACCEPTS) as receiver,
        opened(broker.service(receiver.port), timeout="2m") as transport,
    ):
        for _ in range(30):
            await outcome_of(transport, delivery(SEND, "x" * 3_000_000))
        receiver.respond = respond
        outcome = await outcome_of(transport, delivery(SEND))
        assert (outcome.ending, outcome.reason) == (Ending.MAY_PASS, "the answer is not AMQP 0-9-1")
        await until(lambda: bool(poured), "the connection is given up")
    # What it was allowed, and what the system's buffers take.
    assert poured[0] < 30_000_000


@pytest.mark.parametrize(
    "said", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"AMQP\x00\x01\x00\x00", b"\x01\x00\x00\xff\xff\xff\xff"]
)
async def test_who_speaks_another_protocol_may_pass(said: bytes) -> None:
    async with talking(said) as port, opened(AmqpCounterpart("amqp:///").service(port)) as transport:
        outcome = await outcome_of(transport, delivery(SEND))
    assert (outcome.ending, outcome.reason) == (Ending.MAY_PASS, "the answer is not AMQP 0-9-1")


@pytest.mark.parametrize("tls", [False, True])
async def test_who_never_greets_takes_no_longer_than_the_timeout(*, tls: bool) -> None:
    async with talking(b"") as port:
        async with opened(AmqpCounterpart("amqp:///").service(port, tls=tls), timeout="200ms") as transport:
            outcomes = await asyncio.gather(*(outcome_of(transport, delivery(SEND)) for _ in range(20)))
        assert {outcome.reason for outcome in outcomes} == {"no answer within 0.2 s"}


async def test_closing_ends_the_opening_of_a_connection_too() -> None:
    callers: list[asyncio.StreamWriter] = []
    async with (
        talking(b"", callers) as port,
        opened(AmqpCounterpart("amqp:///").service(port), timeout="2m") as transport,
    ):
        some = [asyncio.create_task(outcome_of(transport, delivery(SEND))) for _ in range(3)]
        await until(lambda: bool(callers), "it is called")
        await transport.close()
        outcomes = await asyncio.gather(*some)
    assert {(outcome.ending, outcome.reason) for outcome in outcomes} == {(Ending.MAY_PASS, "closed by this hub")}


async def test_a_service_may_have_its_own_authority_and_be_shown_a_certificate(
    broker: AmqpCounterpart, certificates: Certificates
) -> None:
    theirs, ours = certificates.of("DNS:localhost"), certificates.of("DNS:mih")
    context = theirs.context()
    context.verify_mode = CERT_REQUIRED
    context.load_verify_locations(ours.path)
    shown = {"ca": str(theirs.path), "certificate": str(ours.path), "key": str(ours.key)}
    async with broker.running(Play.ACCEPTS, tls=context) as receiver:
        service = broker.service(receiver.port, host="localhost", tls=True)
        async with opened(service, tls=shown) as transport:
            assert (await outcome_of(transport, delivery(SEND))).ending is Ending.DELIVERED
        async with opened(service, tls={"ca": str(theirs.path)}) as transport:
            refused = await outcome_of(transport, delivery(SEND))
    # The broker's refusal and its hanging up come one after the other, and either may be seen.
    assert refused.ending is Ending.MAY_PASS
    assert refused.reason in {"TLS failed", "connection closed without an answer"}
    assert len(receiver.arrived) == 1


async def test_certificates_for_an_address_without_tls_are_a_mistake(
    broker: AmqpCounterpart, certificates: Certificates
) -> None:
    with pytest.raises(Misconfigured, match="expected amqps://"):
        async with opened(broker.service(1), tls={"ca": str(certificates.of("DNS:localhost").path)}):
            pass
