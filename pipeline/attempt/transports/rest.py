"""REST: an HTTP request per delivery, over a pool of connections per service."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any, Literal
from urllib.parse import quote, urlsplit, urlunsplit

import httpx
from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from pipeline.attempt.credentials import Auth, NoAuth
from pipeline.attempt.ending import Answered, Seen, Unsendable
from pipeline.attempt.header_names import Headers
from pipeline.attempt.http_address import checked_url, opened_url
from pipeline.attempt.http_answer import HttpAnswer
from pipeline.attempt.http_exchange import HttpExchange, http_headers
from pipeline.attempt.http_service import HttpService
from pipeline.attempt.means import Means
from pipeline.attempt.moodle import FunctionName, MoodleCalls, WsTokenAuth, misfits
from pipeline.attempt.transports.transport import TransportKind
from pipeline.attempt.webhook_signature import Signer, WebhookSignature
from pipeline.delivery import Delivery, Request
from pipeline.errors import Unrenderable
from pipeline.registry.model import Rule
from pipeline.registry.references import is_reference
from pipeline.registry.transport_schema import TransportSchema
from pipeline.rules import Fault


class RestService(HttpService):
    """A service reached by HTTP."""

    transport: Literal["rest"]
    preset: Literal["moodle"] | None = Field(None, description="what kind of service it is, where MIH knows the kind")
    url: str = Field(description="http:// or https:// address; a rule's path is appended to it")
    auth: Annotated[Auth | WsTokenAuth, Field(discriminator="type")] = Field(NoAuth(), validate_default=True)
    webhook_signature: WebhookSignature | None = Field(None, description="signs each request by Standard Webhooks")

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str, info: ValidationInfo) -> str:
        if info.data.get("preset") == "moodle" and "?" in url:
            raise ValueError("found a query, expected none: token and function are sent in the body")
        return url if is_reference(url) else checked_url(url)

    @field_validator("auth")
    @classmethod
    def _fits_the_preset(cls, auth: Any, info: ValidationInfo) -> Any:
        if "preset" not in info.data:
            return auth
        is_moodle, has_its_token = info.data["preset"] == "moodle", isinstance(auth, WsTokenAuth)
        if is_moodle and not has_its_token:
            raise ValueError(
                f"found type {auth.type}, expected type wstoken: that is how preset: moodle identifies itself"
            )
        if has_its_token and not is_moodle:
            raise ValueError("found type wstoken without preset: moodle, which alone takes a token in the body")
        return auth


class RestSend(BaseModel):
    """How a rule's request is sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    path: str = Field("", description="appended to the service's address")
    query: dict[str, str] = Field(default_factory=dict)
    headers: Headers = Field(default_factory=dict)
    function: FunctionName | None = Field(
        None, description="with preset: moodle, and only then: the web service function that is called"
    )


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
        except (Unrenderable, httpx.InvalidURL, UnicodeError) as wrong:
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

    def _request(self, key: str, request: Request) -> httpx.Request:
        if self._moodle:
            request = self._moodle.request(request)
        elif "function" in request.send:
            raise Unrenderable("send.function is for services with preset: moodle")
        send, body = request.send, request.body
        headers = http_headers({} if body is None else {"Content-Type": request.content_type})
        headers.update(http_headers(send.get("headers", {})))
        headers["Idempotency-Key"] = key
        built = self._http.request(send.get("method", "POST"), address_of(self._url, request), headers, body)
        if self._signer:
            # Of what is sent, and in place of whatever a rule calls by these names.
            built.headers.update(self._signer.headers(key, built.content, datetime.now(UTC)))
        return built


def address_of(url: str, request: Request) -> str:
    """The service's address with the rule's path appended and its query added; templates have encoded the values."""
    parts = urlsplit(url)
    # A fragment is never sent (RFC 9110, 7.1): what looks like one belongs to the path.
    path, _, path_query = str(request.send.get("path", "")).replace("#", "%23").partition("?")
    if path:
        path = parts.path.rstrip("/") + "/" + path.lstrip("/")
    named = (f"{quote(name, safe='')}={value}" for name, value in request.send.get("query", {}).items())
    query = "&".join(filter(None, (parts.query, path_query, *named)))
    return urlunsplit((parts.scheme, parts.netloc, path or parts.path, query, ""))


def _check_rule(service: RestService, rule: Rule) -> Iterator[Fault]:
    if service.preset:
        yield from (Fault(("send", key), why) for key, why in misfits(rule.send))
    elif "function" in rule.send:
        yield Fault(("send", "function"), "is for services with preset: moodle")


_DESTINATIONS = ("url", "proxy", "auth.token_url")
KIND = TransportKind(TransportSchema("rest", RestService, RestSend, _DESTINATIONS, _check_rule), RestTransport)
