import gzip
import zlib

import pytest

from pipeline.errors import Unreadable
from pipeline.ingest.encodings import in_utf8, unpacked

LIMIT = 1000
EVENT = b'{"type": "x"}'


def packed(body: bytes) -> bytes:
    """The same at every time, for it names a test."""
    return gzip.compress(body, mtime=0)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
def test_gzip_is_unpacked_up_to_the_limit(encoding: str) -> None:
    assert unpacked(packed(EVENT), encoding, LIMIT) == EVENT
    assert unpacked(packed(b"a" * LIMIT), encoding, LIMIT) == b"a" * LIMIT


@pytest.mark.parametrize(
    ("body", "encoding", "said"),
    [
        (b"a" * (LIMIT + 1), None, "1001 bytes, more than MIH_BODY_LIMIT allows"),
        (packed(b"a" * (LIMIT + 1)), "gzip", "more bytes when unpacked, more than MIH_BODY_LIMIT allows"),
        (EVENT, "gzip", "not gzip, which content_encoding says it is"),
        (zlib.compress(EVENT), "gzip", "not gzip"),
        (b"", "gzip", "ends in the middle"),
        (packed(EVENT)[:-1], "gzip", "ends in the middle"),
        (packed(EVENT)[:-8] + b"\x00" * 8, "gzip", "not gzip"),
        (packed(EVENT) + b"x", "gzip", "further bytes behind its end"),
        (packed(EVENT) * 2, "gzip", "further bytes behind its end"),
        (EVENT, "deflate", "'deflate' is not supported: expected none, gzip or utf-8"),
    ],
)
def test_what_cannot_be_unpacked_is_refused_with_the_reason(body: bytes, encoding: str | None, said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        unpacked(body, encoding, LIMIT)


def test_of_a_bomb_no_more_than_the_limit_is_unpacked() -> None:
    # A gibibyte: unpacked whole it would take that much memory, and seconds.
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b"\x00" * 2**20) for _ in range(1024)) + packer.flush()
    with pytest.raises(Unreadable, match="more bytes when unpacked"):
        unpacked(bomb, "gzip", len(bomb))


@pytest.mark.parametrize(
    "content_type", [None, "application/json", "application/json; charset=UTF-8", 'a/b;charset="us-ascii"']
)
def test_utf_8_passes_and_loses_its_mark(content_type: str | None) -> None:
    assert in_utf8(EVENT, content_type) == EVENT
    assert in_utf8(EVENT.decode().encode("utf-8-sig"), content_type) == EVENT


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_a_wide_encoding_is_named(encoding: str) -> None:
    with pytest.raises(Unreadable, match="in UTF-16 or UTF-32: expected UTF-8"):
        in_utf8(EVENT.decode().encode(encoding), None)


def test_another_character_set_is_named() -> None:
    with pytest.raises(Unreadable, match="charset 'iso-8859-1' is not supported: expected utf-8"):
        in_utf8(EVENT, "application/json; charset=iso-8859-1")


@pytest.mark.parametrize("body", [b"", b"5", b"\x00\x00", b"\x00", b"{}"])
def test_what_is_merely_short_or_odd_is_left_to_the_formats(body: bytes) -> None:
    assert in_utf8(body, None) == body
