"""`mih publish FILE|-`."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.progress import MofNCompleteColumn, Progress

from pipeline.broker import Outgoing, Session, open_session
from pipeline.cli.output import console
from pipeline.errors import Misconfigured
from pipeline.settings import load_settings
from topology import names

#: Events on their way to the broker at once.
_WINDOW = 200
#: Bad lines that are told; more of them say nothing new.
_TOLD = 10


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("publish", rich_help_panel="Events")(publish)


def publish(
    file: Annotated[str, typer.Argument(help="One JSON object, or JSON lines; - is standard input.")],
    *,
    source: Annotated[str, typer.Option(help="Who it is from, where the events do not say.")] = "",
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing when all went well.")] = False,
) -> None:
    """Publish events to mih.events, each confirmed by RabbitMQ."""
    events = read_events(file)
    asyncio.run(_publish(load_settings().amqp_url, events, source, show=not quiet))
    if not quiet:
        console.print(
            f"{len(events)} event{'s'[: len(events) != 1]} published to {names.EVENTS}, confirmed by RabbitMQ."
        )


def read_events(file: str) -> list[bytes]:
    """Read one JSON object or JSON lines, all of it before any is sent.

    Raises Misconfigured naming the lines that are none.
    """
    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as failed:
        raise Misconfigured(f"{file}: cannot be read: {failed.strerror}") from None
    if _is_object(text):
        return [text]
    lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
    bad = [number for number, line in lines if not _is_object(line)]
    if bad or not lines:
        raise Misconfigured("\n".join(_told(file, bad)))
    return [line for _, line in lines]


def _is_object(text: bytes) -> bool:
    try:
        return isinstance(orjson.loads(text), dict)
    except orjson.JSONDecodeError:
        return False


def _told(file: str, bad: Sequence[int]) -> Iterator[str]:
    if not bad:
        yield f"{file}: is empty, expected a JSON object, or one on each line"
    for number in bad[:_TOLD]:
        yield f"{file}:{number}: expected a JSON object"
    if len(bad) > _TOLD:
        yield f"{file}: and {len(bad) - _TOLD} more lines; nothing was published"


async def _publish(amqp_url: str, events: Sequence[bytes], source: str, *, show: bool) -> None:
    headers = {names.HEADER_SOURCE: source} if source else {}
    window = asyncio.Semaphore(_WINDOW)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not (show and console.is_terminal), transient=True) as progress:
        task = progress.add_task("publishing", total=len(events))
        async with open_session(amqp_url, "publish") as session, asyncio.TaskGroup() as group:
            for event in events:
                await window.acquire()
                sending = group.create_task(_send(session, event, headers))
                sending.add_done_callback(lambda _: window.release())
                sending.add_done_callback(lambda _: progress.advance(task))


async def _send(session: Session, event: bytes, headers: dict[str, str]) -> None:
    await session.publish(Outgoing(names.EVENTS, "published", event, "application/json", headers))
