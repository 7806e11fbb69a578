from ipaddress import ip_network
from time import monotonic
from typing import Any

import pytest

from pipeline.attempt.credentials import OAuth2Auth
from pipeline.attempt.guard import Guard
from pipeline.attempt.means import Means
from pipeline.attempt.oauth2_client import Client, opened_client
from pipeline.shared_state import open_shared_state

SECRET = "s3cret-of-the-client"


async def client(secret: str = SECRET, **keys: Any) -> Client:
    written = {"type": "oauth2", "token_url": "https://id.example.org/t", "client_id": "mih", "client_secret": "env:S"}
    async with open_shared_state("redis://127.0.0.1:1/0", monotonic) as shared:
        means = Means(Guard((ip_network("127.0.0.0/8"),)), {"S": secret}, shared)
        return opened_client(OAuth2Auth.model_validate({**written, **keys}), means)


async def test_what_is_sealed_opens_for_the_same_client_only() -> None:
    sealed = (await client()).sealed("token")
    assert (await client()).unsealed(sealed) == "token"
    assert (await client(style="body")).unsealed(sealed) == "token"
    for other in (
        await client("another"),
        await client(client_id="other"),
        await client(scope="more"),
        await client(audience="erp"),
        await client(token_url="https://other.example.org/t"),
    ):
        assert other.unsealed(sealed) is None
        assert other.name != (await client()).name


async def test_a_token_is_never_sealed_alike_twice() -> None:
    one = await client()
    assert one.sealed("token") != one.sealed("token")


@pytest.mark.parametrize("place", [0, 12, -1])
async def test_what_was_changed_does_not_open(place: int) -> None:
    one = await client()
    changed = bytearray(one.sealed("token"))
    changed[place] ^= 1
    assert one.unsealed(bytes(changed)) is None


async def test_a_client_does_not_print_what_it_holds() -> None:
    for style in ("header", "body"):
        one = await client(style=style)
        assert SECRET not in repr(one)
        assert one.key.get_secret_value().hex() not in repr(one)
        assert "Basic " not in repr(one)
