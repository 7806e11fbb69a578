"""The answer to one HTTP request, read and unpacked up to a limit: neither its length nor its packing costs more."""

import json
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from functools import lru_cache
from html import escape
from typing import Any
from urllib.parse import quote, quote_plus

from multidict import MultiMapping

#: zlib's word for "by its header: gzip or zlib".
_BY_ITS_HEADER = 32 + zlib.MAX_WBITS
_DEFLATE = 8
#: Characters.
_SHORTEST_SECRET = 4
_PACKED = frozenset({"gzip", "x-gzip", "deflate"})


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back; `body` is its beginning where it is not whole."""

    status: int
    headers: MultiMapping[str]
    body: bytes
    is_whole: bool


async def read_answer(status: int, headers: MultiMapping[str], chunks: AsyncIterator[bytes], limit: int) -> HttpAnswer:
    """Read an answer up to the limit; packed though we asked for it plain, it is unpacked up to the limit."""
    encoding = ", ".join(headers.getall("Content-Encoding", ())).strip().lower()
    kept = await (_unpacked(chunks, encoding, limit) if encoding in _PACKED else _plain(chunks, limit))
    return HttpAnswer(status, headers, kept[:limit], len(kept) <= limit)


# The same token is in many requests.
@lru_cache(maxsize=256)
def spellings(secrets: frozenset[str]) -> tuple[bytes, ...]:
    """How an answer may repeat secrets: as they were sent, and as JSON, an address, a form and HTML escape them."""
    spelled: set[str] = set()
    # One of a few letters would garble whatever else is there.
    for secret in (secret for secret in secrets if len(secret) >= _SHORTEST_SECRET):
        in_json = {json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]}
        spelled |= in_json | {text.replace("/", r"\/") for text in in_json}
        spelled |= {secret, quote(secret), quote(secret, safe=""), quote_plus(secret), escape(secret)}
    return tuple(sorted((text.encode() for text in spelled), key=len, reverse=True))


def without(answer: HttpAnswer, spelled: tuple[bytes, ...]) -> HttpAnswer:
    """The answer with no secret in it: answers are kept with outcomes and dead letters, for people."""
    if not spelled:
        return answer
    body = answer.body
    for secret in spelled:
        body = body.replace(secret, b"***")
    # Where it was cut, the beginning of one may stand.
    end = len(body) if answer.is_whole else len(body) - len(spelled[0])
    return replace(answer, body=body[: max(0, end)])


# Both read one byte beyond the limit, if there is one, which tells that there is more.
async def _plain(chunks: AsyncIterator[bytes], limit: int, kept: bytes = b"") -> bytes:
    async for chunk in chunks:
        kept += chunk
        if len(kept) > limit:
            break
    return kept


async def _unpacked(chunks: AsyncIterator[bytes], encoding: str, limit: int) -> bytes:
    """What is packed wrongly, or breaks off, is given as it came."""
    unpacker: Any = None
    raw, kept = b"", b""
    async for chunk in chunks:
        raw += chunk[: limit + 1 - len(raw)]
        try:
            unpacker = unpacker or _unpacker(encoding, chunk)
            more: bytes = unpacker.decompress(chunk, limit + 1 - len(kept))
        except zlib.error:
            return await _plain(chunks, limit, raw)
        kept += more
        if len(kept) > limit or unpacker.eof:
            return kept
    return raw


def _unpacker(encoding: str, beginning: bytes) -> Any:
    # `deflate` is zlib's format by the book, and bare deflate in the wild.
    is_bare = encoding == "deflate" and beginning[0] & 0x0F != _DEFLATE
    return zlib.decompressobj(-zlib.MAX_WBITS if is_bare else _BY_ITS_HEADER)
