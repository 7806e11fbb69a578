"""What every fault is: a strike at the world, undone before it is over."""

from random import Random
from typing import Protocol

from load import Load
from world import World


class Fault(Protocol):
    """Something that goes wrong."""

    @property
    def repeats(self) -> int:
        """Requests that may be sent twice because of one strike."""

    async def strike(self, world: World, load: Load, chance: Random) -> None:
        """Break something, hold it broken, and let it be well again."""
