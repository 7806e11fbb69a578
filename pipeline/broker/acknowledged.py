"""Which acknowledgements say that messages of a channel are settled; pure.

A channel numbers what it hands over from 1 on (AMQP 0-9-1, delivery tags). An acknowledgement with `multiple` speaks of
all that is not acknowledged yet up to its tag, so it goes no higher than to the last one below which all is settled.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby


@dataclass(slots=True)
class Acknowledged:
    """What one channel has acknowledged so far."""

    #: The lowest tag that is not settled.
    _open: int = 1
    #: Settled above it, and acknowledged one by one.
    _beyond: set[int] = field(default_factory=set)

    def of(self, settled: Iterable[int]) -> Iterator[tuple[int, bool]]:
        """The acknowledgements that say so of these tags, each of them new: tag, and whether it is `multiple`."""
        tags = sorted(settled)
        self._beyond.update(tags)
        while self._open in self._beyond:
            self._beyond.remove(self._open)
            self._open += 1
        covered = [tag for tag in tags if tag < self._open]
        if covered:
            yield covered[-1], len(covered) > 1
        yield from ((tag, False) for tag in tags[len(covered) :])

    def runs(self, settled: Iterable[int]) -> Iterator[tuple[int, bool]]:
        """The last words of these tags, each new, and of those below that are not settled: as few as can be.

        In ascending order, each for all up to its tag of which nothing was said before: tag, and whether they are
        settled, rather than handed back.
        """
        tags = set(settled)
        untold = (tag for tag in range(self._open, max(tags, default=0) + 1) if tag not in self._beyond)
        for is_settled, run in groupby(untold, tags.__contains__):
            yield max(run), is_settled
