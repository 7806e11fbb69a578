"""The documents that a WSDL is made of, one look at them: each fetched through the guarded pool, within limits.

zeep asks for them from a thread, one by one as it reads; the pool belongs to the loop.
"""

import asyncio
from collections.abc import Callable
from http.client import OK
from pathlib import Path
from time import monotonic
from urllib.parse import unquote, urlsplit

from pipeline.attempt.ending import Stated, Unanswered
from pipeline.attempt.guard import Guard
from pipeline.attempt.http_exchange import HttpExchange
from pipeline.bounded_file import read_bounded
from pipeline.errors import Unavailable, Unrenderable
from pipeline.outcome import Ending
from pipeline.registry.protection import ALWAYS_FORBIDDEN

#: Bytes of one document; large ones of the wild have 2 MB.
DOCUMENT_LIMIT = 8 * 2**20
#: Of all documents of one WSDL: each of them is kept, and costs some ten times its size while it is read.
_ALL_LIMIT = 4 * DOCUMENT_LIMIT
#: Documents of one WSDL, and seconds for all of them.
_MOST, _TIME_S = 100, 60.0


class Forbidden(Unavailable):
    """A document is refused to our credentials."""


class Documents:
    """One look at the documents, with a limit to all of it; `loaded` keeps them by address."""

    def __init__(
        self, exchange_of: Callable[[str], HttpExchange], guard: Guard, loop: asyncio.AbstractEventLoop
    ) -> None:
        self.loaded: dict[str, bytes] = {}
        self._exchange_of = exchange_of
        self._guard = guard
        self._loop = loop
        self._until = monotonic() + _TIME_S

    def load(self, url: str) -> bytes:
        """Give one document's content, from a thread.

        Raises Unavailable with why it cannot be had, Forbidden where our credentials are refused.
        """
        if url not in self.loaded:
            if len(self.loaded) == _MOST or monotonic() > self._until:
                raise Unavailable(f"it has more than {_MOST} documents, or takes longer than {_TIME_S:g} s to load")
            self.loaded[url] = self._fetched(url) if is_http(url) else self._read(url)
            if sum(map(len, self.loaded.values())) > _ALL_LIMIT:
                raise Unavailable(f"its documents are larger than {_ALL_LIMIT} bytes together")
        return self.loaded[url]

    def _fetched(self, url: str) -> bytes:
        fetching = asyncio.run_coroutine_threadsafe(self._fetch(url), self._loop)
        try:
            return fetching.result(_TIME_S)
        except TimeoutError:
            fetching.cancel()
            raise Unavailable(f"{_shown(url)} takes longer than {_TIME_S:g} s") from None

    async def _fetch(self, url: str) -> bytes:
        # A number as a host is looked up nowhere, so what an import writes is checked here.
        if refused := self._guard.check_written(url):
            raise Unavailable(f"{_shown(url)}: {refused}")
        exchange = self._exchange_of(url)
        try:
            request = exchange.request("GET", url, b"")
        except Unrenderable:
            raise Unavailable(f"{_shown(url)} is no address") from None
        answer = await exchange.sent(request, limit=DOCUMENT_LIMIT)
        if isinstance(answer, Stated) and answer.ending is Ending.FORBIDDEN:
            raise Forbidden(f"{_shown(url)}: {answer.reason}")
        if isinstance(answer, Unanswered | Stated):
            raise Unavailable(f"{_shown(url)}: {answer.reason}")
        if answer.status == ALWAYS_FORBIDDEN:
            raise Forbidden(f"{_shown(url)}: HTTP {answer.status}")
        if answer.status != OK:
            raise Unavailable(f"{_shown(url)}: HTTP {answer.status}")
        if not answer.is_whole:
            raise Unavailable(f"{_shown(url)} is larger than {DOCUMENT_LIMIT} bytes")
        return answer.body

    def _read(self, location: str) -> bytes:
        # What comes from elsewhere must not choose among the files of this machine.
        if any(map(is_http, self.loaded)):
            raise Unavailable("it imports a file of this machine, which a document from elsewhere must not")
        return read_file(location)


def read_file(location: str) -> bytes:
    """Give the content of a document that is a file.

    Raises Unavailable.
    """
    path = Path(unquote(urlsplit(location).path) if location.startswith("file:") else location)
    try:
        return read_bounded(path, DOCUMENT_LIMIT)
    except ValueError as wrong:
        raise Unavailable(str(wrong)) from None


def is_http(location: str) -> bool:
    """Whether a document is fetched; any other is a file."""
    return location.startswith(("http://", "https://"))


def _shown(url: str) -> str:
    """An address without its query, which may hold a key, and no longer than a reason can bear."""
    parts = urlsplit(url)
    shown = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:120]
    return shown if shown.isprintable() else "an address that cannot be shown"
