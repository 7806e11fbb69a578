"""`mih import plugin FILE…`: the PHP plugin's services and rules as a registry file, with all that differs."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from pipeline.attempt.guard import Guard
from pipeline.attempt.transports import SCHEMAS
from pipeline.cli.output import AsJson, TextConsole, print_json
from pipeline.errors import Misconfigured
from pipeline.plugin_import import Imported, Place, Problem, file_text, import_tables, read_tables
from pipeline.settings import load_settings

#: Columns where nobody looks, as for what is printed.
_UNBROKEN = 500


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(help="Bring over what another hub was told.", no_args_is_help=True)
    commands.callback()(lambda: None)
    commands.command("plugin")(plugin)
    app.add_typer(commands, name="import", rich_help_panel="Registry")


def plugin(
    files: Annotated[
        list[Path], typer.Argument(help="The plugin's tables of services and rules: JSON or CSV, in any order.")
    ],
    *,
    output: Annotated[Path | None, typer.Option(help="Where to write; standard output when left out.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a registry file of the Moodle plugin's services and rules, and tell every difference in meaning.

    Secrets become references to environment variables. What cannot be in force is in the file as a comment.
    """
    guard = Guard(load_settings().allowed_networks)
    unreadable: list[Problem] = []
    tables = read_tables(_texts(files, unreadable), unreadable)
    imported = import_tables(tables, SCHEMAS, check_destination=guard.check_written)
    text = file_text(imported)
    if output:
        _write(output, text, force=force)
    if as_json:
        print_json(_as_mapping(imported, text))
        return
    if not output:
        sys.stdout.write(text)
    _tell(imported)


def _texts(files: Sequence[Path], unreadable: list[Problem]) -> Mapping[str, str]:
    texts: dict[str, str] = {}
    for file in files:
        # A file's name may be of any bytes, and is told as text.
        name = os.fsencode(file).decode(errors="backslashreplace")
        try:
            texts[name] = file.read_bytes().decode("utf-8-sig")
        except OSError as failed:
            unreadable.append(Problem(Place(name), "", f"cannot be read: {failed.strerror}"))
        except UnicodeDecodeError:
            unreadable.append(
                Problem(Place(name), "", "found bytes that are no UTF-8 text, expected it saved as UTF-8")
            )
    return texts


def _write(file: Path, text: str, *, force: bool) -> None:
    try:
        with file.open("w" if force else "x", encoding="utf-8", newline="\n") as opened:
            opened.write(text)
    except FileExistsError:
        raise Misconfigured(f"{file}: is there already; --force writes over it") from None
    except OSError as failed:
        raise Misconfigured(f"{file}: cannot be written: {failed.strerror}") from None


def _as_mapping(imported: Imported, text: str) -> dict[str, Any]:
    return {
        "document": imported.document,
        "file": text,
        "not_in_force": [
            {"section": one.section, "name": one.name, "place": str(one.place), "keys": one.keys, "reasons": one.out}
            for one in imported.entries
            if one.out
        ],
        "variables": [{**asdict(one), "place": str(one.place)} for one in imported.variables],
        "differences": [{**asdict(one), "place": str(one.place or "")} for one in imported.differences],
    }


def _tell(imported: Imported) -> None:
    console = TextConsole(stderr=True, width=None if sys.stderr.isatty() else _UNBROKEN)
    differences = (
        ("\n".join(filter(None, (one.where, str(one.place or "")))), one.column, one.there, one.here)
        for one in imported.differences
    )
    console.print(_table("Differences", ("where", "what", "in the plugin", "here"), differences))
    out = [(f"{one.section}.{one.name}\n{one.place}", "\n".join(one.out)) for one in imported.entries if one.out]
    if out:
        console.print(_table("Not in force: in the file as comments", ("what", "why"), out))
    if imported.variables:
        variables = ((one.name, f"{one.place}, column {one.column}") for one in imported.variables)
        console.print(_table("Variables to be set", ("variable", "the export has its value in"), variables))
    in_force = {section: len(imported.document.get(section, {})) for section in ("services", "rules")}
    console.print(
        f"{in_force['services']} services and {in_force['rules']} rules are in force, {len(out)} in comments."
    )


def _table(title: str, columns: Sequence[str], rows: Any) -> Table:
    table = Table(title=title, title_justify="left", header_style="bold", box=None, show_lines=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(escape, row))
    return table
