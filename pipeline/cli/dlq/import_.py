"""`mih dlq import FILE|-`: letters that were exported, and perhaps mended, are dead letters again."""

import asyncio
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.broker import Session, open_session
from pipeline.cli.dlq.selected import check_place
from pipeline.cli.in_force import slugs_in_force
from pipeline.cli.output import AsJson, console, print_json
from pipeline.dead_index import DeadIndex
from pipeline.dlq import Line, read_line
from pipeline.errors import MihError, Misconfigured, Unavailable, Unreadable
from pipeline.settings import load_settings

#: Letters on their way to RabbitMQ at once.
_WINDOW = 100


def import_letters(
    file: Annotated[str, typer.Argument(metavar="FILE|-", help="JSON lines, as `mih dlq export` writes them.")],
    *,
    as_json: AsJson = False,
) -> None:
    """Put exported letters back among the dead, mended or not: all of them, or none where a line is wrong."""
    settings = load_settings()
    lines, wrong = _read(file, slugs_in_force(settings), settings.amqp_url)
    wrong += asyncio.run(_still_there(settings.effective_database_url(), lines))
    if wrong:
        raise Misconfigured("\n".join([*(f"{file}:{number}: {why}" for number, why in sorted(wrong)), _NOTHING]))
    asyncio.run(_publish(settings.amqp_url, [line for _, line in lines]))
    if as_json:
        print_json({"imported": len(lines)})
        return
    console.print(f"{len(lines):,} letter{'s'[: len(lines) != 1]} imported; `mih dlq replay` sends them on their way.")


_NOTHING = "nothing was imported"
_Numbered = tuple[int, Line]
_Wrong = tuple[int, str]


def _read(file: str, slugs: Sequence[str], amqp_url: str) -> tuple[list[_Numbered], list[_Wrong]]:
    try:
        text = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except OSError as failed:
        raise Misconfigured(f"{file}: cannot be read: {failed.strerror}") from None
    lines: list[_Numbered] = []
    wrong: list[_Wrong] = []
    now = datetime.now(UTC)
    for number, one in enumerate(text.split(b"\n"), 1):
        if not one.strip():
            continue
        try:
            line = read_line(one, now)
            check_place(line.place, slugs, amqp_url)
        except (Unreadable, Misconfigured) as why:
            wrong.append((number, _told(why)))
        else:
            lines.append((number, line))
    if not (lines or wrong):
        raise Misconfigured(f"{file}: is empty, expected a letter on each line")
    return lines, wrong + list(_twice(lines))


def _told(why: MihError) -> str:
    return str(why).splitlines()[0]


def _twice(lines: Sequence[_Numbered]) -> Iterator[_Wrong]:
    first: dict[tuple[str, str], int] = {}
    for number, line in lines:
        before = first.setdefault((line.place, line.id), number)
        if before != number:
            yield number, f"letter {line.id} is in line {before} already"


async def _still_there(database_url: str, lines: Sequence[_Numbered]) -> list[_Wrong]:
    async with DeadIndex.open(database_url) as index:
        return [
            (number, f"letter {line.id} is still in its queue: discard it first; discard keeps an export")
            for number, line in lines
            if await index.letter(line.place, line.id)
        ]


async def _publish(amqp_url: str, lines: Sequence[Line]) -> None:
    left = iter(lines)
    done = 0

    async def send(session: Session) -> None:
        nonlocal done
        for line in left:
            await session.publish(line.outgoing)
            done += 1

    try:
        async with open_session(amqp_url, "import") as session, asyncio.TaskGroup() as group:
            for _ in range(min(_WINDOW, len(lines))):
                group.create_task(send(session))
    except* Unavailable as away:
        reason = away.exceptions[0]
        raise Unavailable(f"{done} of {len(lines)} letters were imported, then: {reason}") from None
