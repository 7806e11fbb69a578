"""What the present code reads from a golden message, by the code that reads the queue it rests in, as plain JSON."""

from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

import orjson
from golden_message import Golden

from pipeline.dead_index import read_letter
from pipeline.delivery import read_delivery
from pipeline.errors import Unreadable
from pipeline.event import read_event
from pipeline.ingest.arrival import understand
from pipeline.settings import Settings
from topology import names

#: Stands for when it was read.
_NOW = datetime(2026, 11, 21, tzinfo=UTC)


def read_now(golden: Golden) -> dict[str, Any]:
    """Read it.

    Raises Unreadable where the present code would lay it aside.
    """
    return _plain(_read(golden))


def _read(golden: Golden) -> Any:
    message = golden.incoming()
    match golden.rests_in.removeprefix("mih.").split("."):
        case ["ingest"] | ["suspect", "ingest"]:
            return asdict(understand(message, Settings.model_validate({})))
        case ["router"] | ["suspect", "router"]:
            return read_event(message.body).to_mapping()
        case ["service", _] | ["suspect", "sender"]:
            return asdict(read_delivery(message.body, message.headers))
        case ["dlq" | "invalid" | "unroutable", *_] | ["suspect", "recorder"]:
            letter = asdict(read_letter(message, _NOW))
            return {name: value for name, value in letter.items() if name != "body"}
        case [""] if golden.exchange == names.CONTROL:
            return {}
        case [""]:
            return orjson.loads(message.body)
        case _:
            raise Unreadable(f"nobody reads {golden.rests_in}")


def _plain(found: Any) -> dict[str, Any]:
    plain: dict[str, Any] = orjson.loads(
        orjson.dumps(found, default=str, option=orjson.OPT_NON_STR_KEYS | orjson.OPT_PASSTHROUGH_DATACLASS)
    )
    return plain


def same(recorded: Any, found: Any) -> bool:
    """Whether all that was recorded is found again; what is found besides is newer."""
    if isinstance(recorded, dict):
        return isinstance(found, dict) and all(name in found and same(recorded[name], found[name]) for name in recorded)
    return bool(recorded == found)
