"""Letter: a dead message as the index knows it: a delivery, something unreadable, or what nobody was bound for.

Where it rests is its place: a service's slug (`mih.dlq.<slug>`), `invalid` (`mih.invalid`) or `unroutable`
(`mih.unroutable`). What came by the exchange of the dead died at the place that its routing key names; anything else
found no queue. A stage's suspect queue forgets both, so there what the headers tell must do.

Whatever a header or a body holds becomes something that any database keeps and any terminal shows.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Protocol
from uuid import UUID, uuid5

from pipeline import delivery as deliveries
from pipeline.dead_letter import DeadLetter, fingerprint, key_before_death, read_dead_letter, reason_of, time_of
from pipeline.delivery import read_delivery
from pipeline.errors import Unreadable
from topology import names

UNROUTABLE_PLACE = "unroutable"

#: The name space of ids that are made of a body and its routing key; a constant, so that who reads it again agrees.
_NAMESPACE = UUID("b0c6c6a2-7a54-5f2c-8a7e-3f6c0d6f1c11")
#: An id that can be typed, and indexed by any database.
_ID = re.compile(r"[\w.:+@-]{1,200}", re.ASCII)
_FINGERPRINT = re.compile(r"[0-9a-f]{12}")
#: Headers that are ours or a format's: they say what the message is; any other could hold somebody's credentials.
_FORMATS = ("ce-", "ce_", "cloudevents:", "cloudevents_")
TRAVELLING = ("mih-", *_FORMATS)
#: Characters of a reason, and of anything else that is one of a table's columns.
_LONGEST_REASON, _LONGEST = 2_000, 300
_LARGEST = 2**31 - 1
#: Bytes of a routing key.
_LONGEST_KEY = 255
#: Bytes of a body that the index keeps: a larger one is only where the letter rests.
MAX_BODY = 16 * 1024 * 1024


class Message(Protocol):
    """What a letter is read from; an Incoming is such."""

    @property
    def body(self) -> bytes: ...  # noqa: D102 - an attribute
    @property
    def headers(self) -> Mapping[str, Any]: ...  # noqa: D102 - an attribute
    @property
    def exchange(self) -> str: ...  # noqa: D102 - an attribute
    @property
    def routing_key(self) -> str: ...  # noqa: D102 - an attribute
    @property
    def content_type(self) -> str | None: ...  # noqa: D102 - an attribute
    @property
    def content_encoding(self) -> str | None: ...  # noqa: D102 - an attribute
    @property
    def app_id(self) -> str | None: ...  # noqa: D102 - an attribute


@dataclass(frozen=True, slots=True)
class Entry:
    """A letter without its message: what lists are made of."""

    place: str
    letter_id: str
    #: Empty, where it is no delivery: service, rule. Where it is unreadable: event.
    service: str
    event_id: str
    event_type: str
    rule: str
    revision: int | None
    reason: str
    #: The service's last one.
    status: int | None
    fingerprint: str
    #: How often it was tried; 0 where it never was.
    attempts: int
    died_at: datetime
    indexed_at: datetime


@dataclass(frozen=True, slots=True)
class Letter(Entry):
    """A letter and its message, as it came, but for headers that are no business of ours."""

    headers: Mapping[str, str | int]
    #: The one that it had before it died.
    routing_key: str
    content_type: str | None
    content_encoding: str | None
    app_id: str | None
    #: None where it is larger than MAX_BODY.
    body: bytes | None


def letter_id(message: Message) -> str:
    """What a letter is known by at its place: its delivery's id, else the id it was given, else one of its content."""
    for name in (names.HEADER_DELIVERY_ID, names.HEADER_LETTER):
        if _ID.fullmatch(str(message.headers.get(name, ""))):
            return str(message.headers[name])
    # A format may tell an event's id, and its source, outside of the body.
    told = sorted(
        f"{name}={value}"
        for name, value in message.headers.items()
        if name == names.HEADER_SOURCE or name.lower().startswith(_FORMATS)
    )
    content = [message.routing_key, sha256(message.body).hexdigest(), message.app_id or "", *told]
    return uuid5(_NAMESPACE, sha256("\x00".join(content).encode(errors="replace")).hexdigest()).hex


def marks(letter: Letter) -> dict[str, str | int]:
    """The headers by which the same body is the same letter when it is published again, to whatever place."""
    return {
        names.HEADER_LETTER: letter.letter_id,
        names.HEADER_REASON: letter.reason,
        names.HEADER_DIED_AT: letter.died_at.isoformat(),
        names.HEADER_ROUTING_KEY: letter.routing_key,
    }


