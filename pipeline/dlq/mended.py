"""What can be wrong with a line that somebody mended, told before any line becomes a message."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pipeline.dead_index import TRAVELLING
from pipeline.delivery import read_delivery
from pipeline.errors import Unreadable

#: Of a line, what is a text, and of those what AMQP has short room for.
_TEXTS = ("id", "place", "reason", "died_at", "routing_key", "content_type", "content_encoding", "app_id", "sha256")
_SHORT = ("routing_key", "content_type", "content_encoding", "app_id")
_NEEDED = ("id", "place", "body")
#: Bytes of a short text, and of all headers: half of RabbitMQ's frame limit.
_SHORTEST, _HEADERS_LIMIT = 255, 65_536


def check_line(found: Mapping[str, Any]) -> None:
    """Look at everything but what a delivery's body says.

    Raises Unreadable with what was expected.
    """
    if missing := [name for name in _NEEDED if name not in found]:
        raise Unreadable(f"{missing[0]} is missing")
    for name in _TEXTS:
        if not isinstance(found.get(name), str | None):
            raise Unreadable(f"{name}: expected a text, found {type(found[name]).__name__}")
    for name in ("id", "place"):
        if not found[name]:
            raise Unreadable(f"{name}: expected a text that is not empty")
    for name in _SHORT:
        if (size := len((found.get(name) or "").encode())) > _SHORTEST:
            raise Unreadable(f"{name}: expected at most {_SHORTEST} bytes, found {size:,}")
    try:
        datetime.fromisoformat(found.get("died_at") or "2000-01-01")
    except ValueError:
        raise Unreadable("died_at: expected a time such as 2026-11-20T10:00:00+00:00") from None
    _check_written_headers(found.get("headers") or {})


def _check_written_headers(headers: Any) -> None:
    if not (isinstance(headers, dict) and all(map(_is_header, headers.values()))):
        raise Unreadable("headers: expected an object of texts and whole numbers")
    if odd := [name for name in headers if not name.lower().startswith(TRAVELLING)]:
        raise Unreadable(f"headers: expected names that begin with {', '.join(TRAVELLING)}, found {odd[0][:100]!r}")


def check_headers(headers: Mapping[str, str | int]) -> None:
    """Look whether a message can bear all of its headers, the reason among them.

    Raises Unreadable.
    """
    if (size := sum(len(f"{name}{value}".encode()) for name, value in headers.items())) > _HEADERS_LIMIT:
        raise Unreadable(f"headers and reason: expected at most {_HEADERS_LIMIT:,} bytes, found {size:,}")


def check_delivery(found: Mapping[str, Any], body: bytes, headers: Mapping[str, str | int]) -> None:
    """Look at a delivery that may be sent again.

    Raises Unreadable with what was expected.
    """
    delivery = read_delivery(body, headers)
    if delivery.id != found["id"]:
        raise Unreadable("body.id: expected the line's id, for a mended letter is the same letter")
    if delivery.service != found["place"]:
        raise Unreadable("body.service: expected the line's place")


def _is_header(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, int) and -(2**63) <= value < 2**63)
