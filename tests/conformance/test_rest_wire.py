"""What only REST has: what stands on the wire, and which answers of HTTP's many must not trouble it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from attempts import BODY, SECRET, delivery, opened, outcome_of, seen_by
from counterpart import Play
from http_receiver import HttpReceiver, running
from rest_counterpart import COUNTERPART

from pipeline.attempt.ending import Answered
from pipeline.attempt.http_exchange import ANSWER_LIMIT
from pipeline.attempt.transports import Transport
from pipeline.attempt.transports.rest import KIND
from pipeline.outcome import Ending, Outcome

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
CREDENTIALS = ("authorization", "x-api-key", "x-auth")
BEARER: dict[str, Any] = {"auth": {"type": "bearer", "token": "env:SECRET"}}


@asynccontextmanager
async def connected(secret: str = SECRET, **keys: Any) -> AsyncIterator[tuple[HttpReceiver, Transport]]:
    """A receiver that accepts, and a way to it."""
    async with (
        running(Play.ACCEPTS) as receiver,
        opened(COUNTERPART.service(receiver.port), secret=secret, **keys) as transport,
    ):
        yield receiver, transport


async def answered_raw(raw: bytes, **keys: Any) -> Outcome:
    """The outcome of an attempt that is answered with these bytes."""
    async with connected(**keys) as (receiver, transport):
        receiver.raw = raw
        return await outcome_of(transport, delivery({}))


@pytest.mark.parametrize("method", METHODS)
async def test_w17_a_request_arrives_as_it_was_rendered_whatever_its_method(method: str) -> None:
    send = {"method": method, "path": "/a/b", "query": {"q": "1"}, "headers": {"X-Site": "moodle"}}
    one = delivery(send, content_type="text/xml")
    async with connected() as (receiver, transport):
        assert (await outcome_of(transport, one)).ending is Ending.DELIVERED
    (arrived,) = receiver.arrived
    assert (arrived.method, arrived.target, arrived.body) == (method, "/in/a/b?q=1", BODY.encode())
    # That a connection is kept goes without saying in HTTP/1.1.
    assert {name.lower(): value for name, value in arrived.headers.items() if name != "Connection"} == {
        "host": f"127.0.0.1:{receiver.port}",
        "user-agent": arrived.headers["User-Agent"],
        "accept": "*/*",
        "accept-encoding": "identity",
        "x-site": "moodle",
        "idempotency-key": one.id,
        "content-type": "text/xml",
        "content-length": str(len(BODY.encode())),
    }
    assert re.fullmatch(r"mih/\d+\.\d+\.\d+\S*", arrived.headers["User-Agent"])


@pytest.mark.parametrize("method", METHODS)
async def test_no_body_is_nothing_at_all(method: str) -> None:
    async with connected() as (receiver, transport):
        await outcome_of(transport, delivery({"method": method}, body=None))
    (arrived,) = receiver.arrived
    assert arrived.body == b""
    assert arrived.headers.get("Content-Length", "0") == "0"
    assert not {"Content-Type", "Transfer-Encoding"} & {*arrived.headers}


@pytest.mark.parametrize("name", ["Content-Type", "content-type"])
async def test_a_rules_own_content_type_is_the_one_that_is_sent(name: str) -> None:
    async with connected() as (receiver, transport):
        await outcome_of(transport, delivery({"headers": {name: "application/vnd.erp+json"}}))
    assert receiver.arrived[0].headers.getall("Content-Type") == ["application/vnd.erp+json"]


async def test_what_a_replay_rendered_anew_has_an_idempotency_key_of_its_own() -> None:
    """Under the first one's key a receiver would take the mended request for a repeat, and drop it."""
    one = replace(delivery({}), variant="r7")
    async with connected() as (receiver, transport):
        await outcome_of(transport, one)
    assert receiver.arrived[0].headers.getall("Idempotency-Key") == [f"{one.id}-r7"]


