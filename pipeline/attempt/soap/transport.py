"""An open way to one SOAP service: its WSDL kept, its calls sent once each."""

import asyncio
from functools import partial
from urllib.parse import urlsplit

from zeep.wsse import UsernameToken

from pipeline.attempt.credentials import NoAuth
from pipeline.attempt.ending import Answered, Seen, Stated, Unanswered, Unsendable
from pipeline.attempt.http_address import checked_url, opened_url
from pipeline.attempt.http_answer import HttpAnswer
from pipeline.attempt.http_exchange import HttpExchange
from pipeline.attempt.http_request import HttpRequest
from pipeline.attempt.means import Means
from pipeline.attempt.soap.documents import Documents, Forbidden
from pipeline.attempt.soap.envelope import Envelope, build_envelope
from pipeline.attempt.soap.fitting import Misfit
from pipeline.attempt.soap.kept import KeptWsdl
from pipeline.attempt.soap.keys import FILE, SoapService, UsernameTokenKeys
from pipeline.attempt.soap.reply import ANSWER_LIMIT, read_reply
from pipeline.attempt.soap.wsdl import Wsdl, read_wsdl
from pipeline.delivery import Delivery, Request
from pipeline.errors import Misconfigured, Unavailable, Unrenderable
from pipeline.outcome import Ending
from pipeline.registry.references import named, resolve, resolve_secret

#: Characters of a reason, at most.
_LONGEST = 280
#: Bytes of a payload, or of an answer, that are worked on in the loop, some 100 elements in a millisecond; more of them
#: would hold up the other deliveries.
_AT_ONCE = 4096


class SoapTransport:
    """An open pool of connections to one service, and its WSDL."""

    def __init__(self, service: SoapService, means: Means) -> None:
        self._root = _root(service.wsdl, means)
        self._address = opened_url(service.address, "address", means) if service.address else None
        self._port = service.port
        self._token = _token(service.usernametoken, means) if service.usernametoken else None
        self._timeout_s = service.timeout.total_seconds()
        self._guard = means.guard
        self._loop = asyncio.get_running_loop()
        hidden = frozenset({str(self._token.password)} if self._token else ())
        self._http = HttpExchange(service, service.auth, means, hidden)
        # Who is elsewhere, a schema's publisher say, must not see the service's credentials.
        self._elsewhere = HttpExchange(service, NoAuth(), means)
        self._wsdl = KeptWsdl(self._look)

    async def attempt(self, delivery: Delivery) -> Seen:
        """One call, its answer read up to a limit, all within the service's timeout, what loads the WSDL too."""
        if delivery.request is None:
            return Unsendable("there is no request: its rule could not be rendered")
        try:
            async with asyncio.timeout(self._timeout_s):
                return await self._called(delivery.key, delivery.request)
        except TimeoutError:
            return Unanswered(f"no answer within {self._timeout_s:g} s", timed_out=True)

    async def close(self) -> None:
        """Close the pools, which ends the look at a WSDL too."""
        await self._http.close()
        await self._elsewhere.close()
        self._wsdl.close()

    async def _called(self, key: str, request: Request) -> Seen:
        try:
            wsdl, envelope = await self._built(request)
            to_send = self._request(key, request, self._address or wsdl.address, envelope)
        except Forbidden as refused:
            return Stated(Ending.FORBIDDEN, f"the WSDL cannot be had: {refused}"[:_LONGEST])
        except Unavailable as away:
            return Unanswered(f"the WSDL cannot be had: {away}"[:_LONGEST])
        except (Misfit, Unrenderable) as wrong:
            return Unsendable(f"the request cannot be sent: {wrong}"[:_LONGEST])
        answer = await self._http.sent(to_send, limit=ANSWER_LIMIT)
        if not isinstance(answer, HttpAnswer):
            return answer
        seen = await self._read(answer, wsdl, envelope)
        if isinstance(seen, Stated) and seen.ending is Ending.CANNOT_PASS:
            self._wsdl.doubt()
        return seen

    async def _built(self, request: Request) -> tuple[Wsdl, Envelope]:
        """The envelope by the WSDL that is known, or, where the request does not fit that, by the newest."""
        wsdl = await self._wsdl.current()
        try:
            return wsdl, await self._envelope(wsdl, request)
        except Misfit:
            newest = await self._wsdl.again()
            if newest is wsdl:
                raise
            return newest, await self._envelope(newest, request)

    async def _envelope(self, wsdl: Wsdl, request: Request) -> Envelope:
        operation, headers = str(request.send.get("operation")), request.send.get("soap_headers", {})
        build = partial(build_envelope, wsdl, operation, request.body, headers, self._token)
        return build() if len(request.body or "") <= _AT_ONCE else await asyncio.to_thread(build)

    def _request(self, key: str, request: Request, address: str, envelope: Envelope) -> HttpRequest:
        own = request.send.get("headers", {})
        return self._http.request("POST", address, envelope.content, own, envelope.headers, {"Idempotency-Key": key})

    async def _read(self, answer: HttpAnswer, wsdl: Wsdl, envelope: Envelope) -> Answered | Stated:
        read = partial(read_reply, answer, wsdl, envelope.operation)
        return read() if len(answer.body) <= _AT_ONCE else await asyncio.to_thread(read)

    def _look(self, known: Wsdl | None) -> Wsdl:
        """Look at the WSDL, in a thread: what is known, where none of its documents changed.

        Raises Unavailable.
        """
        documents = Documents(self._exchange_of, self._guard, self._loop)
        if known and all(documents.load(url) == content for url, content in known.documents.items()):
            return known
        wsdl = read_wsdl(self._root, documents.load, documents.loaded, self._port)
        if not self._address:
            self._check_endpoint(wsdl.address)
        return wsdl

    def _exchange_of(self, url: str) -> HttpExchange:
        """The exchange for a document: the service's credentials go to the service's own origin only."""
        return self._http if urlsplit(url)[:2] == urlsplit(self._address or self._root)[:2] else self._elsewhere

    def _check_endpoint(self, address: str) -> None:
        """Whoever can change a WSDL on its way must not have the events sent to where he likes."""
        try:
            checked_url(address)
        except ValueError:
            raise Unavailable("it names no address of its service: the service must name its address") from None
        there, here = urlsplit(address).hostname, urlsplit(self._root).hostname
        if here and here != there:
            raise Unavailable(f"it names another host for its service, {there}: the service must name its address")
        if refused := self._guard.check_written(address):
            raise Unavailable(refused)


def _root(written: str, means: Means) -> str:
    return written.removeprefix(FILE) if written.startswith(FILE) else opened_url(written, "wsdl", means)


def _token(keys: UsernameTokenKeys, means: Means) -> UsernameToken:
    """Raises Misconfigured naming the reference that holds what no XML can carry."""
    secret = resolve_secret(keys.password, means.environ).get_secret_value()
    username = resolve(keys.username, means.environ)
    for written, text in ((keys.username, username), (keys.password, secret)):
        if not text.isprintable():
            raise Misconfigured(f"{named(written)} holds a line break or another character that no header can carry")
    # With Z, which every verifier reads; zeep's own +00:00 some do not.
    return UsernameToken(username, secret, use_digest=keys.digest, zulu_timestamp=True)
