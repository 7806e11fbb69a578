"""What a delivery must look like at its service, by transport: a line that a person reads, and the body; pure."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import orjson

from pipeline.attempt.rest_address import address_of
from pipeline.cli.demo.evidence import Call
from pipeline.delivery import Delivery, Request
from pipeline.rules import Refused


def call_of(planned: Delivery | Refused, transport: str) -> Call:
    """The request that the service must see."""
    if isinstance(planned, Refused):
        return Call(planned.service, planned.delivery.id, "cannot be rendered")
    line, body = _SEEN[transport](planned.request or Request())
    return Call(planned.service, planned.id, line, body)


def spelled(parameters: Mapping[str, Any]) -> str:
    """The parameters of a SOAP call, by name, as their text: XML has no other types."""
    return orjson.dumps({name: str(value) for name, value in parameters.items()}, option=orjson.OPT_SORT_KEYS).decode()


def published(routing_key: str) -> str:
    """The line of a message."""
    return f"publish {routing_key}"


def called(operation: str) -> str:
    """The line of a SOAP call."""
    return f"call {operation}"


def _rest(request: Request) -> tuple[str, str]:
    path = urlsplit(address_of("", request))._replace(scheme="", netloc="").geturl() or "/"
    return f"{request.send.get('method', 'POST')} {path}", request.body or ""


def _amqp(request: Request) -> tuple[str, str]:
    return published(request.send["routing_key"]), request.body or ""


def _soap(request: Request) -> tuple[str, str]:
    return called(request.send["operation"]), spelled(orjson.loads(request.body or "{}"))


_SEEN: Mapping[str, Callable[[Request], tuple[str, str]]] = {"rest": _rest, "amqp": _amqp, "soap": _soap}
