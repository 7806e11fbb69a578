"""A header may be nested as deeply as a frame is long: it is left out, and what stands beside it is read."""

from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st
from pamqp import decode

from pipeline.broker.lenient import read_leniently

TEXT = b"\x04mih-S\x00\x00\x00\x01a"


def nested(kind: bytes, levels: int, innermost: bytes = b"V") -> bytes:
    """A list of lists, or a table of tables, so many of them; as AMQP writes it."""
    for _ in range(levels):
        inner = innermost if kind == b"A" else b"\x01n" + innermost
        innermost = kind + len(inner).to_bytes(4) + inner
    return innermost


def table(*entries: bytes) -> bytes:
    raw = b"".join(entries)
    return len(raw).to_bytes(4) + raw


def read(raw: bytes) -> tuple[int, dict[str, Any]]:
    read_leniently()
    used, found = decode.METHODS["table"](raw)
    assert isinstance(found, dict)
    return used, found


@settings(deadline=None)
@given(st.sampled_from([b"A", b"F"]), st.integers(0, 300) | st.integers(2_000, 6_000))
@example(b"A", 20_000)
@example(b"F", 18_000)
def test_what_stands_beside_a_nested_header_is_read(kind: bytes, levels: int) -> None:
    raw = table(b"\x01x" + nested(kind, levels), TEXT)
    used, found = read(raw)
    assert used == len(raw)
    assert found["mih-"] == "a"
    assert str(found["x"])


@given(st.binary(max_size=60))
def test_odd_bytes_are_a_table_or_no_value_that_a_broker_relays(raw: bytes) -> None:
    used, found = read(table(b"\x01x" + b"S" + len(raw).to_bytes(4) + raw, TEXT))
    assert used == 4 + len(raw) + 7 + len(TEXT)
    assert found == {"x": found["x"], "mih-": "a"}
