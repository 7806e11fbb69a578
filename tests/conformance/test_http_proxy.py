"""What stands between when a service has a `proxy`, and what is still verified then."""

import re
from base64 import b64encode
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from aiohttp.web import Response
from attempts import BODY, SECRET, delivery, opened, outcome_of
from certificates import Certificates
from counterpart import Play
from forward_proxy import running_proxy
from http_receiver import running
from rest_counterpart import COUNTERPART

from pipeline.attempt.guard import Guard
from pipeline.errors import Misconfigured
from pipeline.outcome import Ending

NAME = "erp.internal.example"
LOOPBACK = Guard((ip_network("127.0.0.0/8"),))
BEARER = {"type": "bearer", "token": "env:SECRET"}


async def test_a_request_goes_by_the_proxy_letter_by_letter() -> None:
    async with running(Play.ACCEPTS) as receiver, running_proxy() as proxy:
        service = COUNTERPART.service(receiver.port, host=NAME)
        async with opened(service, proxy=f"http://127.0.0.1:{proxy.port}", auth=BEARER) as transport:
            outcome = await outcome_of(transport, delivery({"path": "/a%2Fb%3B", "query": {"q": "%C3%A9"}}))
    assert outcome.ending is Ending.DELIVERED
    target = f"http://{NAME}:{receiver.port}/in/a%2Fb%3B?q=%C3%A9"
    assert proxy.asked == [(f"POST {target} HTTP/1.1", "")]
    (arrived,) = receiver.arrived
    assert (arrived.target, arrived.body, arrived.headers["Host"]) == (target, BODY.encode(), f"{NAME}:{receiver.port}")


async def test_a_tunnel_carries_what_the_proxy_cannot_read(certificates: Certificates) -> None:
    there = certificates.of(f"DNS:{NAME}")
    async with running(Play.ACCEPTS, there.context()) as receiver, running_proxy() as proxy:
        service = COUNTERPART.service(receiver.port, host=NAME, tls=True)
        keys: dict[str, Any] = {
            "proxy": f"http://127.0.0.1:{proxy.port}",
            "tls": {"ca": str(there.path)},
            "auth": BEARER,
        }
        async with opened(service, **keys) as transport:
            for _ in range(3):
                assert (await outcome_of(transport, delivery({}))).ending is Ending.DELIVERED
    assert proxy.asked == [(f"CONNECT {NAME}:{receiver.port} HTTP/1.1", "")]
    assert SECRET.encode() not in proxy.tunnelled
    assert [arrived.credentials for arrived in receiver.arrived] == [{"Authorization": f"Bearer {SECRET}"}] * 3


async def test_behind_a_proxy_the_name_is_still_verified(certificates: Certificates) -> None:
    there = certificates.of("DNS:other.example.org")
    async with running(Play.ACCEPTS, there.context()) as receiver, running_proxy() as proxy:
        service = COUNTERPART.service(receiver.port, host=NAME, tls=True)
        keys: dict[str, Any] = {"proxy": f"http://127.0.0.1:{proxy.port}", "tls": {"ca": str(there.path)}}
        async with opened(service, **keys) as transport:
            outcome = await outcome_of(transport, delivery({}))
    assert outcome.ending is Ending.MAY_PASS
    assert outcome.reason.startswith("certificate not trusted: Hostname mismatch")
    assert not receiver.arrived


@pytest.mark.parametrize("tls", [True, False])
async def test_a_proxys_credentials_stand_behind_a_reference_and_reach_only_the_proxy(
    certificates: Certificates, *, tls: bool
) -> None:
    there = certificates.of(f"DNS:{NAME}")
    async with running(Play.ACCEPTS, there.context() if tls else None) as receiver, running_proxy() as proxy:
        service = COUNTERPART.service(receiver.port, host=NAME, tls=tls)
        keys: dict[str, Any] = {"proxy": "env:SECRET", "tls": {"ca": str(there.path)}}
        secret = f"http://mih:p%40ss@127.0.0.1:{proxy.port}"
        async with opened(service, secret=secret, **keys) as transport:
            for _ in range(2):
                assert (await outcome_of(transport, delivery({}))).ending is Ending.DELIVERED
    expected = f"Basic {b64encode(b'mih:p@ss').decode()}"
    assert {authorization for _, authorization in proxy.asked} == {expected}
    if tls:
        assert all("Proxy-Authorization" not in arrived.headers for arrived in receiver.arrived)


async def test_a_proxys_credentials_that_an_answer_repeats_are_not_kept_with_it() -> None:
    async with running(Play.ACCEPTS) as receiver, running_proxy() as proxy:
        receiver.respond = lambda arrived: Response(text=f"{arrived.headers['Proxy-Authorization']} is mih:p@ss-word")
        service = {**COUNTERPART.service(receiver.port, host=NAME), "proxy": "env:SECRET"}
        secret = f"http://mih:p%40ss-word@127.0.0.1:{proxy.port}"
        async with opened(service, secret=secret) as transport:
            outcome = await outcome_of(transport, delivery({}))
    assert outcome.answer == "Basic *** is mih:***"


