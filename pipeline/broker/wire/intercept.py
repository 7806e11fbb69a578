"""Taking frames of a channel before the client library's reader of that channel does, each of which costs it a turn."""

import asyncio
from collections.abc import Callable
from typing import cast

import aiormq.abc

from pipeline.broker.wire.decode import AnyFrame

_Item = tuple[int, AnyFrame]


class _Frames:
    """Stands where the library's queue of a channel's frames stood, and passes on what is not taken."""

    def __init__(self, behind: "asyncio.Queue[_Item]", take: Callable[[AnyFrame], bool]) -> None:
        self._take = take
        self._behind = behind
        self.get, self.task_done = behind.get, behind.task_done

    async def put(self, item: _Item) -> None:
        if not self._take(item[1]):
            await self._behind.put(item)


def intercept(channel: aiormq.abc.AbstractChannel, take: Callable[[AnyFrame], bool]) -> None:
    """Offer every frame of the channel to `take` first, which says whether it took it.

    It must take all of a kind: what is passed on is looked at later than what comes after it.
    """
    channel.frames = cast("asyncio.Queue[_Item]", _Frames(channel.frames, take))
