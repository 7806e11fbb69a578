"""What a token endpoint and a service see of OAuth 2.0's client credentials; without Redis, one process at a time."""

import asyncio
import re
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web
from attempts import LOOPBACK, SECRET, delivery, opened, outcome_of
from certificates import Certificates
from counterpart import Play, until
from rest_counterpart import COUNTERPART
from token_endpoint import Issuing, issuing

from pipeline.attempt.guard import Guard
from pipeline.attempt.transports import Transport
from pipeline.errors import Misconfigured
from pipeline.outcome import Ending


@asynccontextmanager
async def connected(secret: str = SECRET, within: str = "20s", **keys: Any) -> AsyncIterator[tuple[Issuing, Transport]]:
    """A token endpoint, a service, and a way to it whose `auth` has these keys."""
    async with issuing() as there:
        service = COUNTERPART.service(there.service.port)
        async with opened(service, secret=secret, timeout=within, auth=there.auth(**keys)) as transport:
            yield there, transport


async def test_a_token_is_fetched_once_for_many_attempts() -> None:
    async with connected(scope="a b", audience="erp") as (there, transport):
        outcomes = await asyncio.gather(*(outcome_of(transport, delivery({})) for _ in range(12)))
        outcomes.append(await outcome_of(transport, delivery({})))
    assert {outcome.ending for outcome in outcomes} == {Ending.DELIVERED}
    assert there.shown == ["token-1"] * 13
    (asked,) = there.endpoint.arrived
    assert (asked.method, asked.target, asked.content_type) == ("POST", "/token", "application/x-www-form-urlencoded")
    assert there.forms == [{"grant_type": "client_credentials", "scope": "a b", "audience": "erp"}]
    assert asked.headers["Authorization"] == "Basic " + b64encode(f"mih:{SECRET}".encode()).decode()


async def test_client_and_secret_are_encoded_before_they_are_a_pair() -> None:
    async with connected(client_id="m:h é", secret="p+s s:%") as (there, transport):
        await outcome_of(transport, delivery({}))
    expected = b64encode(b"m%3Ah+%C3%A9:p%2Bs+s%3A%25").decode()
    assert there.endpoint.arrived[0].headers["Authorization"] == f"Basic {expected}"


async def test_client_and_secret_may_stand_in_the_body() -> None:
    async with connected(style="body", secret="p+s s:%&=") as (there, transport):
        await outcome_of(transport, delivery({}))
    assert there.forms == [
        {"grant_type": "client_credentials", "client_id": "mih", "client_secret": "p+s s:%&="},
    ]
    assert "Authorization" not in there.endpoint.arrived[0].headers


async def test_after_401_a_token_is_fetched_once_more_and_the_request_sent_once_more() -> None:
    async with connected() as (there, transport):
        await outcome_of(transport, delivery({}))
        there.good.clear()
        one = delivery({})
        assert (await outcome_of(transport, one)).ending is Ending.DELIVERED
    assert there.shown == ["token-1", "token-1", "token-2"]
    first, again = there.service.arrived[1:]
    assert (first.delivery_id, first.body) == (again.delivery_id, again.body) == (one.id, first.body)


async def test_a_service_that_refuses_every_token_is_asked_twice_and_no_more() -> None:
    async with connected() as (there, transport):
        there.service.respond = lambda _: web.Response(status=401)
        assert (await outcome_of(transport, delivery({}))).ending is Ending.FORBIDDEN
    assert there.shown == ["token-1", "token-2"]
    assert len(there.endpoint.arrived) == 2


async def test_many_attempts_that_are_refused_at_once_share_one_new_token() -> None:
    async with connected() as (there, transport):
        await outcome_of(transport, delivery({}))
        there.good.clear()
        outcomes = await asyncio.gather(*(outcome_of(transport, delivery({})) for _ in range(12)))
    assert {outcome.ending for outcome in outcomes} == {Ending.DELIVERED}
    assert len(there.endpoint.arrived) == 2


@pytest.mark.parametrize("expires_in", [0, -5, "0", "nan"])
async def test_a_token_without_a_life_is_used_once(expires_in: Any) -> None:
    async with connected() as (there, transport):
        there.answer["expires_in"] = expires_in
        for _ in range(2):
            assert (await outcome_of(transport, delivery({}))).ending is Ending.DELIVERED
    assert there.shown == ["token-1", "token-2"]


@pytest.mark.parametrize(
    ("status", "body", "ending", "reason"),
    [
        (401, '{"error": "invalid_client"}', Ending.FORBIDDEN, "HTTP 401 invalid_client"),
        (400, '{"error": "invalid_scope", "why": "marked-payload"}', Ending.FORBIDDEN, "HTTP 400 invalid_scope"),
        (400, '{"error": "marked-payload"}', Ending.FORBIDDEN, "HTTP 400"),
        (400, '{"error": ["invalid_client"]}', Ending.FORBIDDEN, "HTTP 400"),
        (403, "no JSON", Ending.FORBIDDEN, "HTTP 403"),
        (404, "[]", Ending.FORBIDDEN, "HTTP 404"),
        (302, "", Ending.FORBIDDEN, "HTTP 302"),
        (429, "", Ending.MAY_PASS, "HTTP 429"),
        (503, '{"error": "invalid_client"}', Ending.MAY_PASS, "HTTP 503 invalid_client"),
    ],
)  # fmt: skip
async def test_a_token_that_cannot_be_had_is_told(status: int, body: str, ending: Ending, reason: str) -> None:
    async with connected() as (there, transport):
        there.endpoint.respond = lambda _: web.Response(status=status, text=body, headers={"Location": "/else"})
        outcome = await outcome_of(transport, delivery({}))
    expected = f"no access token: the token endpoint answered {reason}"
    assert (outcome.ending, outcome.reason, outcome.answer) == (ending, expected, "")
    assert not there.service.arrived
    assert len(there.endpoint.arrived) == 1


