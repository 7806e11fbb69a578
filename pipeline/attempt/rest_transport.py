"""REST: an HTTP request per delivery, over a pool of connections per service."""

from datetime import UTC, datetime

from pipeline.attempt.credentials import NoAuth
from pipeline.attempt.ending import Answered, Seen, Unsendable
from pipeline.attempt.http_address import opened_url
from pipeline.attempt.http_answer import HttpAnswer
from pipeline.attempt.http_exchange import HttpExchange
from pipeline.attempt.http_request import HttpRequest
from pipeline.attempt.means import Means
from pipeline.attempt.moodle import MoodleCalls, WsTokenAuth
from pipeline.attempt.rest_address import address_of
from pipeline.attempt.rest_keys import RestService
from pipeline.attempt.webhook_signature import Signer
from pipeline.delivery import Delivery, Request
from pipeline.errors import Unrenderable


class RestTransport:
    """An open pool of connections to one service."""

    def __init__(self, service: RestService, means: Means) -> None:
        self._url = opened_url(service.url, "url", means)
        auth = service.auth
        signature = service.webhook_signature
        self._signer = Signer(signature, means.environ) if signature else None
        self._moodle = MoodleCalls(auth, means.environ) if isinstance(auth, WsTokenAuth) else None
        self._http = HttpExchange(service, NoAuth() if isinstance(auth, WsTokenAuth) else auth, means)

    async def attempt(self, delivery: Delivery) -> Seen:
        """One request, its answer read up to a limit, all within the service's timeout."""
        if delivery.request is None:
            return Unsendable("there is no request: its rule could not be rendered")
        try:
            request = self._request(delivery.key, delivery.request)
        except (Unrenderable, UnicodeError) as wrong:
            return Unsendable(f"the request cannot be sent: {wrong}")
        answer = await self._http.sent(request)
        if not isinstance(answer, HttpAnswer):
            return answer
        text = answer.body.decode(errors="replace")
        answered = Answered(answer.status, text, answer.headers.get("Retry-After"), answer.is_whole)
        return self._moodle.read(answered) if self._moodle else answered

    async def close(self) -> None:
        """Close the pool."""
        await self._http.close()

    def _request(self, key: str, request: Request) -> HttpRequest:
        if self._moodle:
            request = self._moodle.request(request)
        elif "function" in request.send:
            raise Unrenderable("send.function is for services with preset: moodle")
        send, body = request.send, request.body
        built = self._http.request(
            send.get("method", "POST"),
            address_of(self._url, request),
            (body or "").encode(),
            {} if body is None else {"Content-Type": request.content_type},
            send.get("headers", {}),
            {"Idempotency-Key": key},
        )
        if self._signer:
            # Of what is sent, and in place of whatever a rule calls by these names.
            built.headers.update(self._signer.headers(key, built.content, datetime.now(UTC)))
        return built
