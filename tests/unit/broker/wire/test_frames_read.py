"""Frames are read as pamqp reads them, whatever is in them and however they are cut."""

import asyncio
from contextlib import suppress
from typing import Any

import pamqp.frame
import pytest
from aiormq.exceptions import AMQPConnectionError, InvalidFrameError
from frames import written
from hypothesis import given
from hypothesis import strategies as st
from pamqp.base import Frame
from pamqp.body import ContentBody
from pamqp.exceptions import PAMQPException
from pamqp.header import ContentHeader

from pipeline.broker.lenient import read_leniently
from pipeline.broker.wire.decode import read_frame
from pipeline.broker.wire.receiver import Receiver

read_leniently()


def shown(frame: Any) -> Any:
    """What can be compared."""
    if isinstance(frame, ContentHeader):
        return frame.body_size, repr(dict(frame.properties))
    return (frame.name, repr(dict(frame))) if isinstance(frame, Frame) else (type(frame), getattr(frame, "value", None))


def by_pamqp(raw: bytes) -> Any:
    used, channel, frame = pamqp.frame.unmarshal(raw)
    return used, channel, shown(frame)


@given(written, st.binary(max_size=5))
def test_every_frame_is_what_pamqp_reads(raw: bytes, behind: bytes) -> None:
    received = read_frame(b"before" + raw + behind, 6)
    assert received
    assert (*received[:2], shown(received[2])) == by_pamqp(raw)


@given(written, st.data())
def test_one_that_has_not_come_whole_is_awaited(raw: bytes, data: st.DataObject) -> None:
    assert read_frame(raw[: data.draw(st.integers(0, len(raw) - 1))], 0) is None


@given(written, st.lists(st.tuples(st.integers(7, 10_000), st.integers(0, 255)), min_size=1, max_size=4))
def test_odd_bytes_are_read_as_pamqp_reads_them_or_refused_as_it_refuses_them(
    raw: bytes, changes: list[tuple[int, int]]
) -> None:
    changed = bytearray(raw)
    for at, value in changes:
        changed[7 + at % (len(raw) - 7)] = value
    raw = bytes(changed)
    try:
        expected = by_pamqp(raw)
    except PAMQPException:
        with pytest.raises(InvalidFrameError):
            read_frame(raw, 0)
    except (IndexError, UnicodeDecodeError, TypeError):
        # What it does not foresee there ends the connection as well.
        with pytest.raises((IndexError, UnicodeDecodeError, TypeError, InvalidFrameError)):
            read_frame(raw, 0)
    else:
        received = read_frame(raw, 0)
        assert received
        assert (*received[:2], shown(received[2])) == expected


@pytest.mark.parametrize("method", [b"\x00\x3c\x00\x50", b"\x00\x3c\x00\x3c"])
def test_a_method_that_ends_in_the_middle_is_refused_as_what_it_is(method: bytes) -> None:
    payload = method + b"\x05"
    with pytest.raises(InvalidFrameError):
        read_frame(b"\x01\x00\x01" + len(payload).to_bytes(4) + payload + b"\xce", 0)


@given(st.lists(written, max_size=5), st.lists(st.integers(1, 200), max_size=20))
def test_the_receiver_gives_the_same_frames_however_the_socket_cuts_them(raws: list[bytes], cuts: list[int]) -> None:
    async def received() -> list[Any]:
        reader = asyncio.StreamReader()
        receiver = Receiver(reader)
        receiver.started = True
        feeding = asyncio.create_task(fed(reader, b"".join(raws), cuts))
        found = []
        with suppress(AMQPConnectionError):
            async for _, channel, frame in receiver:
                found.append((channel, shown(frame)))
        await feeding
        return found

    assert asyncio.run(received()) == [by_pamqp(raw)[1:] for raw in raws]


async def fed(reader: asyncio.StreamReader, stream: bytes, cuts: list[int]) -> None:
    for cut in cuts:
        reader.feed_data(stream[:cut])
        stream = stream[cut:]
        await asyncio.sleep(0)  # the receiver's turn
    reader.feed_data(stream)
    reader.feed_eof()


async def test_a_line_that_ends_in_the_middle_of_a_frame_is_lost() -> None:
    reader = asyncio.StreamReader()
    receiver = Receiver(reader)
    receiver.started = True
    reader.feed_data(pamqp.frame.marshal(ContentBody(b"whole"), 1)[:-1])
    reader.feed_eof()
    with pytest.raises(StopAsyncIteration):
        await receiver.get_frame()
