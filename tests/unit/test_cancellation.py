"""Python 3.11's wait_for returns the answer where a cancellation meets it, and whoever was cancelled went on."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest

from pipeline.broker.away import unless_away
from pipeline.cancellation import cancellation_kept


@pytest.mark.parametrize("kept", [cancellation_kept, lambda: unless_away("ask")], ids=["kept", "unless away"])
async def test_who_is_cancelled_as_the_answer_comes_ends(kept: Callable[[], AbstractContextManager[None]]) -> None:
    answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    went_on = False

    async def ask() -> None:
        nonlocal went_on
        with kept():
            await asyncio.wait_for(answer, 60)
        went_on = True

    asking = asyncio.create_task(ask())
    await asyncio.sleep(0)
    answer.set_result(None)
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert not went_on


async def test_what_cleans_up_after_a_cancellation_is_done_in_full() -> None:
    done = []

    async def ask() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            with cancellation_kept():
                await asyncio.sleep(0)
            done.append("cleaned up")

    asking = asyncio.create_task(ask())
    await asyncio.sleep(0)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    assert done == ["cleaned up"]
