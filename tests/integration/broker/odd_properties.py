"""Publishing what no well-behaved client library would: properties whose bytes are no dates and no text."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import aio_pika
from aiormq import spec
from pamqp import encode

_SOMETIME = datetime(2026, 11, 20, tzinfo=UTC)
_LONG = 8


async def publish_oddly(amqp_url: str, queue: str, body: bytes, odd: str) -> None:
    """Publish with one odd thing about it."""
    written, method, as_bytes = ODD[odd]
    async with await aio_pika.connect(amqp_url) as connection:
        wire = await (await connection.channel()).get_underlay_channel()
        properties = spec.Basic.Properties(delivery_mode=2, message_id="x", **written)
        with _encoding(method, as_bytes):
            async with asyncio.timeout(20):
                await wire.basic_publish(body, routing_key=queue, properties=properties, mandatory=True)


@contextmanager
def _encoding(method: str, as_bytes: bytes) -> Iterator[None]:
    usual = encode.METHODS[method]
    encode.METHODS[method] = lambda value: as_bytes if value in ("ODD", {"ODD": 1}, _SOMETIME) else usual(value)
    try:
        yield
    finally:
        encode.METHODS[method] = usual


def _table(name: bytes, value: bytes) -> bytes:
    fields = bytes([len(name)]) + name + value
    return len(fields).to_bytes(4) + fields


#: What is said: the properties as written, whose encoding is replaced, and by which bytes.
ODD: dict[str, tuple[dict[str, Any], str, bytes]] = {
    "a timestamp in microseconds": ({"timestamp": _SOMETIME}, "timestamp", (1795211290_000000).to_bytes(_LONG)),
    "a timestamp before 1970": ({"timestamp": _SOMETIME}, "timestamp", (-14_182_940).to_bytes(_LONG, signed=True)),
    "a content type in Latin-1": ({"content_type": "ODD"}, "shortstr", b"\x05caf\xe9s"),
    "a content type of 255 bytes": ({"content_type": "ODD"}, "shortstr", b"\xff" + b"\xe9" * 255),
    "a header's name in Latin-1": ({"headers": {"ODD": 1}}, "table", _table(b"caf\xe9", b"S\x00\x00\x00\x01a")),
    "a header in microseconds": (
        {"headers": {"ODD": 1}},
        "table",
        _table(b"mih-at", b"T" + (1795211290_000000).to_bytes(_LONG)),
    ),
    "a table in a table": (
        {"headers": {"ODD": 1}},
        "table",
        _table(b"mih-caf", b"F" + _table(b"\xe9", b"T" + (1795211290_000000).to_bytes(_LONG))),
    ),
    "bytes in a header": ({"headers": {"ODD": 1}}, "table", _table(b"mih-bytes", b"x\x00\x00\x00\x02\xff\xfe")),
    "no text in a header": ({"headers": {"ODD": 1}}, "table", _table(b"mih-text", b"S\x00\x00\x00\x02\xff\xfe")),
    "a decimal in a header": ({"headers": {"ODD": 1}}, "table", _table(b"mih-price", b"D\x02\x00\x00\x00\x63")),
}
