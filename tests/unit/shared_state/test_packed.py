"""Commands to Redis are written as the client writes them."""

from hypothesis import given
from hypothesis import strategies as st
from redis.asyncio import Connection

from pipeline.shared_state.trips import packed

PARTS = st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.binary(), st.integers(-(2**63), 2**64))


# The client takes the first part apart at spaces.
@given(st.lists(PARTS, max_size=20))
def test_a_command_is_written_as_the_client_writes_it(parts: list[str | bytes | int]) -> None:
    assert packed(("EVALSHA", *parts)) == b"".join(Connection().pack_command("EVALSHA", *parts))


def test_a_command_is_an_array_of_bulk_strings() -> None:
    assert packed(("SET", "añ", b"\r\n", 17)) == b"*4\r\n$3\r\nSET\r\n$3\r\na\xc3\xb1\r\n$2\r\n\r\n\r\n$2\r\n17\r\n"
