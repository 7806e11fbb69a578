"""Signed webhooks, as Standard Webhooks has it: a receiver knows that a request is ours, unchanged and not replayed."""

from base64 import b64decode
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field
from standardwebhooks import Webhook

from pipeline.errors import Misconfigured
from pipeline.registry.references import SecretReference, resolve_secret
from pipeline.registry.section import Section

_PREFIX = "whsec_"
#: More than a rotation needs; each adds some 50 bytes to every request.
_MOST = 8


def _some(secrets: list[str]) -> list[str]:
    if not 1 <= len(secrets) <= _MOST:
        raise ValueError(f"found {len(secrets)} secrets, expected 1 to {_MOST}, newest first")
    return secrets


class WebhookSignature(Section):
    """Standard Webhooks: `webhook-id`, `webhook-timestamp` and `webhook-signature`, one signature for each secret."""

    secrets: Annotated[list[SecretReference], AfterValidator(_some)] = Field(
        json_schema_extra={"minItems": 1, "maxItems": _MOST},
        description="references to secrets, newest first; each signs, a receiver knows one",
    )


class Signer:
    """The secrets of one service, read."""

    def __init__(self, signature: WebhookSignature, environ: Mapping[str, str]) -> None:
        self._webhooks = [_opened(reference, environ) for reference in signature.secrets]

    def headers(self, webhook_id: str, body: bytes, at: datetime) -> dict[str, str]:
        """What a request with this body carries; `at` is in UTC."""
        return {
            "webhook-id": webhook_id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": " ".join(webhook.sign(webhook_id, at, body.decode()) for webhook in self._webhooks),
        }


def _opened(reference: str, environ: Mapping[str, str]) -> Webhook:
    secret = resolve_secret(reference, environ).get_secret_value().removeprefix(_PREFIX)
    try:
        # The library leaves out what is no base64, and would sign with what is left.
        key = b64decode(secret + "=" * (-len(secret) % 4), validate=True)
    except ValueError:
        key = b""
    if not key:
        raise Misconfigured(f"webhook_signature.secrets: {reference} holds no webhook secret: whsec_ and then base64")
    return Webhook(key)
