"""Messages of every shape, and the frames that pamqp makes of them."""

from datetime import UTC, datetime

import pamqp.frame
from hypothesis import strategies as st
from pamqp.body import ContentBody
from pamqp.commands import Basic
from pamqp.header import ContentHeader

from pipeline.broker import Outgoing

short_texts = st.text(max_size=20)
seldom = st.none() | short_texts
#: What another program may write into a table.
tables = st.dictionaries(
    short_texts,
    st.recursive(
        st.none()
        | st.booleans()
        | st.integers(-(2**63), 2**63 - 1)
        | st.floats(allow_nan=False, width=32)
        | st.text()
        | st.binary().map(bytearray)
        | st.integers(0, 2**32).map(lambda second: datetime.fromtimestamp(second, UTC)),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(short_texts, inner, max_size=3),
        max_leaves=5,
    ),
    max_size=5,
)
times = st.integers(0, 2**32).map(lambda second: datetime.fromtimestamp(second, UTC))
properties = st.builds(
    Basic.Properties,
    content_type=seldom,
    content_encoding=seldom,
    headers=st.none() | tables,
    delivery_mode=st.none() | st.sampled_from([1, 2]),
    priority=st.none() | st.integers(0, 9),
    correlation_id=seldom,
    reply_to=seldom,
    expiration=seldom,
    message_id=seldom,
    timestamp=st.none() | times,
    message_type=seldom,
    user_id=seldom,
    app_id=seldom,
)
numbers = st.integers(1, 2**63 - 1)
frames = (
    st.builds(ContentHeader, body_size=st.integers(0, 2**40), properties=properties)
    | st.builds(Basic.Ack, numbers, st.booleans())
    | st.builds(Basic.Nack, numbers, st.booleans())
    | st.builds(
        Basic.Deliver, short_texts, numbers, st.booleans(), st.from_regex(r"[a-z.]{0,20}", fullmatch=True), short_texts
    )
    | st.builds(
        Basic.Return, st.integers(200, 600), short_texts, st.from_regex(r"[a-z.]{0,20}", fullmatch=True), short_texts
    )
    | st.builds(Basic.ConsumeOk, short_texts)
    | st.builds(ContentBody, st.binary(min_size=1, max_size=50))
)
#: A frame on some channel, as bytes.
written = st.tuples(frames, st.integers(1, 2047)).map(lambda one: pamqp.frame.marshal(*one))

outgoing = st.builds(
    Outgoing,
    exchange=st.from_regex(r"[a-z.]{0,20}", fullmatch=True),
    routing_key=short_texts,
    body=st.binary(max_size=100),
    content_type=seldom,
    headers=st.dictionaries(short_texts, st.text() | st.integers(-(2**63), 2**63 - 1) | st.booleans(), max_size=6),
    content_encoding=seldom,
    app_id=seldom,
    mandatory=st.booleans(),
)
