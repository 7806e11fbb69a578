"""REST: an HTTP request per delivery, over a pool of connections per service."""

import re
from typing import Annotated, Literal
from urllib.parse import quote, urlsplit, urlunsplit

import httpx
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from pipeline.attempt.credentials import Auth, NoAuth
from pipeline.attempt.ending import Answered, Seen, Unanswered, Unsendable
from pipeline.attempt.http_exchange import HttpExchange, checked_url, http_headers, opened_url
from pipeline.attempt.http_service import HttpService
from pipeline.attempt.means import Means
from pipeline.attempt.transports.transport import TransportKind
from pipeline.delivery import Delivery, Request
from pipeline.errors import Unrenderable
from pipeline.registry.references import is_reference
from pipeline.registry.transport_schema import TransportSchema

_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
#: What says where a request ends, or asks something of the connection.
_FRAMING = frozenset({"connection", "content-length", "expect", "te", "trailer", "transfer-encoding", "upgrade"})


def _header_names(headers: dict[str, str]) -> dict[str, str]:
    for name in headers:
        if not _HEADER_NAME.fullmatch(name) or name.lower() in _FRAMING:
            raise ValueError(f"found the header {name!r}, expected one that HTTP allows and that frames no request")
    return headers


class RestService(HttpService):
    """A service reached by HTTP."""

    transport: Literal["rest"]
    url: str = Field(description="http:// or https:// address; a rule's path is appended to it")
    auth: Auth = NoAuth()

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        return url if is_reference(url) else checked_url(url)


class RestSend(BaseModel):
    """How a rule's request is sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    path: str = Field("", description="appended to the service's address")
    query: dict[str, str] = Field(default_factory=dict)
    headers: Annotated[dict[str, str], AfterValidator(_header_names)] = Field(default_factory=dict)


class RestTransport:
    """An open pool of connections to one service."""

    def __init__(self, service: RestService, means: Means) -> None:
        self._url = opened_url(service.url, "url", means)
        self._http = HttpExchange(service, service.auth, means)

    async def attempt(self, delivery: Delivery) -> Seen:
        """One request, its answer read up to a limit, all within the service's timeout."""
        if delivery.request is None:
            return Unsendable("there is no request: its rule could not be rendered")
        try:
            request = self._request(delivery.key, delivery.request)
        except (Unrenderable, httpx.InvalidURL, UnicodeError) as wrong:
            return Unsendable(f"the request cannot be sent: {wrong}")
        answer = await self._http.sent(request)
        if isinstance(answer, Unanswered):
            return answer
        text = answer.body.decode(errors="replace")
        return Answered(answer.status, text, answer.headers.get("Retry-After"), answer.is_whole)

    async def close(self) -> None:
        """Close the pool."""
        await self._http.close()

    def _request(self, key: str, request: Request) -> httpx.Request:
        send, body = request.send, request.body
        headers = http_headers({} if body is None else {"Content-Type": request.content_type})
        headers.update(http_headers(send.get("headers", {})))
        headers["Idempotency-Key"] = key
        return self._http.request(send.get("method", "POST"), address_of(self._url, request), headers, body)


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


KIND = TransportKind(TransportSchema("rest", RestService, RestSend), RestTransport)
