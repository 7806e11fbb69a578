"""An AMQP address as it is written, and as it is opened."""

from ipaddress import ip_network
from time import monotonic
from typing import Any

import pytest

from pipeline.attempt.amqp_address import AmqpAuth, checked_amqp_url, opened_address
from pipeline.attempt.credentials import BasicAuth, NoAuth
from pipeline.attempt.guard import Guard
from pipeline.attempt.means import Means
from pipeline.errors import Misconfigured
from pipeline.shared_state import open_shared_state

BASIC = BasicAuth(type="basic", username="mih", password="env:PASSWORD")


async def opened(url: str, auth: AmqpAuth | None = None, guard: Guard | None = None) -> Any:
    """What the address is that env:URL stands for, its credentials last."""
    environ = {"URL": url, "PASSWORD": "s3cret"}
    async with open_shared_state("redis://127.0.0.1:1/0", monotonic) as shared:
        means = Means(guard or Guard(), environ, shared)
        address = opened_address("env:URL", auth or NoAuth(), means)
    password = address.password.get_secret_value()
    return address.host, address.port, address.is_tls, address.vhost, address.username, password


@pytest.mark.parametrize(
    ("url", "found"),
    [
        ("amqp://lake.example.org", ("lake.example.org", 5672, False, "/", "guest", "guest")),
        ("amqps://Lake.example.org/", ("lake.example.org", 5671, True, "/", "guest", "guest")),
        ("amqp://lake.example.org:1234/site", ("lake.example.org", 1234, False, "site", "guest", "guest")),
        ("amqp://lake.example.org/%2Fa%2fb%20c", ("lake.example.org", 5672, False, "/a/b c", "guest", "guest")),
        ("amqp://a%40b:p%3A%2F%40%25@lake.example.org/v", ("lake.example.org", 5672, False, "v", "a@b", "p:/@%")),
        ("amqps://[2606:4700::1]/v", ("2606:4700::1", 5671, True, "v", "guest", "guest")),
    ],
)
async def test_an_address_is_taken_apart_and_decoded(url: str, found: tuple[Any, ...]) -> None:
    assert await opened(url) == found


async def test_credentials_come_from_auth() -> None:
    assert (await opened("amqp://lake.example.org/v", BASIC))[-2:] == ("mih", "s3cret")


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("lake.example.org", "host and a port"),
        ("http://lake.example.org", "starts with amqp:// or amqps://"),
        ("amqp://", "host and a port"),
        ("amqp://lake.example.org:0", "host and a port"),
        ("amqp://lake.example.org:99999", "host and a port"),
        ("amqp://[::1", "host and a port"),
        ("amqp://lake.example.org/a b", "host and a port"),
        ("amqp://lake.example.org/\n", "host and a port"),
        ("amqp://lake.example.org/a/b", "in it / is %2F"),
        ("amqps://lake.example.org/v?verify=no", "in it / is %2F"),
        ("amqp://lake.example.org/#v", "in it / is %2F"),
    ],
)
async def test_what_is_no_address_is_told_so_where_it_is_written_and_where_it_is_opened(url: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        checked_amqp_url(url)
    with pytest.raises(Misconfigured, match=told):
        await opened(url)


@pytest.mark.parametrize("url", ["amqp://mih:s3cret@lake.example.org", "amqp://mih@lake.example.org", "amqp://@lake"])
def test_a_written_address_holds_no_credentials(url: str) -> None:
    with pytest.raises(ValueError, match="auth is the place for them") as refused:
        checked_amqp_url(url)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("url", "auth", "told"),
    [
        ("amqp://mih:s3cret@lake.example.org", BASIC, "beside auth"),
        ("amqp://mih@lake.example.org", None, "a user and a password"),
        ("amqp://:s3cret@lake.example.org", None, "a user and a password"),
        ("amqp://mih:s3cret%00@lake.example.org", None, "a user and a password"),
        ("amqp://mih:s3cret@lake.example.org:x", None, "host and a port"),
        ("amqp://mih:s3cret@127.0.0.1", None, "MIH_ALLOWED_NETWORKS"),
    ],
)
async def test_a_secret_address_that_is_wrong_is_not_repeated(url: str, auth: AmqpAuth | None, told: str) -> None:
    with pytest.raises(Misconfigured, match=told) as refused:
        await opened(url, auth)
    assert "s3cret" not in str(refused.value)
    assert str(refused.value).startswith("url env:URL: ")


async def test_a_local_address_that_is_allowed_is_opened() -> None:
    assert (await opened("amqp://127.0.0.1", guard=Guard((ip_network("127.0.0.0/8"),))))[0] == "127.0.0.1"
