"""Writing: a message as the frames that publish it, in one piece; pure."""

from collections.abc import Iterator, Mapping
from struct import Struct

from pamqp import encode

from pipeline.broker.outgoing import Outgoing

_METHOD, _HEADER, _BODY = 1, 2, 3
_END = b"\xce"
_BASIC, _PUBLISH = 60, 40
_IS_MANDATORY, _IS_NOT = b"\x01", b"\x00"
_PERSISTENT = b"\x02"
#: Bit by bit which properties a header holds (4.2.6.1).
_CONTENT_TYPE, _CONTENT_ENCODING, _HEADERS, _DELIVERY_MODE = 0x8000, 0x4000, 0x2000, 0x1000
_MESSAGE_ID, _APP_ID = 0x0080, 0x0008
#: Bytes of a short string.
_LONGEST = 255

_frame_head = Struct(">BHI").pack
_publish_head = Struct(">BHIHHH").pack
_content_head = Struct(">BHIHHQH").pack
_length = Struct(">I").pack


def publish_frames(message: Outgoing, message_id: str, *, channel: int, content_max: int) -> bytes:
    """Basic.Publish, the header of a persistent message, and its body in frames of at most `content_max` bytes each.

    Where that is not above 0 there is no limit.

    Raises ValueError for a text that is longer than AMQP lets it be.
    """
    flags = _HEADERS | _DELIVERY_MODE | _MESSAGE_ID
    properties = b""
    if message.content_type:
        flags |= _CONTENT_TYPE
        properties = _short(message.content_type)
    if message.content_encoding:
        flags |= _CONTENT_ENCODING
        properties += _short(message.content_encoding)
    properties += _table(message.headers) + _PERSISTENT + _short(message_id)
    if message.app_id:
        flags |= _APP_ID
        properties += _short(message.app_id)
    where = _short(message.exchange) + _short(message.routing_key)
    return b"".join(
        (
            _publish_head(_METHOD, channel, 7 + len(where), _BASIC, _PUBLISH, 0),
            where,
            _IS_MANDATORY if message.mandatory else _IS_NOT,
            _END,
            _content_head(_HEADER, channel, 14 + len(properties), _BASIC, 0, len(message.body), flags),
            properties,
            _END,
            *_bodies(message.body, channel, content_max),
        )
    )


def _bodies(body: bytes, channel: int, most: int) -> Iterator[bytes]:
    # A broker without a limit says 0, of which nothing is left for what is in a frame.
    most = most if most > 0 else max(1, len(body))
    for start in range(0, len(body), most):
        part = body[start : start + most]
        yield _frame_head(_BODY, channel, len(part))
        yield part
        yield _END


def _short(text: str) -> bytes:
    written = text.encode()
    if len(written) > _LONGEST:
        raise ValueError(f"a text of {len(written)} bytes, where AMQP carries {_LONGEST}: {text[:40]}…")
    return bytes((len(written),)) + written


def _table(headers: Mapping[str, str | int]) -> bytes:
    written = b"".join(_short(name) + _field(value) for name, value in headers.items())
    return _length(len(written)) + written


def _field(value: str | int) -> bytes:
    if isinstance(value, str):
        text = value.encode()
        return b"S" + _length(len(text)) + text
    return encode.encode_table_value(value)
