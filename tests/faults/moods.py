"""Moods of a service that answers what no service should: without end, with a head of megabytes, or nothing at all."""

from contextlib import suppress

from aiohttp import web

#: Bytes at once, and of a head.
_CHUNK, _HEAD = b"x" * 65_536, 10_000_000


async def without_end(request: web.Request) -> web.StreamResponse:
    """Answer 200, and go on for as long as anybody reads."""
    answer = web.StreamResponse()
    await answer.prepare(request)
    with suppress(ConnectionError):
        while True:
            await answer.write(_CHUNK)
    return answer


async def with_a_huge_head(request: web.Request) -> web.StreamResponse:
    """Answer with 10 MB of headers, as many as are taken."""
    if request.transport:
        request.transport.write(b"HTTP/1.1 200 OK\r\n" + b"X-Odd: " + b"y" * _HEAD)
        request.transport.close()
    return web.Response()


async def closing(request: web.Request) -> web.StreamResponse:
    """Read the request, and close the connection in order."""
    if request.transport:
        request.transport.close()
    return web.Response()


async def garbled(request: web.Request) -> web.StreamResponse:
    """Answer with what is no HTTP."""
    if request.transport:
        request.transport.write(b"\x16\x03\x01\x00\x00 SSH-2.0-odd \xff\xfe\r\n\r\n" * 40)
        request.transport.close()
    return web.Response()
