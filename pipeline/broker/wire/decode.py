"""Reading: frames from what the socket gave, those of every message without a detour; pure.

What is seldom, or odd, pamqp reads: whatever is here must find the same, or leave it to that.
"""

from collections.abc import Callable, Mapping
from functools import lru_cache
from struct import Struct, error
from typing import Any

import pamqp.frame
from aiormq.exceptions import InvalidFrameError
from pamqp import decode
from pamqp.base import Frame
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.exceptions import PAMQPException
from pamqp.header import ContentHeader, ProtocolHeader
from pamqp.heartbeat import Heartbeat

AnyFrame = Frame | ContentBody | ContentHeader | ProtocolHeader | Heartbeat
#: As the client library wants it: bytes that it took, its channel, and what it is.
Received = tuple[int, int, AnyFrame]

_METHOD, _HEADER, _BODY = 1, 2, 3
_END = 0xCE
_DELIVER, _ACK = b"\x00\x3c\x00\x3c", b"\x00\x3c\x00\x50"
#: Bytes of a frame's head, and of all around what it holds.
_HEAD, _AROUND = 7, 8
#: The lowest bit of a header's flags says that more of them follow.
_MORE = 1
#: How a text of any length is told in a table.
_LONG_TEXT = 0x53

_head = Struct(">BHI").unpack_from
_tag = Struct(">q").unpack_from
_length = Struct(">I").unpack_from
_size_and_flags = Struct(">QH").unpack_from


def read_frame(buffer: bytes, at: int) -> Received | None:
    """The frame that begins there, once all of it has come.

    Raises InvalidFrameError for what is none.
    """
    if len(buffer) < at + _AROUND:
        return None
    kind, channel, size = _head(buffer, at)
    start, end = at + _HEAD, at + _HEAD + size
    if len(buffer) <= end:
        return None
    if buffer[end] != _END:
        raise InvalidFrameError(buffer[at : at + _AROUND])
    frame: AnyFrame | None = None
    if kind == _BODY:
        frame = ContentBody(buffer[start:end])
    elif kind == _HEADER:
        frame = _content_header(buffer[start:end])
    elif kind == _METHOD:
        frame = _method(buffer[start:end])
    return (size + _AROUND, channel, frame) if frame else _by_pamqp(buffer[at : end + 1])


def _by_pamqp(frame: bytes) -> Received:
    try:
        return pamqp.frame.unmarshal(frame)
    except PAMQPException as wrong:
        raise InvalidFrameError(str(wrong)) from wrong


def _method(payload: bytes) -> AnyFrame | None:
    try:
        if payload[:4] == _ACK:
            return Basic.Ack(_tag(payload, 4)[0], bool(payload[12] & 1))
        if payload[:4] != _DELIVER:
            return None
        tag_end = 5 + payload[4]
        exchange_at = tag_end + 9
        key_at = exchange_at + 1 + payload[exchange_at]
        return Basic.Deliver(
            payload[5:tag_end].decode(),
            _tag(payload, tag_end)[0],
            bool(payload[tag_end + 8] & 1),
            payload[exchange_at + 1 : key_at].decode(),
            payload[key_at + 1 : key_at + 1 + payload[key_at]].decode(),
        )
    except (ValueError, IndexError, error):
        return None


def _content_header(payload: bytes) -> ContentHeader | None:
    try:
        size, flags = _size_and_flags(payload, 4)
        if flags & _MORE:
            return None
        properties = Basic.Properties()
        at = 14
        for name, kind in _present(flags):
            found, at = _PROPERTIES[kind](payload, at)
            setattr(properties, name, found)
    except (ValueError, IndexError, RecursionError, error):
        return None
    return ContentHeader(body_size=size, properties=properties)


@lru_cache(64)
def _present(flags: int) -> tuple[tuple[str, str], ...]:
    present = (name for name, flag in Basic.Properties.flags.items() if flags & flag)
    return tuple((name, Basic.Properties.amqp_type(name)) for name in present)


def _short_text(payload: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + payload[at]
    return payload[at + 1 : end].decode(), end


def _table(payload: bytes, at: int) -> tuple[dict[str, Any], int]:
    found: dict[str, Any] = {}
    end = at + 4 + _length(payload, at)[0]
    at += 4
    while at < end:
        name, at = _short_text(payload, at)
        if payload[at] == _LONG_TEXT:
            start, at = at + 5, at + 5 + _length(payload, at + 1)[0]
            found[name] = payload[start:at].decode()
        else:
            used, found[name] = decode.embedded_value(payload[at:end])
            at += used
    if at > end or end > len(payload):
        raise ValueError("a table that ends in the middle")
    return found, at


def _other(kind: str) -> Callable[[bytes, int], tuple[Any, int]]:
    def read(payload: bytes, at: int) -> tuple[Any, int]:
        used, found = decode.by_type(payload[at:], kind)
        return found, at + used

    return read


_PROPERTIES: Mapping[str, Callable[[bytes, int], tuple[Any, int]]] = {
    "shortstr": _short_text,
    "table": _table,
    "octet": lambda payload, at: (payload[at], at + 1),
    "timestamp": _other("timestamp"),
}
