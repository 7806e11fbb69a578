"""`mih schema`."""

import typer

from pipeline.attempt.transports import SCHEMAS
from pipeline.cli.output import print_json
from pipeline.registry import json_schema


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("schema", rich_help_panel="Registry")(schema)


def schema() -> None:
    """Print the JSON Schema of a registry file, for editors."""
    print_json(json_schema(SCHEMAS))
