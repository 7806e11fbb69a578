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
from pipeline.settings import load_settings


def export(  # noqa: PLR0913 - each is one option of the command
    *,
    service: OfService = "",
    reason: WithReason = "",
    older_than: OlderThan = "",
    letter: WithId = None,
    fingerprint: WithFingerprint = "",
    output: Annotated[Path | None, typer.Option(metavar="FILE", help="Write there, for your eyes only.")] = None,
) -> None:
    """Write dead letters as JSON lines, to be read, or mended and imported again."""
    settings = load_settings()
    selection = selection_of(service, reason, older_than, letter, fingerprint)
    slugs = slugs_in_force(settings)
    with _opened(output) as file:
        left_out = asyncio.run(_export(settings.effective_database_url(), selection, slugs, file))
    for why in left_out:
        complain(why)
    if left_out:
        raise typer.Exit(1)


async def _export(database_url: str, selection: Selection, slugs: list[str], file: BinaryIO) -> list[str]:
    """Write what is meant; what could not be written, and why."""
    left_out = []
    async with DeadIndex.open(database_url) as index:
        check_place(selection.place or "", [*slugs, *await index.counts()])
        async for entry in index.select(selection):
            for letter in await index.letters(entry.letter_id):
                if letter.place != entry.place or letter.letter_id != entry.letter_id:
                    continue
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
    # Payloads are for their owner, whatever the umask.
    with os.fdopen(os.open(output, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "wb") as file:
        yield file