@pytest.mark.parametrize("auth", [auth for auth, _ in COUNTERPART.facts.credentials[1:]])
async def test_credentials_that_an_answer_repeats_are_not_kept_with_it(auth: dict[str, Any]) -> None:
    """A page for debugging told our token to everybody who reads dead letters."""
    async with connected(auth=auth) as (receiver, transport):
        await seen_by(transport, delivery({}))
        (sent,) = (value for name, value in receiver.arrived[0].headers.items() if name.lower() in CREDENTIALS)
        said = f"422: you sent {sent} and {SECRET}".encode()
        receiver.raw = b"HTTP/1.1 422 No\r\nContent-Length: %d\r\n\r\n%s" % (len(said), said)
        seen = await seen_by(transport, delivery({}))
    assert isinstance(seen, Answered)
    assert seen.text == "422: you sent *** and ***"


@pytest.mark.parametrize(
    "repeated",
    [
        'p/"é+ &=%',
        r"p/\"\u00e9+ &=%",
        r"p\/\"\u00e9+ &=%",
        r"p/\"é+ &=%",
        "p%2F%22%C3%A9%2B%20%26%3D%25",
        "p%2F%22%C3%A9%2B+%26%3D%25",
        "p/&quot;é+ &amp;=%",
    ],
)
async def test_a_secret_that_an_answer_escapes_is_not_kept_with_it(repeated: str) -> None:
    """PHP's JSON writes a slash as \\/, and half of all base64 of a password and user went on into dead letters."""
    auth = {"type": "basic", "username": "mih", "password": "env:SECRET"}
    async with connected(secret='p/"é+ &=%', auth=auth) as (receiver, transport):
        receiver.respond = lambda _: web.Response(status=422, body=f"you sent {repeated}!".encode())
        seen = await seen_by(transport, delivery({}))
    assert isinstance(seen, Answered)
    assert seen.text == "you sent ***!"


async def test_a_secret_in_which_an_answer_is_cut_is_not_kept_with_it() -> None:
    """Many whole ones before it became short, and so the beginning of the last came to where answers are kept."""
    secret = "s" + "0123456789" * 700
    async with connected(secret=secret, auth={"type": "bearer", "token": "env:SECRET"}) as (receiver, transport):
        receiver.respond = lambda _: web.Response(status=422, body=secret.encode() * 12)
        seen = await seen_by(transport, delivery({}))
    assert isinstance(seen, Answered)
    assert (seen.text.strip("*"), seen.is_whole) == ("", False)


async def test_a_rule_cannot_replace_the_idempotency_key() -> None:
    one = delivery({"headers": {"idempotency-key": "mine"}})
    async with connected() as (receiver, transport):
        await outcome_of(transport, one)
    assert receiver.arrived[0].headers.getall("Idempotency-Key") == [one.id]


