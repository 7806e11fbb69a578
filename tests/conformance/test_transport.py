"""What every transport must do, whatever it speaks; `counterpart.py` tells what a new one brings along."""

import asyncio
import socket
from dataclasses import replace

import pytest
from attempts import BODY, SECRET, delivery, opened, outcome_of, seen_by
from counterpart import Counterpart, Play, until

from pipeline.outcome import Ending

_CUTS = (Play.CUTS_BEFORE_READING, Play.CUTS_AFTER_READING, Play.RESETS, Play.CUTS_IN_HEADERS, Play.CUTS_IN_BODY)


def _able(counterpart: Counterpart, play: Play) -> Play:
    if play not in counterpart.facts.plays:
        pytest.skip("not known in its protocol")
    return play


async def test_a_delivery_arrives_as_it_was_written(counterpart: Counterpart) -> None:
    one = delivery(counterpart.facts.send)
    async with counterpart.running(Play.ACCEPTS) as receiver, opened(counterpart.service(receiver.port)) as transport:
        outcome = await outcome_of(transport, one)
    assert outcome.ending is Ending.DELIVERED
    (arrived,) = receiver.arrived
    facts = counterpart.facts
    assert (arrived.delivery_id, arrived.content_type) == (one.id, facts.content_type)
    assert facts.written(arrived.body) == BODY.encode()


async def test_every_answer_has_its_ending(counterpart: Counterpart) -> None:
    async with counterpart.running(Play.ACCEPTS) as receiver, opened(counterpart.service(receiver.port)) as transport:
        endings = {}
        for receiver.answer in counterpart.facts.answers:
            endings[receiver.answer] = (await outcome_of(transport, delivery(counterpart.facts.send))).ending
    assert endings == counterpart.facts.answers
    assert len(receiver.arrived) == len(endings)


async def test_w17_credentials_arrive_as_the_service_wants_them(counterpart: Counterpart) -> None:
    async with counterpart.running(Play.ACCEPTS) as receiver:
        for auth, expected in counterpart.facts.credentials:
            async with opened(counterpart.service(receiver.port), auth=auth) as transport:
                await outcome_of(transport, delivery(counterpart.facts.send))
            assert receiver.arrived[-1].credentials == expected(SECRET)


@pytest.mark.parametrize("secret", ["pässwörd", "ключ", "a b", "=;,\"'"])
async def test_a_secret_may_hold_any_character_that_prints(counterpart: Counterpart, secret: str) -> None:
    async with counterpart.running(Play.ACCEPTS) as receiver:
        for auth, expected in counterpart.facts.credentials:
            async with opened(counterpart.service(receiver.port), auth=auth, secret=secret) as transport:
                assert (await outcome_of(transport, delivery(counterpart.facts.send))).ending is Ending.DELIVERED
            assert receiver.arrived[-1].credentials == expected(secret)


async def test_wrong_credentials_are_forbidden(counterpart: Counterpart) -> None:
    async with counterpart.running(Play.ACCEPTS) as receiver:
        receiver.answer = counterpart.facts.wrong_credentials
        for auth, _ in counterpart.facts.credentials:
            async with opened(counterpart.service(receiver.port), auth=auth) as transport:
                outcome = await outcome_of(transport, delivery(counterpart.facts.send))
            assert outcome.ending is Ending.FORBIDDEN


@pytest.mark.parametrize("play", [Play.NEVER_ANSWERS, Play.DRIPS])
async def test_the_timeout_covers_the_whole_attempt(counterpart: Counterpart, play: Play) -> None:
    async with (
        counterpart.running(_able(counterpart, play)) as receiver,
        opened(counterpart.service(receiver.port), timeout="300ms") as transport,
    ):
        outcome = await outcome_of(transport, delivery(counterpart.facts.send))
        assert (outcome.ending, outcome.reason) == (Ending.MAY_PASS, "no answer within 0.3 s")
        assert outcome.timed_out
        await until(lambda: receiver.held == 0, "the connection is given up")


async def test_a_refused_connection_may_pass(counterpart: Counterpart) -> None:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        async with opened(counterpart.service(bound.getsockname()[1])) as transport:
            outcome = await outcome_of(transport, delivery(counterpart.facts.send))
    assert (outcome.ending, outcome.reason) == (Ending.MAY_PASS, "connection refused or unreachable")
    assert not outcome.timed_out


@pytest.mark.parametrize("play", _CUTS)
async def test_a_connection_that_is_cut_may_pass(counterpart: Counterpart, play: Play) -> None:
    async with (
        counterpart.running(_able(counterpart, play)) as receiver,
        opened(counterpart.service(receiver.port), auth=counterpart.facts.credentials[-1][0]) as transport,
    ):
        outcome = await outcome_of(transport, delivery(counterpart.facts.send))
        assert outcome.ending is Ending.MAY_PASS
        assert outcome.reason.startswith("connection closed")


@pytest.mark.parametrize("play", _CUTS[1:])
async def test_an_attempt_sends_once_also_when_a_connection_that_was_used_before_is_cut(
    counterpart: Counterpart, play: Play
) -> None:
    async with counterpart.running(Play.ACCEPTS) as receiver, opened(counterpart.service(receiver.port)) as transport:
        await outcome_of(transport, delivery(counterpart.facts.send))
        receiver.play = _able(counterpart, play)
        one = delivery(counterpart.facts.send)
        assert (await outcome_of(transport, one)).ending is Ending.MAY_PASS
    assert [arrived.delivery_id for arrived in receiver.arrived].count(one.id) == 1


