"""What the conformance suite needs of a transport's other end: a real receiver, and the facts in which it may differ.

A transport `x` has its counterpart in `x_counterpart.py`, as `COUNTERPART`, or made by `counterpart_on(fixture)`, which
asks pytest's fixtures by name for what it stands on; there is nothing else to register.
"""

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from enum import Enum, auto
from importlib import import_module
from ssl import SSLContext
from typing import Any, Protocol

from pipeline.outcome import Ending

#: Seconds that anything may take on a busy machine; only a hang takes longer.
HANGS_S = 30


class Play(Enum):
    """How a receiver behaves; one that a transport's protocol does not know is missing in its facts."""

    ACCEPTS = auto()
    #: Answers only when it is told to: one at a time, by `Receiver.let_go`.
    HOLDS = auto()
    NEVER_ANSWERS = auto()
    #: Begins its answer at once, and adds a byte now and then for ever.
    DRIPS = auto()
    #: Answers, and its answer has no end.
    NEVER_ENDS = auto()
    CUTS_BEFORE_READING = auto()
    CUTS_AFTER_READING = auto()
    #: The same, without a good-bye: the connection is reset.
    RESETS = auto()
    CUTS_IN_HEADERS = auto()
    CUTS_IN_BODY = auto()
    #: Answers with what is not its protocol at all.
    TALKS_NONSENSE = auto()


@dataclass(frozen=True, slots=True)
class Arrived:
    """One delivery as its receiver saw it."""

    delivery_id: str | None
    body: bytes
    content_type: str | None
    #: What came with it for the receiver to know the sender by.
    credentials: Mapping[str, str]
    connection: Hashable


@dataclass(frozen=True, slots=True)
class Facts:
    """What may differ between transports."""

    plays: frozenset[Play]
    #: Answers by the counterpart's word for them, and how they must be judged.
    answers: Mapping[str, Ending]
    #: The answer to credentials that are wrong.
    wrong_credentials: str
    #: `auth` as a registry file has it, and what the receiver must see of it; the secret is `env:SECRET`.
    credentials: Sequence[tuple[Mapping[str, Any], Callable[[str], Mapping[str, str]]]]
    #: A rule's `send`, at its simplest.
    send: Mapping[str, Any] = field(default_factory=dict)
    #: Of a JSON payload, as it arrives; and the payload, read out of what arrives.
    content_type: str = "application/json"
    written: Callable[[bytes], bytes] = bytes
    #: Of an answer that is cut off at a limit, and so read in part.
    endless: Ending = Ending.DELIVERED


class Receiver(Protocol):
    """A running counterpart on a port of the loopback."""

    port: int
    #: May be changed while it runs.
    play: Play
    #: The word for the answer that it gives while it accepts.
    answer: str
    #: Deliveries that are being answered now, and the most that ever were at once.
    held: int
    most_at_once: int

    @property
    def arrived(self) -> Sequence[Arrived]:
        """The deliveries that came in whole."""
        ...

    def let_go(self) -> None:
        """Answer one of the deliveries that are held."""
        ...


class Counterpart(Protocol):
    """The other end of one transport."""

    @property
    def facts(self) -> Facts:
        """What is particular to it."""
        ...

    def running(self, play: Play, *, tls: SSLContext | None = None) -> AbstractAsyncContextManager[Receiver]:
        """A receiver on 127.0.0.1, speaking TLS if given a context."""
        ...

    def service(self, port: int, *, host: str = "127.0.0.1", tls: bool = False) -> dict[str, Any]:
        """The registry's entry for a receiver there."""
        ...


def counterpart_of(transport: str, fixture: Callable[[str], Any]) -> Counterpart:
    """The counterpart in the file named after its transport."""
    file = import_module(f"{transport}_counterpart")
    found: Counterpart = file.counterpart_on(fixture) if hasattr(file, "counterpart_on") else file.COUNTERPART
    return found


async def until(condition: Callable[[], bool], what: str) -> None:
    """Await a condition, looking often."""
    try:
        async with asyncio.timeout(HANGS_S):
            while not condition():  # noqa: ASYNC110 - what is awaited happens on a socket, unannounced
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"waited {HANGS_S} s in vain until {what}") from None
