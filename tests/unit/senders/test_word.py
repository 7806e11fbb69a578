"""What this process said itself, until it is everybody's word."""

import asyncio
from typing import Any, cast

import pytest

from pipeline.registry.interventions import Intervention, Interventions
from pipeline.senders import word
from pipeline.senders.word import Word


class TakenBackAtOnce:
    """A registry in which a person takes every word back before anybody reads it."""

    def __init__(self) -> None:
        self.interventions, self.nudge, self.said = Interventions(), asyncio.Event(), list[Intervention]()

    async def intervene(self, said: Intervention) -> bool:
        self.said.append(said)
        return False


async def test_who_rests_is_told_when_a_pause_was_taken_back_before_it_was_read(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(word, "_LOOK_EVERY_S", 0)
    current, rested = TakenBackAtOnce(), list[bool]()
    mine = Word(cast("Any", current), cast("Any", None))
    mine.changed = lambda slug: rested.append(mine.rests(slug))
    mine.pause("erp", "it refuses")
    for _ in range(1000):
        await asyncio.sleep(0)
    assert rested == [True, False]
    assert [one.name for one in current.said] == ["erp"]