@pytest.mark.parametrize("tls", [True, False])
@pytest.mark.parametrize("status", ["407 Proxy Authentication Required", "403 Forbidden"])
async def test_what_a_proxy_refuses_is_told_as_the_proxys(status: str, *, tls: bool) -> None:
    async with running_proxy() as proxy:
        proxy.refusal = f"HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n".encode()
        service = COUNTERPART.service(1, host=NAME, tls=tls)
        async with opened(service, proxy=f"http://127.0.0.1:{proxy.port}") as transport:
            outcome = await outcome_of(transport, delivery({}))
    if tls or status.startswith("407"):
        assert (outcome.ending, outcome.reason) == (Ending.MAY_PASS, f"the proxy answered HTTP {status[:3]}")
    else:
        # Nothing tells it from the service's own.
        assert outcome.reason == "HTTP 403"


async def test_a_proxy_that_is_away_may_pass() -> None:
    async with running_proxy() as proxy:
        pass
    service = COUNTERPART.service(1, host=NAME)
    async with opened(service, proxy=f"http://127.0.0.1:{proxy.port}") as transport:
        outcome = await outcome_of(transport, delivery({}))
    assert (outcome.ending, outcome.reason) == (
        Ending.MAY_PASS,
        "the proxy refused the connection, or is unreachable",
    )


async def test_only_the_proxys_name_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    monkeypatch.setattr("aiohttp.resolver.ThreadedResolver.resolve", _answering(asked))
    async with running(Play.ACCEPTS) as receiver, running_proxy() as proxy:
        service = COUNTERPART.service(receiver.port, host=NAME)
        async with opened(service, proxy=f"http://proxy.example.org:{proxy.port}") as transport:
            assert (await outcome_of(transport, delivery({}))).ending is Ending.DELIVERED
        async with opened(service, proxy="http://proxy.example.org:3128", guard=Guard()) as transport:
            outcome = await outcome_of(transport, delivery({}))
    assert outcome.reason.startswith("proxy.example.org (127.0.0.1) is a private or local address")
    assert set(asked) == {"proxy.example.org"}


def _answering(asked: list[str]) -> Callable[..., Any]:
    async def resolve(_: Any, host: str, port: int = 0, family: int = 0) -> list[dict[str, Any]]:
        asked.append(host)
        return [{"hostname": host, "host": "127.0.0.1", "port": port, "family": family, "proto": 0, "flags": 0}]

    return resolve


@pytest.mark.parametrize(
    ("written", "refused"),
    [
        ("https://proxy.example.org:443", "expected a forward proxy's address"),
        ("http://proxy.example.org:3128/path", "expected a forward proxy's address"),
        ("socks5://proxy.example.org", "expected an address that starts with http://"),
        ("http://mih:hunter2@proxy.example.org", "expected no user or password"),
        ("proxy.example.org:3128", "expected an address"),
    ],
)
async def test_what_is_no_proxy_is_refused_as_it_is_read_and_as_it_is_opened(written: str, refused: str) -> None:
    service = COUNTERPART.service(1)
    with pytest.raises(ValueError, match=re.escape(refused)) as told:
        async with opened(service, proxy=written):
            pass
    assert "hunter2" not in str(told.value)
    if "@" not in written:
        with pytest.raises(Misconfigured, match=f"^proxy env:SECRET: {re.escape(refused)}"):
            async with opened(service, proxy="env:SECRET", secret=written):
                pass


@pytest.mark.parametrize("userinfo", ["mih:ключ", "mih:%D0%BA", "m%3Ah:hunter2"])
async def test_credentials_that_no_proxy_reads_are_refused_without_being_shown(userinfo: str) -> None:
    with pytest.raises(Misconfigured, match=r"^proxy env:SECRET: expected a user without a colon") as told:
        async with opened(COUNTERPART.service(1), proxy="env:SECRET", secret=f"http://{userinfo}@127.0.0.1:3128"):
            pass
    assert not [hidden for hidden in ("ключ", "%D0", "hunter2") if hidden in str(told.value)]


@pytest.mark.parametrize("proxy", ["http://127.0.0.1:3128", "http://localhost:3128", "http://169.254.169.254"])
async def test_a_proxy_that_is_not_allowed_is_not_opened(proxy: str) -> None:
    for written, secret in ((proxy, SECRET), ("env:SECRET", proxy.replace("://", "://mih:hunter2@"))):
        with pytest.raises(Misconfigured, match=f"^proxy {re.escape(written)}: .*MIH_ALLOWED_NETWORKS") as told:
            async with opened(COUNTERPART.service(1, host=NAME), proxy=written, secret=secret, guard=Guard()):
                pass
        assert "hunter2" not in str(told.value)


async def test_a_number_that_is_not_allowed_is_refused_also_behind_a_proxy() -> None:
    service = COUNTERPART.service(1, host="10.0.0.1")
    with pytest.raises(Misconfigured, match=r"^url .*10\.0\.0\.1 is a private or local address"):
        async with opened(service, proxy="http://127.0.0.1:3128", guard=LOOPBACK):
            pass
