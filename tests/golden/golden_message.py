"""A golden message: what a release wrote into a queue, byte for byte, and what must become of it for ever."""

import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import orjson

from pipeline.broker import Incoming, Outgoing

HERE = Path(__file__).parent
#: What was written before there was a release, and then a folder for each release, the newest last.
RELEASES = sorted(
    (messages.parent for messages in HERE.glob("*/messages")),
    key=lambda release: [int(part) for part in re.findall(r"\d+", release.name)] + [release.name[0].isdigit()],
)
NEWEST_RELEASE = RELEASES[-1]


@dataclass(frozen=True, slots=True)
class Golden:
    """One message: how it was published, where it then rests, and what it is."""

    name: str
    exchange: str
    routing_key: str
    body: bytes
    #: The queue that it waits in; empty for what only listeners hear.
    rests_in: str = ""
    content_type: str | None = None
    content_encoding: str | None = None
    app_id: str | None = None
    headers: dict[str, Any] = field(default_factory=dict)
    #: Which services must get it, each with the delivery's key, or null where ingest gives the event its id.
    arrives: Sequence[Sequence[str | None]] = ()
    #: The queue of the dead that it must rest in when all roles have run.
    stays_in: str = ""
    #: The number in the event's data, by which services tell it.
    number: int = 0
    #: What the release itself read from it.
    read: dict[str, Any] = field(default_factory=dict)

    def incoming(self) -> Incoming:
        """As whoever takes it from its queue has it in hand."""
        return Incoming(
            body=self.body,
            headers=self.headers,
            exchange=self.exchange,
            routing_key=self.routing_key,
            content_type=self.content_type,
            content_encoding=self.content_encoding,
            app_id=self.app_id,
            returned=0,
            tag=1,
        )

    def outgoing(self) -> Outgoing:
        """As it was published; what RabbitMQ itself wrote of it (x-death) nobody can publish again."""
        ours = {name: value for name, value in self.headers.items() if not name.startswith("x-")}
        return Outgoing(
            self.exchange,
            self.routing_key,
            self.body,
            content_type=self.content_type,
            content_encoding=self.content_encoding,
            app_id=self.app_id,
            headers=ours,
            mandatory=bool(self.rests_in),
        )

    def to_bytes(self) -> bytes:
        """The file: the body as text where it is one."""
        try:
            written = {"encoding": "utf-8", "body": self.body.decode()}
        except UnicodeDecodeError:
            written = {"encoding": "base64", "body": b64encode(self.body).decode()}
        always = {"exchange": self.exchange, "routing_key": self.routing_key}
        told = always | {name: value for name, value in asdict(self).items() if name not in {"name", "body"} and value}
        return orjson.dumps({**told, **written}, option=orjson.OPT_INDENT_2) + b"\n"


def golden_messages(release: Path) -> list[Golden]:
    """All of a release."""
    return [_read(path) for path in sorted((release / "messages").glob("*.json"))]


def _read(path: Path) -> Golden:
    found = orjson.loads(path.read_bytes())
    body, encoding = found.pop("body"), found.pop("encoding")
    return Golden(path.stem, body=b64decode(body) if encoding == "base64" else body.encode(), **found)


def changed(golden: Golden, **fields: Any) -> Golden:
    """The same with other fields in its body."""
    return replace(golden, body=orjson.dumps(orjson.loads(golden.body) | fields))
