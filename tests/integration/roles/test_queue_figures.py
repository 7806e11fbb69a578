"""What is told of queues is what RabbitMQ said last: what it says no more is told no more."""

import asyncio
from pathlib import Path
from time import monotonic

import aio_pika
import pytest
from queues import nothing_unheard, until, without_ladder
from structlog.testing import capture_logs

from pipeline.attempt.transports import SCHEMAS
from pipeline.broker import open_session
from pipeline.cli import queue_figures
from pipeline.health.metrics import METRICS
from pipeline.registry import CurrentRegistry, InterventionStore, RevisionStore
from pipeline.shared_state import open_shared_state
from topology import names
from topology.declare import declare
from topology.entities import topology_of


def ready() -> float | None:
    return METRICS.get_sample_value("mih_queue_ready", {"queue": names.INGEST})


async def test_what_cannot_be_asked_any_more_is_not_told_any_more(
    amqp_url: str, redis_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(queue_figures, "LOOK_EVERY_S", 0.05)
    await asyncio.to_thread(declare, amqp_url, without_ladder(topology_of([])))
    nowhere = f"sqlite+aiosqlite:///{tmp_path / 'none.sqlite'}"
    suspects = names.suspect_queue("ingest")
    async with (
        nothing_unheard(),
        RevisionStore.open(nowhere) as store,
        InterventionStore.open(nowhere) as words,
        open_shared_state(redis_url, monotonic) as shared,
        open_session(amqp_url, "test") as session,
        await aio_pika.connect(amqp_url) as other,
    ):
        current = CurrentRegistry(store, words, SCHEMAS)
        with capture_logs() as logs:
            telling = asyncio.create_task(queue_figures.tell_queues(session, current, shared))
            await until(lambda: ready() == 0, lambda: f"{ready()} wait")
            # RabbitMQ refuses to tell of another connection's own queue.
            channel = await other.channel()
            await channel.queue_delete(suspects)
            await channel.declare_queue(suspects, exclusive=True)
            await until(lambda: ready() is None, lambda: "it is told still")
            await channel.queue_delete(suspects)
            await until(lambda: ready() == 0, lambda: "it is not told again")
            telling.cancel()
            await asyncio.gather(telling, return_exceptions=True)
        assert [log["event"] for log in logs] == ["what waits in queues is not known"]
    assert ready() is None
