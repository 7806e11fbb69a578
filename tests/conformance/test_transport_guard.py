"""What every transport must refuse to connect to."""

import asyncio
import socket
from collections.abc import Callable
from ipaddress import ip_network
from typing import Any

import pytest
from attempts import LOOPBACK, delivery, opened, outcome_of
from counterpart import Counterpart, Play
from pydantic import ValidationError

from pipeline.attempt.guard import Guard
from pipeline.errors import Misconfigured
from pipeline.outcome import Ending

CLOSED = Guard()
ONE_ADDRESS = Guard((ip_network("127.0.0.1/32"),))
NAME = "erp.example.org"

NameServer = Callable[[int], list[str]]


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> Callable[[NameServer], list[str]]:
    """Puts a name server of this test's own in the place of the system's; gives the list of what is looked up."""
    real = socket.getaddrinfo

    def instead(answer: NameServer) -> list[str]:
        asked: list[str] = []

        def getaddrinfo(host: str, port: Any, *args: Any, **keys: Any) -> Any:
            if str(host).lower().rstrip(".") == "localhost":
                return real(host, port, *args, **keys)
            if host != NAME or keys.get("flags", 0) & socket.AI_NUMERICHOST:
                return real(host, port, *args, **{**keys, "flags": socket.AI_NUMERICHOST})
            asked.append(host)
            return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, port)) for ip in answer(len(asked))]

        monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
        return asked

    return instead


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]", "[fe80::1]", "[fec0::1]", "[64:ff9b:1::1]", "[2001::1]", "[2a00:1450::5efe:7f00:1]",
        "169.254.169.254", "168.63.129.16", "100.100.100.200", "[fd00:ec2::254]",
    ],
)  # fmt: skip
async def test_w19_a_local_address_is_not_opened_and_the_setting_that_allows_it_is_told(
    counterpart: Counterpart, host: str
) -> None:
    with pytest.raises(Misconfigured, match="MIH_ALLOWED_NETWORKS"):
        async with opened(counterpart.service(1, host=host), guard=CLOSED):
            pass


@pytest.mark.parametrize(
    "host",
    [
        "2130706433", "0x7f.1", "0x7f000001", "017700000001", "127.1", "127.0.1", "0", "0.0.0.0",
        "127.0.0.1.", "localhost.", "LOCALHOST", "LocalHost", "１２７.0.0.1", "127。0。0。1", "①②⑦.0.0.1",
        "🯱🯲🯷.0.0.1", "ⓛocalhost", "lo­calhost", "127.0.0.1%00",
        "%31%32%37.0.0.1", "[::1%25lo]", "[fe80::1%25lo]", "[0:0:0:0:0:ffff:7f00:1]",
    ],
)  # fmt: skip
async def test_no_odd_spelling_of_the_loopback_gets_through(counterpart: Counterpart, host: str) -> None:
    async with counterpart.running(Play.ACCEPTS) as receiver:
        try:
            async with opened(counterpart.service(receiver.port, host=host), guard=CLOSED) as transport:
                outcome = await outcome_of(transport, delivery(counterpart.facts.send))
            assert outcome.ending is not Ending.DELIVERED
        except (ValidationError, Misconfigured):
            pass  # refused as it was read or opened
    assert not receiver.arrived


@pytest.mark.parametrize("host", ["erp..example.org", f"{'e' * 64}.example.org"])
async def test_a_name_that_cannot_be_looked_up_is_not_opened(counterpart: Counterpart, host: str) -> None:
    with pytest.raises(Misconfigured, match="no name that can be looked up"):
        async with opened(counterpart.service(1, host=host)):
            pass


async def test_a_name_with_a_local_address_is_refused(
    counterpart: Counterpart, lookups: Callable[[NameServer], list[str]]
) -> None:
    lookups(lambda _: ["127.0.0.1"])
    async with (
        counterpart.running(Play.ACCEPTS) as receiver,
        opened(counterpart.service(receiver.port, host=NAME), guard=CLOSED) as transport,
    ):
        # At once, because attempts at the same name may share one look-up.
        some = (outcome_of(transport, delivery(counterpart.facts.send)) for _ in range(5))
        outcomes = await asyncio.gather(*some)
    # It may be another address tomorrow, or this process's setting that is wrong: nothing is dead at once.
    assert {outcome.ending for outcome in outcomes} == {Ending.MAY_PASS}
    assert all(f"{NAME} (127.0.0.1)" in outcome.reason for outcome in outcomes)
    assert not receiver.arrived


async def test_a_name_is_refused_for_any_one_of_its_addresses(
    counterpart: Counterpart, lookups: Callable[[NameServer], list[str]]
) -> None:
    lookups(lambda _: ["127.0.0.1", "127.0.0.2"])
    async with (
        counterpart.running(Play.ACCEPTS) as receiver,
        opened(counterpart.service(receiver.port, host=NAME), guard=ONE_ADDRESS) as transport,
    ):
        outcome = await outcome_of(transport, delivery(counterpart.facts.send))
    assert outcome.ending is Ending.MAY_PASS
    assert f"{NAME} (127.0.0.2)" in outcome.reason
    assert not receiver.arrived


async def test_the_address_that_was_checked_is_the_one_connected_to(
    counterpart: Counterpart, lookups: Callable[[NameServer], list[str]]
) -> None:
    asked = lookups(lambda nth: ["127.0.0.1"] if nth == 1 else ["127.0.0.2"])
    async with (
        counterpart.running(Play.ACCEPTS) as receiver,
        opened(counterpart.service(receiver.port, host=NAME), guard=ONE_ADDRESS) as transport,
    ):
        outcome = await outcome_of(transport, delivery(counterpart.facts.send))
    assert outcome.ending is Ending.DELIVERED
    assert asked == [NAME]


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
async def test_an_allowed_network_is_let_through(counterpart: Counterpart, host: str) -> None:
    async with (
        counterpart.running(Play.ACCEPTS) as receiver,
        opened(counterpart.service(receiver.port, host=host), guard=LOOPBACK) as transport,
    ):
        assert (await outcome_of(transport, delivery(counterpart.facts.send))).ending is Ending.DELIVERED


async def test_a_name_that_nobody_knows_may_pass(
    counterpart: Counterpart, lookups: Callable[[NameServer], list[str]]
) -> None:
    def unknown(_: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    lookups(unknown)
    async with opened(counterpart.service(1, host=NAME)) as transport:
        outcome = await outcome_of(transport, delivery(counterpart.facts.send))
    assert (outcome.ending, outcome.reason) == (Ending.MAY_PASS, "name not found")
