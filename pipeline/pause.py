"""Waiting for whichever comes first: a time, or one of some events."""

import asyncio


async def pause(seconds: float | None, *unless: asyncio.Event) -> None:
    """Wait that long (for ever if None), or until one of the events happens."""
    waits = [asyncio.ensure_future(event.wait()) for event in unless]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
