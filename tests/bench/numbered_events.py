"""The load: numbered events, as MIH's publishers and as Celery's write them, of the size that is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import orjson
from pamqp.commands import Basic

from topology import names

TYPE = "bench.order"
#: Bytes of an event, where a table does not say otherwise.
SIZE = 400
_PERSISTENT = 2


@dataclass(frozen=True, slots=True)
class Message:
    """One event on its way to the broker."""

    exchange: str
    routing_key: str
    body: bytes
    properties: Basic.Properties


#: Makes the message of a number.
Writer = Callable[[int], Message]


def payload(number: int, size: int = SIZE) -> bytes:
    """What reaches the destination, whatever the side."""
    bare = {"number": number, "customer": "c-1047", "amount": "87.50000", "note": ""}
    return orjson.dumps({**bare, "note": "n" * max(size - len(orjson.dumps(bare)), 0)})


def event(number: int, size: int = SIZE, *, kind: str = TYPE) -> Message:
    """A CloudEvent for MIH, with an id of its own."""
    head = {"specversion": "1.0", "id": uuid4().hex, "source": "bench", "type": kind}
    body = orjson.dumps(head)[:-1] + b',"data":' + payload(number, size) + b"}"
    return Message(
        names.EVENTS,
        kind,
        body,
        Basic.Properties(content_type="application/cloudevents+json", delivery_mode=_PERSISTENT),
    )


def bare(queue: str, size: int = SIZE) -> Writer:
    """The same payload straight into a queue."""
    properties = Basic.Properties(delivery_mode=_PERSISTENT)
    return lambda number: Message("", queue, payload(number, size), properties)


def task(number: int, *, name: str, queue: str, size: int = SIZE) -> Message:
    """A task as Celery's own producer writes it (its message protocol 2)."""
    task_id = str(uuid4())
    embedded = {"callbacks": None, "errbacks": None, "chain": None, "chord": None}
    body = b"[[" + payload(number, size) + b"],{}," + orjson.dumps(embedded) + b"]"
    headers: dict[str, Any] = {
        "lang": "py",
        "task": name,
        "id": task_id,
        "root_id": task_id,
        "parent_id": None,
        "group": None,
        "retries": 0,
        "eta": None,
        "expires": None,
        "timelimit": [None, None],
        "argsrepr": "",
        "kwargsrepr": "",
        "origin": "bench",
        "ignore_result": True,
    }
    properties = Basic.Properties(
        content_type="application/json",
        content_encoding="utf-8",
        headers=headers,
        correlation_id=task_id,
        delivery_mode=_PERSISTENT,
    )
    return Message("", queue, body, properties)
