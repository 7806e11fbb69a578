"""`mih export`."""

import asyncio
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from pipeline.cli.output import AsJson, print_json
from pipeline.errors import Misconfigured, Unavailable
from pipeline.registry import RevisionStore, to_yaml
from pipeline.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("export", rich_help_panel="Registry")(export)


def export(
    file: Annotated[Path | None, typer.Argument(help="Where to write; standard output when left out.")] = None,
    *,
    as_json: AsJson = False,
) -> None:
    """Write the registry in force as a file that `mih apply` reads; secrets stay references or sealed."""
    document = asyncio.run(_document(load_settings().effective_database_url()))
    if as_json:
        print_json(document)
    elif file:
        _write(file, to_yaml(document))
    else:
        sys.stdout.write(to_yaml(document))


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text)
    except OSError as failed:
        raise Misconfigured(f"{file}: cannot be written: {failed.strerror}") from None


async def _document(database_url: str) -> dict[str, Any]:
    async with RevisionStore.open(database_url) as store:
        number = await store.latest_number()
        if not number:
            raise Unavailable("nothing was applied yet: `mih apply FILE` puts a registry in force")
        return await store.load(number)
