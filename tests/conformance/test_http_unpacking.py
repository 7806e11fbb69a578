"""What becomes of an answer that comes packed, though we ask for it plain."""

import gzip
import zlib
from collections.abc import AsyncIterator

import pytest
from aiohttp import web
from attempts import delivery, opened, seen_by
from counterpart import Play
from http_receiver import running
from multidict import CIMultiDict
from rest_counterpart import COUNTERPART

from pipeline.attempt.ending import Answered
from pipeline.attempt.http_answer import HttpAnswer, read_answer
from pipeline.attempt.http_exchange import ANSWER_LIMIT

TEXT = b'{"ok": true} ' * 100
MIB = 1 << 20


def bare(text: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(text) + packer.flush()


class _Chunks:
    """A body that counts how much of it was asked for."""

    def __init__(self, *chunks: bytes) -> None:
        self.chunks = chunks
        self.taken = 0

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for chunk in self.chunks:
            self.taken += 1
            yield chunk


async def read(encoding: str, *chunks: bytes, limit: int = ANSWER_LIMIT) -> HttpAnswer:
    return await read_answer(200, CIMultiDict({"Content-Encoding": encoding}), aiter(_Chunks(*chunks)), limit)


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", gzip.compress(TEXT, mtime=0)),
        ("x-gzip", gzip.compress(TEXT, mtime=0)),
        (" GZIP ", gzip.compress(TEXT, mtime=0)),
        ("deflate", zlib.compress(TEXT)),
        ("deflate", bare(TEXT)),
    ],
)
async def test_a_packed_answer_is_unpacked(encoding: str, packed: bytes) -> None:
    assert (await read(encoding, packed)).body == TEXT
    bytewise = await read(encoding, *(packed[at : at + 1] for at in range(len(packed))))
    assert (bytewise.body, bytewise.is_whole) == (TEXT, True)


@pytest.mark.parametrize(
    ("encoding", "packed"),
    [
        ("gzip", TEXT),
        ("deflate", TEXT),
        ("gzip", gzip.compress(TEXT, mtime=0)[:-12]),
        ("gzip", gzip.compress(TEXT, mtime=0)[:-8] + b"\0" * 8),
        ("br", TEXT),
        ("gzip, gzip", gzip.compress(gzip.compress(TEXT, mtime=0), mtime=0)),
        ("gzip", b""),
    ],
)
async def test_what_cannot_be_unpacked_is_kept_as_it_came(encoding: str, packed: bytes) -> None:
    whole = await read(encoding, *filter(None, (packed[:7], packed[7:])))
    assert (whole.body, whole.is_whole) == (packed, True)


async def test_what_cannot_be_unpacked_is_kept_up_to_the_limit() -> None:
    cut = await read("gzip", *TEXT.split(b" ", 1), limit=50)
    assert (cut.body, cut.is_whole) == (TEXT.replace(b" ", b"", 1)[:50], False)


@pytest.mark.parametrize("size", [ANSWER_LIMIT - 1, ANSWER_LIMIT, ANSWER_LIMIT + 1])
async def test_a_packed_answer_is_kept_up_to_the_limit(size: int) -> None:
    read_up_to = await read("gzip", gzip.compress(b"x" * size))
    assert (len(read_up_to.body), read_up_to.is_whole) == (min(size, ANSWER_LIMIT), size <= ANSWER_LIMIT)


async def test_of_a_gibibyte_no_more_is_unpacked_than_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    packer = zlib.compressobj(9, wbits=16 + zlib.MAX_WBITS)
    bomb = b"".join([*(packer.compress(bytes(MIB)) for _ in range(1024)), packer.flush()])
    produced = _counting(monkeypatch)
    stream = _Chunks(*(bomb[at : at + 65_536] for at in range(0, len(bomb), 65_536)))
    answer = await read_answer(200, CIMultiDict({"Content-Encoding": "gzip"}), aiter(stream), ANSWER_LIMIT)
    assert (len(answer.body), answer.is_whole) == (ANSWER_LIMIT, False)
    assert sum(produced) == ANSWER_LIMIT + 1
    assert stream.taken == 1


def _counting(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many bytes every call unpacks, by zlib itself."""
    produced: list[int] = []
    real = zlib.decompressobj

    class Counting:
        def __init__(self, wbits: int) -> None:
            self._real = real(wbits)

        def decompress(self, packed: bytes, max_length: int = 0) -> bytes:
            unpacked = self._real.decompress(packed, max_length)
            produced.append(len(unpacked))
            return unpacked

        @property
        def eof(self) -> bool:
            return self._real.eof

    monkeypatch.setattr(zlib, "decompressobj", Counting)
    return produced


async def test_an_attempt_reads_a_packed_answer() -> None:
    async with running(Play.ACCEPTS) as receiver, opened(COUNTERPART.service(receiver.port)) as transport:
        packed = gzip.compress(b"0" * 1_000_000)
        receiver.respond = lambda _: web.Response(body=packed, headers={"Content-Encoding": "gzip"})
        assert await seen_by(transport, delivery({})) == Answered(200, "0" * ANSWER_LIMIT, is_whole=False)
        receiver.respond = lambda _: web.Response(
            body=gzip.compress(TEXT, mtime=0), headers={"Content-Encoding": "gzip"}
        )
        assert await seen_by(transport, delivery({})) == Answered(200, TEXT.decode())
