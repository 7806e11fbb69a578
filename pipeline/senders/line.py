"""The line of one service at one sender: consumed while its breaker is closed, probed while it is open.

    closed  ──►  a consumer takes from the queue; it is cancelled as soon as the breaker opens
    open    ──►  nobody takes; when the breaker's wait is over one sender of the fleet has the probe's lease,
                 takes one message, and by its outcome the breaker closes or stays open
    paused  ──►  nobody takes, nobody probes

Whatever is taken ends before the line does; what has no permit goes to the ladder.
"""

import asyncio
import contextlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum, auto

import structlog

from pipeline.attempt.permits import Permits
from pipeline.attempt.transports import Transport
from pipeline.broker import Incoming, Session, consume, ready_in, take_one
from pipeline.errors import Unavailable
from pipeline.senders.gate import Gate, in_hand
from pipeline.senders.sender import STAGE, Sender
from pipeline.senders.served import Served
from pipeline.senders.word import Word
from pipeline.shared_state.permit import Open, Permit, State
from topology import names

#: Seconds until a queue that held nothing to probe with is looked at again.
_EMPTY_WAIT_S = 1.0
#: Seconds: the longest wait for a probe without asking again.
_PROBE_WAIT_S = 5.0

log = structlog.get_logger()


class Mode(Enum):
    """What a line does."""

    CONSUMES = auto()
    PROBES = auto()
    RESTS = auto()


@dataclass(slots=True, eq=False)
class Line:
    """One service, its slots in this process, and what is known of its breaker."""

    session: Session
    served: Served
    slots: int
    transport: Transport
    permits: Permits
    word: Word
    state: State = State.CLOSED
    #: How often it heard of the breaker.
    lessons: int = 0
    #: The line is retired: its successor serves the service now, or nobody.
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    #: Set to end what runs now.
    _turn: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def mode(self) -> Mode:
        """What the line should do now."""
        if self.word.rests(self.served.slug):
            return Mode.RESTS
        ignores = self.word.all.breaker(self.served.slug) == "closed"
        return Mode.CONSUMES if ignores or self.state is State.CLOSED else Mode.PROBES

    def learn(self, state: State) -> None:
        """Hear of the breaker's state."""
        # A probe that begins or fails elsewhere changes nothing here, and is no news.
        if (state is State.CLOSED) is not (self.state is State.CLOSED):
            log.info("breaker", service=self.served.slug, state=state.value, was=self.state.value)
            self.turn()
        self.state = state
        self.lessons += 1

    def turn(self) -> None:
        """Look again what to do."""
        self._turn.set()

    def retire(self) -> None:
        """End, once what is in hand has ended."""
        self.ended.set()
        self.turn()

    async def run(self) -> None:
        """Serve until retired, or until the session is lost."""
        doing = {Mode.CONSUMES: self._consume, Mode.PROBES: self._probe, Mode.RESTS: self._rest}
        while not self._is_over():
            await doing[self.mode]()

    def _is_over(self) -> bool:
        return self.ended.is_set() or self.session.lost.is_set()

    async def _consume(self) -> None:
        halt = asyncio.Event()
        gate = Gate(self.slots, halt)
        consuming = asyncio.create_task(self._consuming(gate, halt), name=f"consume {self.served.slug}")
        try:
            while self.mode is Mode.CONSUMES and not (self._is_over() or consuming.done()):
                await self._turned(consuming)
            gate.close()
            await consuming
            if self.mode is Mode.RESTS:
                await self._note_if_drained()
        finally:
            consuming.cancel()

    async def _note_if_drained(self) -> None:
        """Say where the queue's oldest begins, for as long as nobody takes from it."""
        before = datetime.now(UTC)
        with contextlib.suppress(Unavailable):
            if await ready_in(self.session, names.service_queue(self.served.slug)) == 0:
                await self.permits.drained(self.served.slug, before)

    async def _consuming(self, gate: Gate, halt: asyncio.Event) -> None:
        await consume(
            self.session,
            names.service_queue(self.served.slug),
            self._sender(gate).take,
            stage=STAGE,
            prefetch=in_hand(self.slots),
            until=halt,
        )

    async def _probe(self) -> None:
        try:
            # While the broker blocks publishers a probe could not be settled.
            if not await self.session.takes_publishes(self.ended):
                return
            await self.session.ready()
        except Unavailable:
            self.session.lost.set()
            return
        answer = await self.permits.ask(self.served.slug, self.served.policy, key="", is_probe=True)
        if isinstance(answer, Open):
            await self._turned(wait_s=min(max(answer.wait_s, 0.1), _PROBE_WAIT_S))
        elif isinstance(answer, Permit) and answer.is_probe:
            await self._probe_with(answer)
        else:
            # Closed meanwhile.
            if isinstance(answer, Permit):
                await self.permits.release(self.served.slug, answer)
            self.learn(State.CLOSED)

    async def _probe_with(self, permit: Permit) -> None:
        was_used = False
        sender = self._sender(Gate(1, self.ended))

        async def take(message: Incoming) -> None:
            nonlocal was_used
            was_used = await sender.probe(message, permit)

        try:
            is_there = await take_one(self.session, names.service_queue(self.served.slug), take, stage=STAGE)
        except Unavailable as away:
            log.warning("no probe", service=self.served.slug, reason=str(away))
            is_there = False
        if not was_used:
            await self.permits.release(self.served.slug, permit)
        if not is_there:
            await self._turned(wait_s=_EMPTY_WAIT_S)

    async def _rest(self) -> None:
        await self._turned()

    async def _turned(self, *tasks: asyncio.Task[None], wait_s: float | None = None) -> None:
        """Wait for news, the session's end, or one of these tasks."""
        turned, lost = asyncio.ensure_future(self._turn.wait()), asyncio.ensure_future(self.session.lost.wait())
        try:
            await asyncio.wait((turned, lost, *tasks), timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        finally:
            turned.cancel()
            lost.cancel()
        self._turn.clear()

    def _sender(self, gate: Gate) -> Sender:
        return Sender(self.session, self.served, self.transport, self.permits, gate, self.word, self.learn)
