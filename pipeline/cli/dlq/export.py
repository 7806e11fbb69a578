"""`mih dlq export`: dead letters as JSON lines, from the index; touches no queue."""

import asyncio
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer

from pipeline.cli.dlq.selected import (
    OfService,
    OlderThan,
    WithFingerprint,
    WithId,
    WithReason,
    check_place,
    selection_of,
)
from pipeline.cli.in_force import slugs_in_force
from pipeline.cli.output import complain
from pipeline.dead_index import DeadIndex, Selection
from pipeline.dlq import write_line
from pipeline.errors import Unreadable
from pipeline.settings import Settings, load_settings


def export(  # noqa: PLR0913 - each is one option of the command
    *,
    service: OfService = "",
    reason: WithReason = "",
    older_than: OlderThan = "",
    letter: WithId = None,
    fingerprint: WithFingerprint = "",
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write a new file, for your eyes only.")] = None,
) -> None:
    """Write dead letters as JSON lines, to be read, or mended and imported again."""
    settings = load_settings()
    selection = selection_of(service, reason, older_than, letter, fingerprint)
    slugs = slugs_in_force(settings)
    left_out = asyncio.run(_export(settings, selection, slugs, output))
    for why in left_out:
        complain(why)
    if left_out:
        raise typer.Exit(1)


async def _export(settings: Settings, selection: Selection, slugs: list[str], output: Path | None) -> list[str]:
    """Write what is meant; what could not be written, and why."""
    left_out = []
    async with DeadIndex.open(settings.effective_database_url()) as index:
        check_place(selection.place, [*slugs, *await index.counts()], settings.amqp_url)
        with _opened(output) as file:
            async for entry in index.select(selection):
                # Who left since it was selected is dead no more.
                if letter := await index.letter(entry.place, entry.letter_id):
                    try:
                        file.write(write_line(letter))
                    except Unreadable as why:
                        left_out.append(str(why))
    return left_out


@contextmanager
def _opened(output: Path | None) -> Iterator[BinaryIO]:
    if output is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    # For its owner, whatever the umask; and nothing is overwritten: a file of letters may be their only copy.
    with os.fdopen(os.open(output, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        yield file
