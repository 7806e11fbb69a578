"""The service that every side delivers to: a process of its own that does as little as HTTP allows, and counts.

    counting_destination.py PORT_FILE       commands come on stdin, each is answered by a line on stdout

`expect N` forget all, numbers below N come; `count` how many requests came; `write FILE` the arrival of each number, as
doubles of the clock that all processes of a machine share, 0 where none came. Requests to the path `/SLUG` are answered
never after `hang SLUG`, with 503 and uncounted after `down SLUG`, so much later after `slow SLUG MS`, as all others
after `heal SLUG`; `flights FILE` the moment of each request to one that is slow, and how many were in flight then.
"""

import asyncio
import re
import sys
from array import array
from pathlib import Path
from time import monotonic

_END = b"\r\n\r\n"
_LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)
_NUMBER = re.compile(rb'"number": *(\d+)')
_DOWN = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n"
_OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"


class Book:
    """What came."""

    def __init__(self) -> None:
        #: Of a service that is not well: "hang", "down", or the seconds that it takes.
        self.moods: dict[bytes, str | float] = {}
        self.in_flight = 0
        self.expect(0)

    def expect(self, count: int) -> None:
        self.requests = 0
        self.arrivals = array("d", bytes(8 * count))
        self.flights = array("d")

    def note(self, body: bytes) -> None:
        self.requests += 1
        number = int(found[1]) if (found := _NUMBER.search(body)) else -1
        # The first counts; what is left over of an earlier round has a number that this one does not know.
        if 0 <= number < len(self.arrivals) and not self.arrivals[number]:
            self.arrivals[number] = monotonic()

    def take_off(self) -> None:
        self.in_flight += 1
        self.flights.extend((monotonic(), self.in_flight))

    def obey(self, command: str) -> str:
        match command.split():
            case ["expect", count]:
                self.expect(int(count))
            case ["write", path]:
                Path(path).write_bytes(self.arrivals.tobytes())
            case ["flights", path]:
                Path(path).write_bytes(self.flights.tobytes())
            case ["hang" | "down" as mood, slug]:
                self.moods[slug.encode()] = mood
            case ["slow", slug, ms]:
                self.moods[slug.encode()] = int(ms) / 1000
            case ["heal", slug]:
                self.moods.pop(slug.encode(), None)
            case _:
                pass
        return str(self.requests)


class Conversation(asyncio.Protocol):
    """One connection, kept alive."""

    def __init__(self, book: Book) -> None:
        self.book = book
        self.held = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self.held += data
        while (end := self.held.find(_END)) >= 0:
            head = self.held[:end]
            length = int(found[1]) if (found := _LENGTH.search(head)) else 0
            if len(self.held) < (after := end + len(_END) + length):
                return
            body, self.held = self.held[end + len(_END) : after], self.held[after:]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        mood = self.book.moods.get(head.split(b" ", 2)[1].strip(b"/")) if self.book.moods else None
        if mood == "down":
            self.transport.write(_DOWN)
        elif mood != "hang":
            self.book.note(body)
            if isinstance(mood, float):
                self.book.take_off()
                asyncio.get_running_loop().call_later(mood, self._land)
            else:
                self.transport.write(_OK)

    def _land(self) -> None:
        self.book.in_flight -= 1
        self.transport.write(_OK)


async def main(port_file: str) -> None:
    loop, book = asyncio.get_running_loop(), Book()
    server = await loop.create_server(lambda: Conversation(book), "127.0.0.1", 0, backlog=1024)
    Path(port_file).write_text(str(server.sockets[0].getsockname()[1]))  # noqa: ASYNC240 - nothing else runs yet
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    async for line in commands:
        sys.stdout.write(f"{book.obey(line.decode())}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