@pytest.mark.parametrize(
    "body",
    [
        "", "null", "[]", "<html>", "{}", '{"access_token": 1}', '{"access_token": ""}', '{"access_token": "a\\nb"}',
        '{"access_token": "a b"}', '{"access_token": "a", "token_type": "mac"}', '{"access_token": "é"}',
    ],
)  # fmt: skip
async def test_an_answer_without_a_token_may_pass(body: str) -> None:
    async with connected() as (there, transport):
        there.endpoint.respond = lambda _: web.Response(text=body)
        outcome = await outcome_of(transport, delivery({}))
    expected = "no access token: the token endpoint's answer holds no bearer token"
    assert (outcome.ending, outcome.reason) == (Ending.MAY_PASS, expected)
    assert not there.service.arrived


async def test_an_endpoint_that_is_away_or_silent_may_pass_and_is_not_taken_for_the_service() -> None:
    async with connected(within="300ms") as (there, transport):
        there.endpoint.play = Play.CUTS_AFTER_READING
        outcome = await outcome_of(transport, delivery({}))
        assert outcome.reason == "no access token: connection closed without an answer"
        there.endpoint.play = Play.NEVER_ANSWERS
        waiting = [outcome_of(transport, delivery({})) for _ in range(3)]
        outcomes = await asyncio.gather(*waiting)
        await until(lambda: there.endpoint.held == 0, "the endpoint is left")
        there.endpoint.play = Play.ACCEPTS
        assert (await outcome_of(transport, delivery({}))).ending is Ending.DELIVERED
    assert {(outcome.ending, outcome.timed_out) for outcome in outcomes} == {(Ending.MAY_PASS, True)}
    assert all(re.fullmatch(r"no access token(: no answer)? within 0.3 s", outcome.reason) for outcome in outcomes)


async def test_closing_ends_attempts_that_wait_for_a_token() -> None:
    async with connected(within="2m") as (there, transport):
        there.endpoint.play = Play.NEVER_ANSWERS
        waiting = [asyncio.create_task(outcome_of(transport, delivery({}))) for _ in range(4)]
        await until(lambda: there.endpoint.held == 1, "a token is asked for")
        await transport.close()
        outcomes = await asyncio.gather(*waiting)
    assert {outcome.ending for outcome in outcomes} == {Ending.MAY_PASS}
    assert all(outcome.reason.startswith("no access token: c") for outcome in outcomes), "cut, or closed by this hub"
    assert not there.service.arrived


async def test_a_token_endpoint_has_a_tls_section_of_its_own(certificates: Certificates) -> None:
    endpoint = certificates.of("DNS:localhost")
    async with issuing(endpoint.context()) as there:
        service = COUNTERPART.service(there.service.port)
        url = f"https://localhost:{there.endpoint.port}/token"
        for tls, ending in (({"ca": str(endpoint.path)}, Ending.DELIVERED), ({}, Ending.MAY_PASS)):
            async with opened(service, auth=there.auth(token_url=url, tls=tls)) as transport:
                outcome = await outcome_of(transport, delivery({}))
            assert outcome.ending is ending
    assert outcome.reason == "no access token: certificate not trusted: self-signed certificate"


async def test_an_endpoint_without_end_is_read_up_to_a_limit() -> None:
    async with connected() as (there, transport):
        there.endpoint.play = Play.NEVER_ENDS
        outcome = await outcome_of(transport, delivery({}))
    assert outcome.reason == "no access token: the token endpoint's answer holds no bearer token"


async def test_a_token_endpoint_is_guarded_like_every_destination() -> None:
    auth = {"type": "oauth2", "client_id": "mih", "client_secret": "env:SECRET"}
    service = {"transport": "rest", "url": "https://erp.example.org"}
    with pytest.raises(Misconfigured, match=r"^auth\.token_url http://127\.0\.0\.1:1/t: .*MIH_ALLOWED_NETWORKS"):
        async with opened(service, guard=Guard(), auth={**auth, "token_url": "http://127.0.0.1:1/t"}):
            pass
    named = {**auth, "token_url": "http://localhost.localdomain.invalid:1/t"}
    async with opened(service, guard=LOOPBACK, auth=named) as transport:
        outcome = await outcome_of(transport, delivery({}))
    assert (outcome.ending, outcome.reason) == (Ending.MAY_PASS, "no access token: name not found")


@pytest.mark.parametrize("key", ["client_id", "client_secret", "token_url"])
async def test_what_is_missing_is_named_as_it_is_opened(key: str) -> None:
    async with issuing() as there:
        with pytest.raises(Misconfigured, match="ABSENT"):
            async with opened(COUNTERPART.service(there.service.port), auth=there.auth(**{key: "env:ABSENT"})):
                pass
