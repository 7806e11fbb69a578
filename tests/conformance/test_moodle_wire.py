"""A Moodle as a destination: what stands on the wire, and that its token stands nowhere else."""

import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl

import pytest
from aiohttp import web
from attempts import MARK, SECRET, delivery, opened, outcome_of, seen_by
from counterpart import Play
from http_receiver import HttpReceiver, running
from moodle_receiver import PATH, MoodleSite, answering, post_of

from pipeline.attempt.ending import Answered
from pipeline.attempt.transports import Transport
from pipeline.attempt.transports.rest import KIND
from pipeline.delivery import Delivery
from pipeline.errors import Misconfigured
from pipeline.outcome import Ending

TOKEN = {"type": "wstoken", "token": "env:SECRET"}
CREATE = {"function": "core_user_create_users"}
USERS = {"users": [{"username": f"zoe-{MARK}", "firstname": "Zoë ✓ & Söhne", "suspended": False, "idnumber": None}]}


def entry(port: int, **keys: Any) -> dict[str, Any]:
    return {"transport": "rest", "preset": "moodle", "url": f"http://127.0.0.1:{port}{PATH}", "auth": TOKEN, **keys}


def call(payload: Any = USERS, send: dict[str, Any] = CREATE) -> Delivery:
    return delivery(send, body=payload if payload is None else json.dumps(payload))


@asynccontextmanager
async def connected(**keys: Any) -> AsyncIterator[tuple[HttpReceiver, MoodleSite, Transport]]:
    """A Moodle, and a way to it."""
    site = MoodleSite(SECRET)
    async with running(Play.ACCEPTS) as receiver, opened(entry(receiver.port, **keys)) as transport:
        receiver.respond = site.respond
        yield receiver, site, transport


async def test_a_call_arrives_as_moodles_form() -> None:
    async with connected() as (receiver, site, transport):
        outcome = await outcome_of(transport, call())
    assert (outcome.ending, outcome.reason) == (Ending.DELIVERED, "HTTP 200")
    assert site.calls == [
        (
            "core_user_create_users",
            {"users": {"0": {"username": f"zoe-{MARK}", "firstname": "Zoë ✓ & Söhne", "suspended": "0"}}},
        )
    ]
    (arrived,) = receiver.arrived
    assert (arrived.method, arrived.target) == ("POST", PATH)
    assert arrived.content_type == "application/x-www-form-urlencoded"
    assert [*post_of(arrived)] == ["wstoken", "moodlewsrestformat", "users", "wsfunction"]


async def test_the_token_stands_in_the_body_and_nowhere_else() -> None:
    async with connected() as (receiver, _, transport):
        await outcome_of(transport, call(send={**CREATE, "headers": {"X-Site": "one"}}))
    (arrived,) = receiver.arrived
    assert arrived.body.decode().count(SECRET) == 1
    assert SECRET not in arrived.target
    assert SECRET not in str(arrived.headers)
    assert arrived.headers["X-Site"] == "one"
    assert not arrived.credentials


async def test_a_function_without_parameters_is_called_without_any() -> None:
    async with connected() as (receiver, _, transport):
        await outcome_of(transport, call(None, {"function": "core_webservice_get_site_info"}))
    assert len(parse_qsl(receiver.arrived[0].body.decode())) == 3


async def test_w23_a_user_who_is_there_already_is_refused_although_moodle_answers_200() -> None:
    async with connected() as (_, site, transport):
        endings = [(await outcome_of(transport, call())).ending for _ in range(2)]
    assert endings == [Ending.DELIVERED, Ending.CANNOT_PASS]
    assert len(site.users) == 1


async def test_w23_a_token_that_moodle_does_not_know_is_forbidden_although_it_answers_200() -> None:
    async with connected() as (_, site, transport):
        site.token = "another"
        outcome = await outcome_of(transport, call())
    assert (outcome.ending, outcome.reason) == (
        Ending.FORBIDDEN,
        "HTTP 200, but Moodle says invalidtoken (moodle_exception)",
    )


async def test_w23_a_function_that_the_token_may_not_call_is_forbidden() -> None:
    async with connected() as (_, site, transport):
        outcome = await outcome_of(transport, call({"userids": [5]}, {"function": "core_user_delete_users"}))
    assert outcome.ending is Ending.FORBIDDEN
    assert not site.calls


async def test_a_form_that_is_lost_on_the_way_is_not_blamed_on_the_token() -> None:
    """PHP drops a form above its post_max_size, the token with it."""
    async with connected() as (receiver, site, transport):
        receiver.respond = lambda arrived: site.respond(replace(arrived, body=b""))
        outcome = await outcome_of(transport, call())
    assert outcome.ending is Ending.CANNOT_PASS
    assert "has not read the form" in outcome.reason


