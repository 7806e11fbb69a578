"""`mih publish FILE|-`."""

import asyncio
import sys
from collections.abc import Callable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Annotated

import orjson
import typer
from rich.progress import MofNCompleteColumn, Progress

from pipeline.broker import Outgoing, Session, open_session
from pipeline.cli.output import console
from pipeline.errors import Misconfigured, Unavailable
from pipeline.settings import load_settings
from topology import names

#: Events on their way to the broker at once.
_WINDOW = 200
#: Bad lines that are told; more of them say nothing new.
_TOLD = 10
#: The client library's word for a channel that is closed already.
_AFTERMATH = "ChannelInvalidStateError"


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
    reasons: list[str] = []
    left = takewhile(lambda _: not reasons, events)
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not (show and console.is_terminal), transient=True) as progress:
        confirmed = progress.add_task("publishing", total=len(events))
        try:
            async with open_session(amqp_url, "publish") as session, asyncio.TaskGroup() as group:
                for _ in range(min(_WINDOW, len(events))):
                    group.create_task(_send(session, left, headers, reasons, lambda: progress.advance(confirmed)))
        except Unavailable as away:
            reasons.append(str(away))
        done = int(progress.tasks[0].completed)
    if reasons:
        raise Unavailable(f"{done} of {len(events)} events were confirmed, then: {_reason(reasons)}")


async def _send(
    session: Session, left: Iterator[bytes], headers: dict[str, str], reasons: list[str], confirmed: Callable[[], None]
) -> None:
    """Publish what is left, one after another; a failure ends it for all, who still await what they sent."""
    for event in left:
        try:
            await session.publish(Outgoing(names.EVENTS, "published", event, "application/json", headers))
        except Unavailable as why:
            reasons.append(str(why))
        else:
            confirmed()


def _reason(reasons: Sequence[str]) -> str:
    # The broker gives its reason to what it had not confirmed; what comes after that only finds the channel closed.
    reason = min(reasons, key=lambda told: _AFTERMATH in told)
    hint = ": `mih topology apply` declares it" if f"no exchange '{names.EVENTS}'" in reason else ""
    return reason + hint