@pytest.mark.parametrize(
    "name", ["Content-Length", "content-length", "Transfer-Encoding", "Connection", "Expect", "X Y", "", "X:"]
)
def test_a_rule_cannot_set_a_header_that_frames_the_request(name: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        KIND.schema.send.model_validate({"headers": {name: "1"}})


@pytest.mark.parametrize(
    "target",
    [
        "/a%2Fb", "/a%25b", "/a%3Bb", "/a%3Fb", "/a%23b", "/a%27b%21%28%29%2A%2C%3D%40%24%26", "/%C3%A9%E2%9C%93",
        "/a%20b", "/a%5Bb", "/a;b=c,d:e@f", "/a//b", "/%7Ea", "/a%2fb", "/%00", "/%E9",
        "/a?x=%26%3D%3B%2B%27", "/a?x=a+b", "/a?x=%E2%9C%93&x=", "/a?x=%2F%3F", "/a?x=%25",
    ],
)  # fmt: skip
async def test_a_path_and_query_arrive_as_they_were_encoded(target: str) -> None:
    async with connected() as (receiver, transport):
        assert (await outcome_of(transport, delivery({"path": target}))).ending is Ending.DELIVERED
    assert receiver.arrived[0].target == f"/in{target}"


@pytest.mark.parametrize("text", ["José", "Ωmega ✓", "tab\there", "日本"])
async def test_a_header_may_hold_any_text_that_prints(text: str) -> None:
    async with connected() as (receiver, transport):
        outcome = await outcome_of(transport, delivery({"headers": {"X-Name": text}}))
    assert outcome.ending is Ending.DELIVERED
    assert receiver.arrived[0].headers["X-Name"] == text


@pytest.mark.parametrize("text", ["a\r\nX-Other: b", "a\nb", "a\rb", "a\x00b", "\ud800"])
async def test_a_header_that_would_become_two_is_not_sent(text: str) -> None:
    async with connected() as (receiver, transport):
        outcome = await outcome_of(transport, delivery({"headers": {"X-Name": text}}))
    assert (outcome.ending, outcome.reason) == (
        Ending.CANNOT_PASS,
        "the request cannot be sent: header X-Name holds a character that no header can carry",
    )
    assert not receiver.arrived


@pytest.mark.parametrize(
    ("send", "body"),
    [({"path": "/" + "x" * 70_000}, BODY), ({"path": "/a\nb"}, BODY), ({"path": "/\ud800"}, BODY), ({}, "\ud800")],
)
async def test_what_no_request_can_hold_is_not_sent(send: dict[str, Any], body: str) -> None:
    async with connected() as (receiver, transport):
        outcome = await outcome_of(transport, delivery(send, body=body))
    assert outcome.ending is Ending.CANNOT_PASS
    assert outcome.reason.startswith("the request cannot be sent: ")
    assert not receiver.arrived


@pytest.mark.parametrize(
    "url", ["http://h:99999/", "http://🯱🯲🯷.0.0.1/", "http://[::1/", "http://a\nb/", "http://e\\rp/"]
)
def test_an_address_with_which_no_request_can_be_built_is_refused_as_it_is_read(url: str) -> None:
    with pytest.raises(ValueError, match="expected"):
        KIND.schema.service.model_validate({"transport": "rest", "url": url})


@pytest.mark.parametrize("method", METHODS)
async def test_an_attempt_sends_once_whatever_its_method(method: str) -> None:
    async with connected() as (receiver, transport):
        await outcome_of(transport, delivery({}))
        receiver.play = Play.CUTS_AFTER_READING
        outcome = await outcome_of(transport, delivery({"method": method}))
    assert (outcome.ending, outcome.reason) == (Ending.MAY_PASS, "connection closed without an answer")
    assert len(receiver.arrived) == 2


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_w19_a_redirect_is_not_followed(status: int) -> None:
    async with running(Play.ACCEPTS) as elsewhere, connected(**BEARER) as (receiver, transport):
        to = {"Location": f"http://127.0.0.1:{elsewhere.port}/"}
        receiver.respond = lambda _: web.Response(status=status, headers=to)
        assert (await outcome_of(transport, delivery({}))).ending is Ending.CANNOT_PASS
    assert len(receiver.arrived) == 1
    assert not elsewhere.arrived


@pytest.mark.parametrize(("written", "seconds"), [("7", 7), ("Fri, 20 Nov 2015 12:00:30 GMT", 0), ("soon", None)])
async def test_retry_after_is_passed_on(written: str, seconds: float | None) -> None:
    async with connected() as (receiver, transport):
        receiver.respond = lambda _: web.Response(status=503, headers={"Retry-After": written})
        outcome = await outcome_of(transport, delivery({}))
    assert (outcome.ending, outcome.retry_after_s) == (Ending.MAY_PASS, seconds)


async def test_a_cookie_is_not_given_back() -> None:
    # By name: to an address alone many clients give no cookie back anyway.
    async with (
        running(Play.ACCEPTS) as receiver,
        opened(COUNTERPART.service(receiver.port, host="localhost")) as transport,
    ):
        receiver.respond = lambda _: web.Response(headers={"Set-Cookie": "session=1; Path=/"})
        await outcome_of(transport, delivery({}))
        await outcome_of(transport, delivery({}))
    assert [arrived.credentials for arrived in receiver.arrived] == [{}, {}]


async def test_proxies_and_passwords_of_the_environment_are_not_used(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login somebody password else\n")
    netrc.chmod(0o600)
    async with running(Play.ACCEPTS) as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        monkeypatch.delenv("NO_PROXY", raising=False)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.setenv("NETRC", str(netrc))
        async with connected() as (receiver, transport):
            await outcome_of(transport, delivery({}))
    assert [arrived.credentials for arrived in receiver.arrived] == [{}]
    assert not proxy.arrived


async def test_an_answer_that_is_no_utf8_is_kept_as_well_as_can_be() -> None:
    async with connected() as (receiver, transport):
        receiver.respond = lambda _: web.Response(
            body=b"caf\xe9 \xff", headers={"Content-Type": "text/plain; charset=nonsense"}
        )
        outcome = await outcome_of(transport, delivery({}))
    assert (outcome.ending, outcome.answer) == (Ending.DELIVERED, "caf\ufffd \ufffd")


@pytest.mark.parametrize("size", [ANSWER_LIMIT - 1, ANSWER_LIMIT, ANSWER_LIMIT + 1, 10 * ANSWER_LIMIT])
async def test_an_answer_is_kept_up_to_the_limit(size: int) -> None:
    async with connected() as (receiver, transport):
        receiver.respond = lambda _: web.Response(body=b"x" * size)
        seen = await seen_by(transport, delivery({}))
    assert seen == Answered(200, "x" * min(size, ANSWER_LIMIT), is_whole=size <= ANSWER_LIMIT)


@pytest.mark.parametrize(
    ("raw", "ending"),
    [
        (b"HTTP/1.1 200 \xff\xfe\r\nContent-Length: 0\r\n\r\n", Ending.DELIVERED),
        (b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", Ending.DELIVERED),
        (b"HTTP/1.1 200 OK\r\nX: \xff\xe9\r\nRetry-After: \xff\r\nContent-Length: 0\r\n\r\n", Ending.DELIVERED),
        (b'HTTP/1.1 200 OK\r\nSet-Cookie: =;;;\x7f\xff={"a": [1\r\nContent-Length: 0\r\n\r\n', Ending.DELIVERED),
        (
            b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
            Ending.DELIVERED,
        ),
        (b"HTTP/1.1 100 Continue\r\n\r\n" * 50 + b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", Ending.DELIVERED),
        (b"HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok", Ending.DELIVERED),
        (
            b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n",
            Ending.DELIVERED,
        ),
        (b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n", Ending.MAY_PASS),
        (b"HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n", Ending.MAY_PASS),
        (b"HTTP/1.1 -200 OK\r\nContent-Length: 0\r\n\r\n", Ending.MAY_PASS),
        (b"HTTP/9.9 200 OK\r\nContent-Length: 0\r\n\r\n", Ending.MAY_PASS),
        (b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", Ending.MAY_PASS),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 1, 2\r\n\r\nok", Ending.MAY_PASS),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", Ending.MAY_PASS),
        (b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", Ending.MAY_PASS),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 1_000_000 + b"\r\n\r\n", Ending.MAY_PASS),
        (b"HTTP/1.1 200 OK\r\n" + b"X: x\r\n" * 100_000, Ending.MAY_PASS),
        (b"HTTP/1.1 200 " + b"x" * 1_000_000, Ending.MAY_PASS),
        (b"<html>" * 1000, Ending.MAY_PASS),
        (b"\x16\x03\x01\x02\x00\x01\x00" * 10, Ending.MAY_PASS),
        (b"\x00" * 100_000, Ending.MAY_PASS),
    ],
)
async def test_an_odd_answer_has_its_ending(raw: bytes, ending: Ending) -> None:
    outcome = await answered_raw(raw)
    assert outcome.ending is ending


async def test_nonsense_that_repeats_the_request_does_not_tell_it() -> None:
    async with connected(**BEARER) as (receiver, transport):
        receiver.raw = f"Authorization: Bearer {SECRET}\r\n\r\n{BODY}".encode()
        assert (await outcome_of(transport, delivery({}))).ending is Ending.MAY_PASS


async def test_a_refusal_that_does_not_wait_for_the_body_is_heard() -> None: ...
