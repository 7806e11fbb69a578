"""The whole story of one letter, as a person and a program read it: event, rule, request, attempts, reason."""

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import orjson

from pipeline import exact_json
from pipeline.attempt.story import attempts_of
from pipeline.dead_index import Entry, Letter
from pipeline.delivery import Delivery, read_delivery
from pipeline.errors import Unreadable
from pipeline.outcome import read_outcome
from topology import names

#: Names of headers whose values are nobody's business; a request holds no credential, but a template may name one.
_SECRET = re.compile("authori[sz]ation|cookie|token|key|secret|passw", re.IGNORECASE)
_MASKED = "***"
#: A parameter of a path.
_PARAMETER = re.compile(r"([?&;])([^=&;#]*)=[^&;#]*")


def described(letter: Letter) -> dict[str, Any]:
    """Everything that is known of a letter."""
    entry = {name: getattr(letter, name) for name in Entry.__slots__}
    delivery = _delivery(letter)
    return {
        **entry,
        **(_of_delivery(delivery) if delivery else _of_message(letter)),
        "story": attempts_of(str(letter.headers.get(names.HEADER_STORY, ""))) or _last_attempt(letter),
    }


def _delivery(letter: Letter) -> Delivery | None:
    try:
        return read_delivery(letter.body or b"", letter.headers) if letter.place != names.INVALID_KEY else None
    except Unreadable:
        return None


def _of_delivery(delivery: Delivery) -> dict[str, Any]:
    request = delivery.request
    return {
        "first_seen": delivery.first_seen,
        "variant": delivery.variant,
        "event": delivery.event.to_mapping(),
        "request": request and {**asdict(request), "send": _masked(request.send)},
    }


def _of_message(letter: Letter) -> dict[str, Any]:
    """What is no delivery is shown as it came."""
    return {
        "routing_key": letter.routing_key,
        "content_type": letter.content_type,
        "content_encoding": letter.content_encoding,
        "headers": {
            name: _MASKED if _SECRET.search(name) else value
            for name, value in letter.headers.items()
            if not name.startswith("mih-")
        },
        "body": None if letter.body is None else letter.body.decode(errors="replace"),
    }


def _masked(send: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: _PARAMETER.sub(_hidden, value) if isinstance(value, str) and name == "path" else _inside(value)
        for name, value in send.items()
    }


def _inside(value: Any) -> Any:
    if not isinstance(value, Mapping):
        return value
    return {one: _MASKED if _SECRET.search(one) else header for one, header in value.items()}


def _hidden(parameter: re.Match[str]) -> str:
    before, name = parameter.groups()
    return f"{before}{name}={_MASKED}" if _SECRET.search(name) else parameter[0]


def _last_attempt(letter: Letter) -> list[dict[str, Any]]:
    """Of a letter of an older version, which tells no story, the last attempt is known."""
    try:
        outcome = asdict(read_outcome(str(letter.headers[names.HEADER_OUTCOME])))
    except (Unreadable, KeyError):
        return []
    return [{"attempt": letter.attempts, "at": letter.died_at, **outcome}]


def pretty(text: str) -> str:
    """JSON indented; anything else as it is."""
    try:
        return indented(exact_json.loads(text))
    except ValueError:
        return text


def indented(value: Any) -> str:
    """A value as JSON, as people read it."""
    return exact_json.dumps(value, option=orjson.OPT_INDENT_2).decode()
