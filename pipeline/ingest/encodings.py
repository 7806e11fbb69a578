"""From the bytes of a body to JSON's own: UTF-8, no byte order mark, no compression; pure."""

import re
import zlib
from typing import Final

from pipeline.errors import Unreadable
from pipeline.event import told

#: What publishers call a body that is not compressed; kombu and Celery write the character set here.
_PLAIN: Final = frozenset({"", "identity", "utf-8", "utf8", "us-ascii", "binary"})
_GZIP: Final = frozenset({"gzip", "x-gzip"})
_UTF8: Final = frozenset({"utf-8", "utf8", "us-ascii", "ascii"})
_BOM: Final = b"\xef\xbb\xbf"
_OTHER_BOMS: Final = (b"\xff\xfe", b"\xfe\xff", b"\x00\x00\xfe\xff")
_CHARSET: Final = re.compile(r""";\s*charset\s*=\s*"?([^\s;"]*)""", re.IGNORECASE)
#: zlib's word for gzip's header and trailer around what it reads.
_GZIP_BITS: Final = 31


def unpacked(body: bytes, content_encoding: str | None, limit: int) -> bytes:
    """Undo the content encoding, `limit` being the most bytes that a body may have before and after.

    Raises Unreadable; of what would grow beyond the limit no more than that is unpacked.
    """
    encoding = (content_encoding or "").lower()
    _check_size(len(body), limit)
    if encoding in _PLAIN:
        return body
    if encoding not in _GZIP:
        raise Unreadable(f"content_encoding {told(content_encoding)} is not supported: expected none, gzip or utf-8")
    return _gunzipped(body, limit)


def in_utf8(body: bytes, content_type: str | None) -> bytes:
    """Take off a byte order mark.

    Raises Unreadable for a body that says, or shows, that it is in another encoding.
    """
    charset = _CHARSET.search(content_type or "")
    if charset and charset[1].lower() not in _UTF8:
        raise Unreadable(f"charset {told(charset[1])} is not supported: expected utf-8")
    if body.startswith(_OTHER_BOMS) or _looks_wide(body):
        raise Unreadable("the body is in UTF-16 or UTF-32: expected UTF-8")
    return body.removeprefix(_BOM)


def _check_size(size: int, limit: int, what: str = "") -> None:
    if size > limit:
        raise Unreadable(f"{what or f'{size} bytes'}, more than MIH_BODY_LIMIT allows ({limit})")


def _gunzipped(body: bytes, limit: int) -> bytes:
    stream = zlib.decompressobj(_GZIP_BITS)
    try:
        found = stream.decompress(body, limit + 1)
    except zlib.error as broken:
        raise Unreadable(f"not gzip, which content_encoding says it is: {broken}") from None
    _check_size(len(found), limit, "more bytes when unpacked")
    if not stream.eof:
        raise Unreadable("gzip that ends in the middle")
    if stream.unused_data:
        raise Unreadable("gzip with further bytes behind its end")
    return found


def _looks_wide(body: bytes) -> bool:
    # JSON begins with a character of ASCII: where its zero bytes stand tells the width and the order (RFC 4627, 3).
    first, second = body[:1] == b"\x00", body[1:2] == b"\x00"
    return len(body) % 2 == 0 and (first != second or (first and body[2:3] == b"\x00" != body[3:4]))
