"""What a receiver of signed webhooks sees, by the library that it would use."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from attempts import delivery, opened, outcome_of
from counterpart import Play
from http_receiver import HttpReceiver, running
from rest_counterpart import COUNTERPART
from standardwebhooks import Webhook, WebhookVerificationError

from pipeline.attempt.transports import Transport
from pipeline.attempt.webhook_signature import Signer, WebhookSignature
from pipeline.errors import Misconfigured
from pipeline.outcome import Ending

NEW, OLD, OTHER = ("whsec_" + b64encode(letter * 32).decode() for letter in (b"n", b"o", b"x"))


@asynccontextmanager
async def connected(folder: Path) -> AsyncIterator[tuple[HttpReceiver, Transport]]:
    """A receiver, and a way to it that signs with a new secret and the one before."""
    references = []
    for name, secret in (("new", NEW), ("old", OLD)):
        (folder / name).write_text(secret + "\n")
        references.append(f"file:{folder / name}")
    async with running(Play.ACCEPTS) as receiver:
        service = COUNTERPART.service(receiver.port)
        async with opened(service, webhook_signature={"secrets": references}) as transport:
            yield receiver, transport


async def test_a_receiver_that_knows_either_secret_takes_it_and_nobody_else_does(tmp_path: Path) -> None:
    one = replace(delivery({}), variant="r7")
    async with connected(tmp_path) as (receiver, transport):
        assert (await outcome_of(transport, one)).ending is Ending.DELIVERED
    (arrived,) = receiver.arrived
    headers = dict(arrived.headers)
    for secret in (NEW, OLD):
        Webhook(secret).verify(arrived.body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(OTHER).verify(arrived.body, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(NEW).verify(arrived.body + b" ", headers)
    assert arrived.headers["webhook-id"] == arrived.delivery_id == f"{one.id}-r7"


@pytest.mark.parametrize("body", [None, "", "{}", "Zoë ✓", "a\r\nb", "<a>ü</a>"])
async def test_what_is_signed_is_what_is_sent_byte_for_byte(tmp_path: Path, body: str | None) -> None:
    async with connected(tmp_path) as (receiver, transport):
        await outcome_of(transport, delivery({}, body=body))
    (arrived,) = receiver.arrived
    assert arrived.body == (body or "").encode()
    Webhook(NEW).verify(arrived.body, dict(arrived.headers), json_parse=False)


async def test_a_rule_cannot_replace_the_signature(tmp_path: Path) -> None:
    forged = {"Webhook-Id": "1", "webhook-timestamp": "1", "WEBHOOK-SIGNATURE": "v1,x"}
    async with connected(tmp_path) as (receiver, transport):
        await outcome_of(transport, delivery({"headers": forged}))
    (arrived,) = receiver.arrived
    assert {name: len(arrived.headers.getall(name)) for name in forged} == dict.fromkeys(forged, 1)
    Webhook(NEW).verify(arrived.body, dict(arrived.headers))


def test_the_newest_secret_signs_first() -> None:
    at = datetime(2026, 11, 21, 10, tzinfo=UTC)
    signer = Signer(WebhookSignature(secrets=["env:NEW", "env:OLD"]), {"NEW": NEW, "OLD": OLD})
    assert signer.headers("msg", b"{}", at) == {
        "webhook-id": "msg",
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": f"{Webhook(NEW).sign('msg', at, '{}')} {Webhook(OLD).sign('msg', at, '{}')}",
    }


@pytest.mark.parametrize("prefix", ["whsec_", ""])
@pytest.mark.parametrize("key", [b"n" * 32, b"n" * 24, b"n" * 25])
def test_a_secret_may_come_without_its_prefix_and_padding(prefix: str, key: bytes) -> None:
    at, secret = datetime(2026, 11, 21, tzinfo=UTC), prefix + b64encode(key).decode().rstrip("=")
    signed = Signer(WebhookSignature(secrets=["env:NEW"]), {"NEW": secret}).headers("msg", b"{}", at)
    assert signed["webhook-signature"] == Webhook(key).sign("msg", at, "{}")


@pytest.mark.parametrize("secret", ["whsec_", "hunter2!", "pässwörd", "whsec_a", "=", "whsec_aGk=aGk"])
def test_what_is_no_webhook_secret_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(Misconfigured, match=r"^webhook_signature\.secrets: env:NEW holds no webhook secret") as told:
        Signer(WebhookSignature(secrets=["env:NEW"]), {"NEW": secret})
    assert not {"hunter2", "pässwörd", "aGk"} & set(re.findall(r"\w+", str(told.value)))


@pytest.mark.parametrize("secrets", [[], ["env:NEW"] * 9, ["whsec_c2VjcmV0"], "env:NEW"])
def test_what_are_no_references_to_secrets_is_refused_without_being_shown(secrets: Any) -> None:
    with pytest.raises(ValueError, match="secrets") as told:
        WebhookSignature.model_validate({"secrets": secrets})
    assert "whsec_c2" not in str(told.value)
