"""One attempt as a sender makes it, and what must hold of every one: it ends, raises nothing and tells no secret."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from ipaddress import ip_network
from time import monotonic
from typing import Any
from uuid import uuid4

from counterpart import HANGS_S

from pipeline.attempt.ending import Seen, judge
from pipeline.attempt.guard import Guard
from pipeline.attempt.means import Means
from pipeline.attempt.transports import KINDS, Transport
from pipeline.delivery import Delivery, Request
from pipeline.event import Event
from pipeline.outcome import Outcome
from pipeline.shared_state import open_shared_state

SECRET = "s3cret-t0ken"
#: Stands in every body, so that it can be looked for where it must not be.
MARK = "marked-payload"
BODY = f'{{"name": "{MARK} Zoë ✓"}}'
LOOPBACK = Guard((ip_network("127.0.0.0/8"), ip_network("::1/128")))


def delivery(send: Mapping[str, Any], body: str | None = BODY, content_type: str = "application/json") -> Delivery:
    """A delivery of its own."""
    return Delivery(
        id=str(uuid4()),
        service="there",
        rule="to-there",
        revision=1,
        request=Request(send=send, body=body, content_type=content_type),
        event=Event(id="1", source="moodle", type=r"\core\event\user_created", data={"name": MARK}),
        first_seen=datetime(2026, 11, 20, tzinfo=UTC),
    )


@asynccontextmanager
async def opened(
    service: Mapping[str, Any], *, guard: Guard = LOOPBACK, secret: str = SECRET, **keys: Any
) -> AsyncIterator[Transport]:
    """An open transport to a service, `keys` added to its entry; closed in the end."""
    kind = KINDS[service["transport"]]
    entry = kind.schema.service.model_validate({"timeout": "20s", **service, **keys})
    # Nothing answers there: what senders share is not what one attempt is about.
    async with open_shared_state("redis://127.0.0.1:1/0", monotonic) as shared:
        transport = kind.open(entry, Means(guard, {"SECRET": secret}, shared))
        try:
            yield transport
        finally:
            async with asyncio.timeout(HANGS_S):
                await transport.close()


async def seen_by(transport: Transport, one: Delivery) -> Seen:
    """Make one attempt; it must not hang."""
    async with asyncio.timeout(HANGS_S):
        return await transport.attempt(one)


async def outcome_of(transport: Transport, one: Delivery) -> Outcome:
    """Make one attempt and judge it; its reason must be fit to be shown to anyone."""
    outcome = judge(await seen_by(transport, one), now=datetime.now(UTC), latency_ms=1)
    for hidden in (SECRET, MARK):
        assert hidden not in outcome.reason
    assert outcome.reason.isprintable()
    assert len(outcome.reason) < 300
    return outcome
