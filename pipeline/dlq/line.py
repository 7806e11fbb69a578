"""A dead letter as a line of JSON: what an export writes, people mend, and an import reads.

`sha256` is the body's, as it was exported: so an import sees whether somebody mended it.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pipeline import exact_json
from pipeline.broker import Outgoing
from pipeline.dead_index import Letter
from pipeline.delivery import CONTENT_TYPE
from pipeline.dlq.mended import check_delivery, check_headers, check_line
from pipeline.errors import Unreadable
from topology import names

#: The only key of a body that is no JSON.
_BASE64 = "base64"
_MENDED_DIGITS = 8


@dataclass(frozen=True, slots=True)
class Line:
    """A line that can be a dead letter again."""

    id: str
    place: str
    outgoing: Outgoing


def write_line(letter: Letter) -> bytes:
    """Write a letter as one line.

    Raises Unreadable where the index has no body of it.
    """
    if letter.body is None:
        raise Unreadable(f"letter {letter.letter_id}: only the queue has its body, which is too large for the index")
    body = _readable(letter.body)
    optional = {"content_encoding": letter.content_encoding, "app_id": letter.app_id}
    line = {
        "id": letter.letter_id,
        "place": letter.place,
        "reason": letter.reason,
        "died_at": letter.died_at,
        "routing_key": letter.routing_key,
        "content_type": letter.content_type,
        **{name: value for name, value in optional.items() if value},
        "headers": letter.headers,
        "body": body,
        "sha256": _digest(_bytes_of(body)),
    }
    return exact_json.dumps(line) + b"\n"


def read_line(text: bytes, now: datetime) -> Line:
    """Read a line, mended or not.

    Raises Unreadable with what is wrong, and what was expected.
    """
    try:
        found = exact_json.loads(text)
    except ValueError as broken:
        raise Unreadable(f"expected a JSON object, found {broken}") from None
    if not isinstance(found, dict):
        raise Unreadable("expected a JSON object")
    check_line(found)
    body, place = _bytes_of(found["body"]), found["place"]
    headers = {**(found.get("headers") or {}), **_marks(found, now)}
    check_headers(headers)
    is_mended = found.get("sha256") != _digest(body)
    if place not in names.RESERVED_SLUGS:
        check_delivery(found, body, headers)
        if is_mended:
            headers[names.HEADER_VARIANT] = f"m{_digest(body)[:_MENDED_DIGITS]}"
    return Line(found["id"], place, _outgoing(found, body, headers))


def _outgoing(found: Mapping[str, Any], body: bytes, headers: Mapping[str, str | int]) -> Outgoing:
    place, key = found["place"], found.get("routing_key") or ""
    is_delivery = place not in names.RESERVED_SLUGS
    came_by_dlx = is_delivery or place == names.INVALID_KEY
    return Outgoing(
        names.DLX if came_by_dlx else names.UNROUTABLE,
        place if came_by_dlx else key,
        body,
        content_type=CONTENT_TYPE if is_delivery else found.get("content_type"),
        headers=headers,
        content_encoding=found.get("content_encoding"),
        app_id=found.get("app_id"),
    )


def _marks(found: Mapping[str, Any], now: datetime) -> dict[str, str | int]:
    """What it is known by, why it died and when: the line's own words, which people read and may mend."""
    told: dict[str, str | int] = {
        names.HEADER_REASON: found.get("reason") or "imported",
        names.HEADER_DIED_AT: found.get("died_at") or now.isoformat(),
    }
    if found["place"] not in names.RESERVED_SLUGS:
        return told | {names.HEADER_DELIVERY_ID: found["id"], names.HEADER_SERVICE: found["place"]}
    if names.HEADER_DELIVERY_ID in (found.get("headers") or {}):
        return told
    return told | {names.HEADER_LETTER: found["id"], names.HEADER_ROUTING_KEY: found.get("routing_key") or ""}


def _readable(body: bytes) -> Any:
    """The body as JSON that comes out as it went in but for its spaces; anything else in base64."""
    try:
        value = exact_json.loads(body)
        # One level deeper, as it stands in a line.
        exact_json.dumps([value])
    except (ValueError, TypeError):
        return {_BASE64: base64.b64encode(body).decode()}
    is_ambiguous = isinstance(value, dict) and value.keys() == {_BASE64}
    return {_BASE64: base64.b64encode(body).decode()} if is_ambiguous else value


def _bytes_of(body: Any) -> bytes:
    try:
        if not (isinstance(body, dict) and body.keys() == {_BASE64}):
            return exact_json.dumps(body)
    except TypeError as odd:
        raise Unreadable(f"body: {odd}") from None
    try:
        return base64.b64decode(body[_BASE64], validate=True)
    except (binascii.Error, TypeError, ValueError):
        raise Unreadable("body.base64: expected base64") from None


def _digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()
