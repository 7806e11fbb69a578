import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from pipeline.senders import gate
from pipeline.senders.gate import Entry, Gate, MakesRoom
from pipeline.shared_state.permit import Answer, Known, Later, Open, Permit


@dataclass
class Service:
    """A gate, and who is inside."""

    slots: int = 2
    answers: list[Answer] = field(default_factory=list)
    asked: int = 0
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    started: list[str] = field(default_factory=list)
    leave: dict[str, asyncio.Event] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.gate = Gate(self.slots, self.closing)

    async def ask(self) -> Answer:
        self.asked += 1
        return self.answers.pop(0) if self.answers else Permit("t", 0)

    async def take(self, name: str, *, is_retry: bool) -> None:
        leave = self.leave.setdefault(name, asyncio.Event())
        async with self.gate.entered(self.ask, is_retry=is_retry) as entry:
            self.entries[name] = entry
            if isinstance(entry, Permit):
                self.started.append(name)
                await leave.wait()


@asynccontextmanager
async def taking(service: Service, *names: str) -> AsyncIterator[dict[str, asyncio.Task[None]]]:
    """Messages arrive in this order; those that begin with r are retries."""
    tasks = {name: asyncio.create_task(service.take(name, is_retry=name.startswith("r"))) for name in names}
    await settled()
    try:
        yield tasks
    finally:
        for name in tasks:
            service.leave[name].set()
        await asyncio.wait_for(asyncio.gather(*tasks.values()), 5)


async def settled() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_as_many_start_as_there_are_slots() -> None:
    service = Service(slots=2)
    async with taking(service, "a", "b", "c"):
        assert service.started == ["a", "b"]
        service.leave["b"].set()
        await settled()
        assert service.started == ["a", "b", "c"]


async def test_first_attempts_and_retries_take_turns_however_many_retries_wait() -> None:
    service = Service(slots=8)
    async with taking(service, *(f"b{n}" for n in range(8)), "r1", "r2", "r3", "a1", "a2"):
        for n in range(4):
            service.leave[f"b{n}"].set()
            await settled()
    assert service.started[8:12] == ["r1", "a1", "a2", "r2"]


async def test_a_retry_above_those_that_may_wait_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "RETRIES", 2)
    service = Service(slots=1)
    async with taking(service, "a", "r1", "r2", "r3", "b"):
        assert service.entries["r3"] == MakesRoom()
        assert "r2" not in service.entries
    assert service.started == ["a", "r1", "b", "r2"]


async def test_what_has_no_slot_in_time_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "HOLD_S", 0.01)
    service = Service(slots=1)
    async with taking(service, "a", "b", "r1", "r2") as tasks:
        await asyncio.wait((tasks["b"], tasks["r1"], tasks["r2"]), timeout=5)
        assert service.entries["b"] == service.entries["r1"] == service.entries["r2"] == MakesRoom()


async def test_what_may_not_start_holds_no_slot() -> None:
    service = Service(slots=1, answers=[Open(3), Known()])
    async with taking(service, "a", "b", "c"):
        assert service.entries == {"a": Open(3), "b": Known(), "c": Permit("t", 0)}


async def test_while_there_is_no_permit_one_asks_and_the_others_wait() -> None:
    service = Service(slots=4, answers=[Later(3600)] * 9)
    async with taking(service, "a", "b", "c", "d"):
        assert service.started == []
        assert service.asked <= 2
        service.answers.clear()
        service.closing.set()
    assert set(service.entries.values()) == {MakesRoom()}


async def test_one_that_ended_lets_the_asking_one_ask_again_at_once() -> None:
    service = Service(slots=2, answers=[Permit("t", 0), Later(3600), Later(3600)])
    async with taking(service, "a", "b"):
        assert service.started == ["a"]
        service.leave["a"].set()
        await settled()
        assert service.started == ["a", "b"]


async def test_what_has_no_permit_in_time_makes_room(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gate, "HOLD_S", 0.01)
    service = Service(slots=1, answers=[Later(3600)] * 9)
    async with taking(service, "a") as tasks:
        await asyncio.wait_for(tasks["a"], 5)
        assert service.entries == {"a": MakesRoom()}


async def test_nobody_waits_at_a_gate_that_closes() -> None:
    service = Service(slots=1)
    async with taking(service, "a", "b"):
        service.closing.set()
        service.leave["a"].set()
        await settled()
        assert service.entries["b"] == MakesRoom()


async def test_who_waits_for_a_slot_is_sent_away_by_a_gate_that_closes() -> None:
    """A breaker that opened, a pause and a stop waited for the requests in flight, or returned what was in hand."""
    service = Service(slots=1)
    async with taking(service, "a", "b", "r1", "r2"):
        service.gate.close()
        await settled()
        assert service.entries == {"a": Permit("t", 0)} | dict.fromkeys(("b", "r1", "r2"), MakesRoom())
        async with service.gate.entered(service.ask, is_retry=False) as entry:
            assert entry == MakesRoom()


async def test_no_retry_waits_for_the_permit_of_another() -> None:
    """A wave of retries went out at one per round trip to Redis: 53 a second where first attempts made 346."""
    service, answered = Service(slots=3), asyncio.Event()
    asking: list[str] = []

    async def ask() -> Answer:
        asking.append("r")
        await answered.wait()
        return Permit("t", 0)

    service.ask = ask  # type: ignore[method-assign]
    async with taking(service, "r1", "r2", "r3", "r4"):
        assert len(asking) == 3
        answered.set()
        await settled()
        assert service.started == ["r1", "r2", "r3"]