@pytest.mark.parametrize(
    "text",
    [
        '{"exception":"moodle_exception","errorcode":"x","message":"no","debuginfo":{{body}}}',
        '{"exception":"{{body}}"',
        "<pre>{{body}}</pre>",
        '{"warnings":[{"warningcode":{{body}}}]}',
    ],
)
async def test_an_answer_that_repeats_the_request_does_not_carry_the_token_on(
    text: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with connected() as (receiver, _, transport):
        receiver.respond = answering(text)
        outcome = await outcome_of(transport, call())
    assert SECRET not in outcome.answer
    assert "wstoken=***&moodlewsrestformat=json" in outcome.answer
    assert SECRET not in caplog.text


async def test_a_code_that_is_the_token_is_not_told() -> None:
    token = "0123456789abcdef0123456789abcdef"
    async with running(Play.ACCEPTS) as receiver, opened(entry(receiver.port), secret=token) as transport:
        receiver.respond = answering(f'{{"exception":"{token}","errorcode":"{token}","message":"{token}"}}')
        outcome = await outcome_of(transport, call())
    assert token not in outcome.reason + outcome.answer
    assert outcome.reason == "HTTP 200, but Moodle says an error without a code"


async def test_an_answer_longer_than_is_read_is_judged_by_its_beginning_and_without_the_token() -> None:
    async with connected() as (receiver, _, transport):
        receiver.respond = answering('{"exception":"a","errorcode":"invalidtoken","debuginfo":' + f'"{SECRET}' * 9000)
        seen = await seen_by(transport, call())
    assert isinstance(seen, Answered)
    assert not seen.is_whole
    assert seen.said.ending is Ending.FORBIDDEN
    assert SECRET not in seen.text


async def test_maintenance_that_is_announced_by_status_is_waited_for_as_long_as_it_says() -> None:
    async with connected() as (receiver, _, transport):
        receiver.respond = lambda _: web.Response(status=503, headers={"Retry-After": "300"}, text="<html>")
        outcome = await outcome_of(transport, call())
    assert (outcome.ending, outcome.retry_after_s) == (Ending.MAY_PASS, 300)


@pytest.mark.parametrize(
    ("payload", "send", "why"),
    [
        ([1], CREATE, "the payload is a list, expected an object of the function's parameters"),
        ({"wstoken": MARK}, CREATE, "the payload has wstoken, which this hub sets itself"),
        ({" wstoken": MARK}, CREATE, "the payload has a key that no parameter of Moodle's has"),
        (
            USERS,
            {},
            "send.function is missing: a service with preset: moodle expects the name of a web service function",
        ),
        (USERS, {**CREATE, "method": "GET"}, "send.method must be POST"),
        (USERS, {**CREATE, "path": "/x"}, "send.path must be left out"),
        (USERS, {**CREATE, "query": {"a": "b"}}, "send.query must be left out"),
        (USERS, {**CREATE, "headers": {"content-type": "text/xml"}}, "send.headers must not set Content-Type"),
    ],
)
async def test_what_is_no_call_of_a_function_is_not_sent(payload: Any, send: dict[str, Any], why: str) -> None:
    async with connected() as (receiver, _, transport):
        outcome = await outcome_of(transport, call(payload, send))
    assert outcome.ending is Ending.CANNOT_PASS
    assert outcome.reason.startswith(f"the request cannot be sent: {why}")
    assert not receiver.arrived


async def test_a_function_is_not_sent_to_what_is_no_moodle() -> None:
    async with connected(preset=None, auth={"type": "none"}) as (receiver, _, transport):
        outcome = await outcome_of(transport, call())
    assert outcome.reason == "the request cannot be sent: send.function is for services with preset: moodle"
    assert not receiver.arrived


@pytest.mark.parametrize("token", ["two words", "t0ken678\n", "tökéntöken", "short", "a&b=cdefg", "x" * 129])
async def test_a_secret_that_is_no_token_of_moodles_is_refused_without_being_told(token: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        async with opened(entry(1), secret=token):
            raise AssertionError
    assert str(refused.value) == "env:SECRET holds no token of Moodle's: expected 8 to 128 letters and digits"


@pytest.mark.parametrize(
    ("keys", "why"),
    [
        ({"auth": {"type": "bearer", "token": "env:SECRET"}}, "found type bearer, expected type wstoken"),
        ({"auth": {"type": "none"}}, "found type none, expected type wstoken"),
        ({"preset": None}, "found type wstoken without preset: moodle"),
        ({"auth": {"type": "wstoken", "token": "0123456789abcdef"}}, "expected env:NAME or file:/path"),
        ({"url": f"https://moodle.example.org{PATH}?wstoken=0123456789abcdef"}, "found a query, expected none"),
        ({"preset": "modle"}, "Input should be 'moodle'"),
    ],
)
def test_an_entry_that_cannot_be_meant_is_refused_as_it_is_read(keys: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        KIND.schema.service.model_validate({**entry(1), **keys})
    assert "0123456789abcdef" not in str(refused.value)


def test_an_entry_without_credentials_is_refused_as_it_is_read() -> None:
    with pytest.raises(ValueError, match="expected type wstoken"):
        KIND.schema.service.model_validate({"transport": "rest", "preset": "moodle", "url": f"https://a.example{PATH}"})


@pytest.mark.parametrize("function", ["core_user_create_users(", "{{event.type}}", "", "a b", "a&b"])
def test_a_function_is_a_plain_name_and_no_template(function: str) -> None:
    with pytest.raises(ValueError, match="expected a plain name such as core_user_create_users"):
        KIND.schema.send.model_validate({"function": function})
