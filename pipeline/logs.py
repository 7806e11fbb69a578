"""Structured logs on standard error: one JSON object per line for machines, coloured lines for people.

What others wrote is spelt where a terminal would obey it, or where it looks like a further line.
Every line of a stage carries the ids it speaks of (event, delivery, rule, service). No payload is logged above debug,
and a secret has a type that does not print.
"""

import json
import logging
import sys
from contextlib import suppress
from dataclasses import dataclass
from io import StringIO
from typing import Any, TextIO, cast

import orjson
import structlog
from structlog.typing import EventDict, ExcInfo, Processor

from pipeline.settings import Settings
from pipeline.spelt import spelt


@dataclass(frozen=True, slots=True, weakref_slot=True)
class _Patient:
    """Where lines go, if they can: a disk that is full must not make a suspect of every message."""

    stream: TextIO

    def write(self, text: str) -> None:
        with suppress(OSError):
            self.stream.write(text)

    def flush(self) -> None:
        with suppress(OSError):
            self.stream.flush()


def configure_logs(settings: Settings, role: str) -> None:
    """Set up the logs of this process, our own and the libraries', once at its start."""
    as_json = settings.log_format == "json" or (settings.log_format == "auto" and not sys.stderr.isatty())
    shared: list[Processor] = [
        _of(role),
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    level = logging.getLevelNamesMapping()[settings.log_level.upper()]
    structlog.configure(
        processors=[*shared, *_rendering(as_json=as_json)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.WriteLoggerFactory(cast("TextIO", _Patient(sys.stderr))),
        cache_logger_on_first_use=True,
    )
    _libraries(shared, as_json=as_json)


def _of(role: str) -> Processor:
    def named(_: Any, __: str, entry: EventDict) -> EventDict:
        entry["role"] = role
        return entry

    return named


def _rendering(*, as_json: bool) -> list[Processor]:
    if as_json:
        # What is logged is called message: an event is something else here.
        renamed = structlog.processors.EventRenamer("message")
        return [structlog.processors.format_exc_info, renamed, structlog.processors.JSONRenderer(_dumps)]
    return [_spelt, structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=_traceback)]


def _spelt(_: Any, __: str, entry: EventDict) -> EventDict:
    return {name: spelt(value) if isinstance(value, str) else value for name, value in entry.items()}


def _traceback(out: TextIO, failure: ExcInfo) -> None:
    """Not the renderer's own: that one shows the locals of every frame, payloads and secrets among them."""
    plain = StringIO()
    structlog.dev.plain_traceback(plain, failure)
    out.write(spelt(plain.getvalue(), kept="\n"))


def _dumps(entry: Any, **_: Any) -> str:
    try:
        return spelt(orjson.dumps(entry, default=str).decode())
    except TypeError:
        # Halves of characters, and numbers above 64 bits: a log must tell of them, too.
        return json.dumps(entry, default=str)


def _libraries(shared: list[Processor], *, as_json: bool) -> None:
    """The libraries' warnings in the same form; their chatter below that says nothing to an operator."""
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *_rendering(as_json=as_json)],
    )
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    # Both tell every lost connection with a traceback; the session says it in one line.
    for chatty in ("aio_pika", "aiormq"):
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    # It tells every address whole, with what a query holds.
    logging.getLogger("httpx").setLevel(logging.WARNING)