async def test_what_cut_one_attempt_does_not_touch_the_next(counterpart: Counterpart) -> None:
    async with counterpart.running(Play.ACCEPTS) as receiver, opened(counterpart.service(receiver.port)) as transport:
        for play in (*_CUTS[1:], Play.TALKS_NONSENSE, Play.NEVER_ENDS):
            receiver.play = _able(counterpart, play)
            await seen_by(transport, delivery(counterpart.facts.send))
            receiver.play = Play.ACCEPTS
            assert (await outcome_of(transport, delivery(counterpart.facts.send))).ending is Ending.DELIVERED


async def test_an_answer_that_is_not_the_protocol_may_pass(counterpart: Counterpart) -> None:
    async with (
        counterpart.running(_able(counterpart, Play.TALKS_NONSENSE)) as receiver,
        opened(counterpart.service(receiver.port)) as transport,
    ):
        outcome = await outcome_of(transport, delivery(counterpart.facts.send))
    assert outcome.ending is Ending.MAY_PASS
    assert outcome.reason.startswith("the answer is not ")


async def test_an_answer_without_end_is_read_up_to_a_limit_and_its_connection_left(counterpart: Counterpart) -> None:
    async with (
        counterpart.running(_able(counterpart, Play.NEVER_ENDS)) as receiver,
        opened(counterpart.service(receiver.port), timeout="2m") as transport,
    ):
        assert (await outcome_of(transport, delivery(counterpart.facts.send))).ending is counterpart.facts.endless
        await until(lambda: receiver.held == 0, "the connection is given up")
        receiver.play = Play.ACCEPTS
        await outcome_of(transport, delivery(counterpart.facts.send))
    assert len({arrived.connection for arrived in receiver.arrived}) == 2


async def test_a_connection_is_used_again(counterpart: Counterpart) -> None:
    async with counterpart.running(Play.ACCEPTS) as receiver, opened(counterpart.service(receiver.port)) as transport:
        for _ in range(20):
            assert (await outcome_of(transport, delivery(counterpart.facts.send))).ending is Ending.DELIVERED
    assert len(receiver.arrived) == 20
    assert len({arrived.connection for arrived in receiver.arrived}) == 1


async def test_as_many_are_in_flight_as_concurrency_says(counterpart: Counterpart) -> None:
    async with (
        counterpart.running(Play.HOLDS) as receiver,
        opened(counterpart.service(receiver.port), concurrency=4) as transport,
        asyncio.TaskGroup() as attempts,
    ):
        running = [attempts.create_task(outcome_of(transport, delivery(counterpart.facts.send))) for _ in range(12)]
        for answered in range(12):
            await until(lambda: len(receiver.arrived) == min(4 + answered, 12), "the next one is sent")  # noqa: B023 - awaited here
            receiver.let_go()
    assert {one.result().ending for one in running} == {Ending.DELIVERED}
    assert receiver.most_at_once == 4


async def test_closing_ends_what_is_in_flight(counterpart: Counterpart) -> None:
    async with (
        counterpart.running(_able(counterpart, Play.NEVER_ANSWERS)) as receiver,
        opened(counterpart.service(receiver.port), concurrency=2, timeout="2m") as transport,
    ):
        attempts = [asyncio.create_task(outcome_of(transport, delivery(counterpart.facts.send))) for _ in range(4)]
        await until(lambda: receiver.held == 2, "two are in flight")
        await transport.close()
        outcomes = await asyncio.gather(*attempts)
        await until(lambda: receiver.held == 0, "the connections are closed")
    assert {outcome.ending for outcome in outcomes} == {Ending.MAY_PASS}


async def test_an_attempt_that_is_cancelled_leaves_its_connection(counterpart: Counterpart) -> None:
    async with (
        counterpart.running(Play.HOLDS) as receiver,
        opened(counterpart.service(receiver.port), concurrency=1) as transport,
    ):
        abandoned = asyncio.create_task(seen_by(transport, delivery(counterpart.facts.send)))
        await until(lambda: receiver.held == 1, "it is in flight")
        abandoned.cancel()
        await until(abandoned.done, "it is cancelled")
        receiver.play = Play.ACCEPTS
        assert (await outcome_of(transport, delivery(counterpart.facts.send))).ending is Ending.DELIVERED
    assert len({arrived.connection for arrived in receiver.arrived}) == 2


async def test_a_closed_transport_raises_nothing(counterpart: Counterpart) -> None:
    async with counterpart.running(Play.ACCEPTS) as receiver, opened(counterpart.service(receiver.port)) as transport:
        await transport.close()
        assert (await outcome_of(transport, delivery(counterpart.facts.send))).ending is Ending.MAY_PASS
    assert not receiver.arrived


async def test_what_could_not_be_rendered_is_not_sent(counterpart: Counterpart) -> None:
    async with (
        counterpart.running(Play.ACCEPTS) as receiver,
        opened(counterpart.service(receiver.port)) as transport,
    ):
        outcome = await outcome_of(transport, replace(delivery(counterpart.facts.send), request=None))
    assert outcome.ending is Ending.CANNOT_PASS
    assert not receiver.arrived
