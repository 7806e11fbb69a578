"""What a broker's refusals and the failures of a connection to it mean.

| what happened                                                  | ending      |
|----------------------------------------------------------------|-------------|
| returned: no queue for it; no such exchange; too large         | cannot pass |
| nack, blocked, any other end of the channel or the connection  | may pass    |
| login, virtual host or exchange refused                        | forbidden   |
"""

import re
import ssl

from aiormq.exceptions import (
    AuthenticationError,
    ChannelAccessRefused,
    ChannelClosed,
    ChannelNotFoundEntity,
    ChannelPreconditionFailed,
    ConnectionClosed,
    DeliveryError,
    ProbableAuthenticationError,
    ProtocolSyntaxError,
    PublishError,
)

from pipeline.attempt.amqp_link import Blocked, Closed
from pipeline.attempt.ending import Seen, Stated, Unanswered
from pipeline.attempt.tcp import told
from pipeline.errors import DestinationRefused
from pipeline.outcome import Ending

BLOCKED = "the broker blocks publishers (memory or disk alarm)"
_CLOSED = "connection closed without an answer"
_WORDS: tuple[tuple[type[BaseException], str], ...] = (
    (Closed, "closed by this hub"),
    (Blocked, BLOCKED),
    (ProtocolSyntaxError, "the answer is not AMQP 0-9-1"),
    # The library's word for a channel that is closed already.
    (RuntimeError, _CLOSED),
)
#: RabbitMQ's words for the one refusal for which a message itself is the reason.
_TOO_LARGE = re.compile(r"message size (\d+) is larger than configured max size (\d+)")
_NOT_ALLOWED = 530


def seen_in(failed: Exception, exchange: str, size: int) -> Seen:  # noqa: PLR0911 - one for each clause
    """What was seen of a publish, of so many bytes, that was not confirmed."""
    shown = f"exchange {exchange!r:.100}" if exchange else "the default exchange"
    match failed:
        case PublishError():
            reason = f"unroutable: the broker has no queue for {shown} and this routing key"
            return Stated(Ending.CANNOT_PASS, reason, str(failed.args[0]))
        case DeliveryError():
            return Stated(Ending.MAY_PASS, "refused by the broker (nack)")
        case ChannelNotFoundEntity():
            return Stated(Ending.CANNOT_PASS, f"the broker has no {shown}", _text(failed))
        case ChannelAccessRefused():
            return Stated(Ending.FORBIDDEN, f"the broker refuses access to {shown}", _text(failed))
        case ChannelPreconditionFailed() if (found := _TOO_LARGE.search(_text(failed))) and size > int(found[2]):
            return Stated(Ending.CANNOT_PASS, f"larger than the {int(found[2])} bytes that the broker takes")
        case ChannelClosed():
            return Stated(Ending.MAY_PASS, "channel closed by the broker", _text(failed))
        case ProbableAuthenticationError() | AuthenticationError():
            return Stated(Ending.FORBIDDEN, "login refused", _text(failed))
        case ConnectionClosed():
            return _closed(_text(failed), is_refusal=failed.args[0] == _NOT_ALLOWED)
        case _:
            return Unanswered(_told(failed))


def _closed(text: str, *, is_refusal: bool) -> Stated:
    # A limit of connections is refused by the same number; it passes.
    if is_refusal and "limit" not in text:
        return Stated(Ending.FORBIDDEN, "virtual host unknown, or access to it refused", text)
    return Stated(Ending.MAY_PASS, "connection closed by the broker", text)


def _told(failed: Exception) -> str:
    # What the other side says against our part of TLS comes when the first answer is read.
    met = failed.__cause__ if isinstance(failed.__cause__, ssl.SSLError) else failed
    if isinstance(met, DestinationRefused | OSError):
        return told(met)
    if type(met) is Exception:
        # Where the other side hangs up between two frames, the library ends what waits with one that has no name.
        return _CLOSED
    # What is left is what its decoding of frames runs into.
    return next((word for kind, word in _WORDS if isinstance(met, kind)), "the answer is not AMQP 0-9-1")


def _text(failed: Exception) -> str:
    return str(failed.args[-1]) if failed.args else ""
