"""A role with a quick pulse that blocks its event loop, as a bug would, when it is told to."""

import asyncio
import sys
import time

from pipeline.cli.stage import Stage, run_stage
from pipeline.health import pulse


def block_here() -> None:
    """Named, for the traceback must lead to it."""
    time.sleep(600)


async def blocked_when_told(_: Stage) -> None:
    """Live until a line is read, then block."""
    await asyncio.to_thread(sys.stdin.readline)
    block_here()


if __name__ == "__main__":
    # What counts seconds counts these; the figures stay what they are.
    pulse.EVERY_S = 0.05
    run_stage("blocked", blocked_when_told)
