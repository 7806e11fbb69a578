"""What is published are the frames that pamqp writes."""

from struct import error

import pamqp.frame
import pytest
from frames import outgoing
from hypothesis import given
from hypothesis import strategies as st
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from pipeline.broker import Outgoing
from pipeline.broker.wire.encode import publish_frames


def taken_apart(raw: bytes) -> list[tuple[int, pamqp.frame.FrameTypes]]:
    found = []
    while raw:
        used, channel, frame = pamqp.frame.unmarshal(raw)
        found.append((channel, frame))
        raw = raw[used:]
    return found


@given(outgoing, st.integers(1, 2047), st.integers(1, 60) | st.just(-8))
def test_a_message_is_a_publish_a_header_and_its_body_in_parts(message: Outgoing, channel: int, most: int) -> None:
    raw = publish_frames(message, "of-its-own", channel=channel, content_max=most)
    (first, publish), (second, header), *parts = taken_apart(raw)
    assert isinstance(publish, Basic.Publish)
    assert isinstance(header, ContentHeader)
    assert dict(publish) == dict(
        Basic.Publish(exchange=message.exchange, routing_key=message.routing_key, mandatory=message.mandatory)
    )
    properties = Basic.Properties(
        content_type=message.content_type or None,
        content_encoding=message.content_encoding or None,
        headers=dict(message.headers),
        delivery_mode=2,
        message_id="of-its-own",
        app_id=message.app_id or None,
    )
    assert header.properties == properties
    bodies = [frame for _, frame in parts if isinstance(frame, ContentBody)]
    assert {first, second, *(one for one, _ in parts)} == {channel}
    assert (len(bodies), header.body_size) == (len(parts), len(message.body))
    assert b"".join(frame.value for frame in bodies) == message.body
    assert all(len(frame.value) <= most for frame in bodies) if most > 0 else len(bodies) <= 1


@pytest.mark.parametrize("key", ["k" * 256, "é" * 128])
def test_a_key_that_amqp_cannot_carry_is_refused_before_anything_is_written(key: str) -> None:
    with pytest.raises(ValueError, match="256 bytes, where AMQP carries 255"):
        publish_frames(Outgoing("x", key, b""), "1", channel=1, content_max=10)


def test_a_number_that_amqp_cannot_carry_is_refused() -> None:
    with pytest.raises((TypeError, error)):
        publish_frames(Outgoing("x", "k", b"", headers={"n": 2**64}), "1", channel=1, content_max=10)