def read_letter(message: Message, now: datetime, place: str | None = None) -> Letter:
    """Read any dead message, found at its place or in a copy; `now` is when it died where nothing tells."""
    place = place or place_of(message)
    # What cannot be read is not read again: should that be what killed its reader, it ends here.
    found = _read(message, place) if place != names.INVALID_KEY else None
    reason = found.reason if found else _reason(message, place)
    delivery = found.delivery if found else None
    status = found.outcome.status if found and found.outcome else None
    service = delivery.service if delivery else _header(message, names.HEADER_SERVICE)
    return Letter(
        place=place,
        letter_id=letter_id(message),
        service=_text(service),
        event_id=_text(delivery.event.id if delivery else _header(message, names.HEADER_EVENT_ID)),
        event_type=_text(delivery.event.type if delivery else ""),
        rule=_text(delivery.rule if delivery else _header(message, names.HEADER_RULE)),
        revision=_number(delivery.revision) if delivery else None,
        reason=_text(reason, _LONGEST_REASON),
        status=_number(status),
        fingerprint=_fingerprint(found, place, reason),
        attempts=(_number(delivery.attempt) or 0) if delivery and found and found.outcome else 0,
        died_at=_died_at(message.headers, now),
        indexed_at=now,
        headers=_kept(message.headers),
        routing_key=_short(_routing_key(message)),
        content_type=message.content_type and _text(message.content_type),
        content_encoding=message.content_encoding and _text(message.content_encoding),
        app_id=message.app_id and _text(message.app_id),
        body=message.body if len(message.body) <= MAX_BODY else None,
    )


def place_of(message: Message) -> str:
    """Where the message rests, of which this is a copy."""
    if message.exchange == names.DLX:
        return _text(message.routing_key)
    if message.exchange:
        return UNROUTABLE_PLACE
    service = message.headers.get(names.HEADER_SERVICE)
    if names.HEADER_REASON in message.headers:
        return _text(service) if service else names.INVALID_KEY
    return _text(service) if service else UNROUTABLE_PLACE


def _read(message: Message, place: str) -> DeadLetter | None:
    try:
        if place != UNROUTABLE_PLACE or names.HEADER_REASON in message.headers:
            return read_dead_letter(message.body, message.headers)
        if message.content_type != deliveries.CONTENT_TYPE:
            return None
        reason = _reason(message, place)
        delivery = read_delivery(message.body, message.headers)
        return DeadLetter(delivery, reason, None, None, fingerprint(place, reason, None))
    except Unreadable:
        return None


def _reason(message: Message, place: str) -> str:
    if place != UNROUTABLE_PLACE or names.HEADER_REASON in message.headers:
        return reason_of(message.headers)
    if service := _header(message, names.HEADER_SERVICE):
        return f"no queue is bound for service {service!r}"
    return f"no queue is bound to {message.exchange or 'the default exchange'} for key {message.routing_key!r}"


def _fingerprint(found: DeadLetter | None, place: str, reason: str) -> str:
    if found and _FINGERPRINT.fullmatch(found.fingerprint):
        return found.fingerprint
    return fingerprint(place, reason, None)


def _died_at(headers: Mapping[str, Any], now: datetime) -> datetime:
    try:
        return (time_of(headers) or now).astimezone(UTC)
    except (Unreadable, OverflowError):
        return now


def _kept(headers: Mapping[str, Any]) -> dict[str, str | int]:
    return {
        name: value
        for name, header in headers.items()
        if name.lower().startswith(TRAVELLING)
        and isinstance(value := header.isoformat() if isinstance(header, datetime) else header, str | int)
    }


def _routing_key(message: Message) -> str:
    """The key with which it was published last, before whoever put it where it rests used another."""
    return str(
        message.headers.get(names.HEADER_ROUTING_KEY) or key_before_death(message.headers) or message.routing_key
    )


def _header(message: Message, name: str) -> str:
    return str(message.headers.get(name, ""))


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and 0 <= value <= _LARGEST else None


def _short(key: str) -> str:
    """Keep what AMQP takes as a routing key: a header that tells one can be of any length."""
    return _text(key).encode()[:_LONGEST_KEY].decode(errors="ignore")


def _text(value: Any, longest: int = _LONGEST) -> str:
    """Keep what a database can hold and a terminal may show."""
    text = str(value)[:longest]
    return text if text.isprintable() else "".join(one if one.isprintable() or one in "\n\t" else "�" for one in text)
