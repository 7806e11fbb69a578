"""What ingest and router put where people read it is acknowledged at once, lest one that dies put it there twice."""

from collections.abc import AsyncIterator

import pytest
from stages_world import World, a_world, eventually

from pipeline.attempt.transports import SCHEMAS
from pipeline.broker import Session, Take, acknowledger
from pipeline.event import Event
from pipeline.ingest import Ingest
from pipeline.registry import compile_registry
from pipeline.router import Router
from pipeline.shared_state import Claims
from topology import names

UNRENDERABLE = {
    "version": 1,
    "services": {"erp": {"transport": "rest", "url": "https://erp.example.org/"}},
    "rules": {"order": {"event": "shop.order", "service": "erp", "missing": "error", "payload": '{"n": {{data.n}}}'}},
}


@pytest.fixture
async def world(amqp_url: str, redis_url: str) -> AsyncIterator[World]:
    async with a_world(amqp_url, redis_url) as world:
        yield world


@pytest.mark.parametrize(
    ("stage", "body"),
    [
        pytest.param("ingest", b"{", id="unreadable for ingest"),
        pytest.param("router", b"{", id="unreadable for the router"),
        pytest.param("router", Event("e0", "shop", "shop.order", {}).to_bytes(), id="not to be rendered"),
    ],
)
async def test_it_waits_for_no_company(
    world: World, acknowledged: list[tuple[int, bool]], monkeypatch: pytest.MonkeyPatch, stage: str, body: bytes
) -> None:
    monkeypatch.setattr(acknowledger, "_TOGETHER_S", 3600)
    registry = compile_registry(UNRENDERABLE, 1, SCHEMAS)

    def take_in(session: Session) -> Take:
        if stage == "ingest":
            return Ingest(session, Claims(world.shared), world.settings).take
        return Router(session, lambda: registry).take

    async def is_acknowledged() -> bool:
        return bool(acknowledged)

    queue = {"ingest": names.INGEST, "router": names.ROUTER}[stage]
    async with world.stage(stage, queue, take_in):
        await world.publish("", queue, body)
        await eventually(is_acknowledged, "it is acknowledged")
