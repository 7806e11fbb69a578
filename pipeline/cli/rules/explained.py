"""An explanation, for people and for programs: what was asked and found, and the request, without credentials."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import orjson

from pipeline import exact_json
from pipeline.attempt.transports import SCHEMAS
from pipeline.cli.rules.lines import line, mark
from pipeline.delivery import Delivery, Request
from pipeline.registry import ServiceBase
from pipeline.rules.explained import Explained
from pipeline.rules.templates import is_json
from pipeline.rules.trial import Explanation, told

#: Headers in which a rule may have written what only `auth` should hold.
_HIDDEN = frozenset({"authorization", "proxy-authorization", "cookie", "x-api-key"})
#: The column of a request's values.
_COLUMN = 14


def as_mapping(explanation: Explanation, services: Mapping[str, ServiceBase]) -> dict[str, Any]:
    """For `--json`; the request is there also when it would not be sent."""
    answer = explanation.answer
    return {
        "rule": answer.rule,
        "event": {"type": explanation.event_type, "pattern": explanation.pattern, "fits": explanation.fits},
        "conditions": explanation.conditions,
        "would_be_sent": explanation.is_sent,
        "why_not": explanation.why_not or None,
        "service": {"slug": answer.service, **_addresses(services[answer.service])},
        "request": _request(answer.request) if isinstance(answer, Delivery) and answer.request else None,
        "cannot_be_rendered": None if isinstance(answer, Delivery) else answer.reason,
    }


def show(explanation: Explanation, services: Mapping[str, ServiceBase]) -> None:
    """Print it."""
    answer = explanation.answer
    line(mark(good=explanation.fits), f"event: answers to {explanation.pattern}, found {explanation.event_type}")
    _show_conditions(explanation.conditions, 0)
    if explanation.is_sent:
        line(f"{answer.rule} would send to {answer.service}:", style="bold green")
    else:
        line(f"{answer.rule} would send nothing: {explanation.why_not}", style="bold red")
    if isinstance(answer, Delivery) and answer.request:
        if not explanation.is_sent:
            line(f"If it answered to this event, it would send to {answer.service}:", style="dim")
        _show_request(answer.request, services[answer.service])
    elif not isinstance(answer, Delivery) and not explanation.matches:
        line(f"If it answered to this event, it could not be rendered: {answer.reason}", style="dim")


def _show_conditions(conditions: Sequence[Explained], level: int) -> None:
    for condition in conditions:
        line(mark(good=condition.holds), told(condition), level=level)
        for number, branch in enumerate(condition.branches, 1):
            line(mark(good=all(one.holds for one in branch)), f"branch {number}", level=level + 1)
            _show_conditions(branch, level + 2)


def _show_request(request: Request, service: ServiceBase) -> None:
    about = {"body": "none"} if request.body is None else {"content type": request.content_type}
    for key, value in _rows({**_addresses(service), **_request(request)["send"], **about}):
        line(f"{key:<{_COLUMN}}{value}", level=1)
    if request.body is not None:
        for text in _pretty(request, request.body).split("\n"):
            line(text, level=2)


def _addresses(service: ServiceBase) -> dict[str, Any]:
    """Where it goes, as it is written: a reference is not looked up."""
    found = SCHEMAS[service.transport].addresses_in(service.model_dump(exclude={"success"}))
    return {".".join(path): address for path, address in found}


def _request(request: Request) -> dict[str, Any]:
    return {"send": _without_credentials(request.send), "content_type": request.content_type, "body": request.body}


def _without_credentials(send: Mapping[str, Any]) -> dict[str, Any]:
    headers = send.get("headers") or {}
    hidden = {name: "***" if name.lower() in _HIDDEN else value for name, value in headers.items()}
    return {**send, "headers": hidden} if headers else dict(send)


def _rows(values: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in values.items():
        if isinstance(value, Mapping):
            yield from ((key if not at else "", f"{name}: {item}") for at, (name, item) in enumerate(value.items()))
        elif value not in ("", None):
            yield key, value


def _pretty(request: Request, body: str) -> str:
    if not is_json(request.content_type):
        return body
    try:
        return exact_json.dumps(exact_json.loads(body), option=orjson.OPT_INDENT_2).decode()
    except (TypeError, ValueError):
        # Nested too deeply to be read and written anew; it is sent all the same.
        return body
