"""Acknowledging what one channel handed over: some together, for nobody waits for an acknowledgement.

Each alone costs a system call here, and of a quorum queue a write to disk there: of what an event waits at 400 a second
a seventh, and more for the slowest. A process that dies or loses its channel gets what it held back again, too, and
never more than its prefetch.

In the last words few must do: a channel that closes forgets acknowledgements of a quorum queue where more than 32 of
them are on their way to it (measured on RabbitMQ 3.10 with 96 of them, in 4 of 12 closes, up to 63 lost), and what they
spoke of comes again. Those before a consumer's cancellation are with the queue when the broker confirms that. So from
then on nothing is said until everything in hand has ended, and then everything at once.
"""

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import aiormq.abc
import structlog

from pipeline.broker.acknowledged import Acknowledged
from pipeline.broker.away import unless_away
from pipeline.departure import Departure
from pipeline.errors import Unavailable

#: Seconds for which what is settled waits for company.
_TOGETHER_S = 0.02
#: Of what may be in hand, the part that is settled at most before it is said: what comes next must not wait for it.
_PART = 4
#: Seconds: longer than a broker that reads takes for the last words.
_LAST_WORDS_S = 2

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Acknowledger:
    """Acknowledges together what is settled within the same moment, and at the end all the rest."""

    wire: aiormq.abc.AbstractChannel
    queue: str
    prefetch: int
    #: Tags of what is settled and not acknowledged yet.
    _settled: list[int] = field(default_factory=list)
    _said: Acknowledged = field(default_factory=Acknowledged)
    _holds: bool = False
    _departure: Departure = field(init=False)
    _saying: asyncio.Task[None] | None = None

    def __post_init__(self) -> None:
        """Begin."""
        self._departure = Departure(self._say)

    def settled(self, tag: int, *, is_onward: bool) -> None:
        """Acknowledge this one: soon, or at once what is onward already, and would be there twice if we died now."""
        self._settled.append(tag)
        if self._holds:
            return
        if is_onward or len(self._settled) * _PART >= self.prefetch:
            self._departure.now()
        else:
            self._departure.within(_TOGETHER_S)

    def hold(self) -> None:
        """Say nothing from now on: the consumer is about to be cancelled."""
        self._holds = True
        self._departure.cancel()

    def give_up(self, *_: object) -> None:
        """The channel is gone: what is being said reaches nobody."""
        self._departure.cancel()
        # Where a connection is lost with its write queue full, the client lets those behind it wait for ever.
        if self._saying:
            self._saying.cancel()

    async def last_words(self, *, hands_back: bool) -> None:
        """Say all that is settled: in fewer words where what did not end is handed back in the same breath.

        Closing a channel while acknowledgements are on their way to the socket closes the whole connection (504).
        """
        if self._saying:
            _, stuck = await asyncio.wait((self._saying,), timeout=_LAST_WORDS_S)
            if stuck:
                # Nobody reads: the last would stick behind them, and all comes again.
                self.give_up()
                return
        say = self._say_runs() if hands_back and self._holds else self._say_all()
        self._saying = asyncio.create_task(say, name="acknowledge the last")
        await asyncio.wait((self._saying,), timeout=_LAST_WORDS_S)
        self.give_up()

    def _say(self) -> None:
        if self._saying is None:
            self._saying = asyncio.create_task(self._say_soon(), name="acknowledge")

    async def _say_soon(self) -> None:
        try:
            while self._settled and not self._holds:
                await self._say_all()
        finally:
            self._saying = None

    async def _say_all(self) -> None:
        tags, self._settled = self._settled, []
        with self._unless_away():
            for tag, multiple in self._said.of(tags):
                await self.wire.basic_ack(tag, multiple, wait=False)

    async def _say_runs(self) -> None:
        with self._unless_away():
            for tag, is_settled in self._said.runs(self._settled):
                if is_settled:
                    await self.wire.basic_ack(tag, multiple=True, wait=False)
                else:
                    await self.wire.basic_nack(tag, multiple=True, wait=False)

    @contextlib.contextmanager
    def _unless_away(self) -> Iterator[None]:
        try:
            with unless_away("not acknowledged, will come again"):
                yield
        except Unavailable as away:
            log.warning(str(away), queue=self.queue)
