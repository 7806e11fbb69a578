"""`mih rules try RULE --event FILE|-|ID`: why a rule answers to an event or not, and what it sends."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from pipeline.attempt.transports import SCHEMAS
from pipeline.cli.output import AsJson, print_json
from pipeline.cli.rules.explained import as_mapping, show
from pipeline.cli.rules.reading import read_files
from pipeline.cli.rules.sample import event_named
from pipeline.errors import Misconfigured, Unavailable
from pipeline.registry import Registry, RevisionStore, compile_registry
from pipeline.rules.fault import unknown
from pipeline.rules.trial import explain
from pipeline.settings import load_settings


def try_rule(
    name: Annotated[str, typer.Argument(metavar="RULE", help="A rule of the registry in force.")],
    *,
    event: Annotated[
        str, typer.Option(metavar="FILE|-|ID", help="The event: a file, standard input, or the id of a dead letter.")
    ],
    files: Annotated[
        list[Path] | None, typer.Option("--in", metavar="FILE", help="Take the rule from registry files (repeat it).")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Tell whether a rule answers to an event, condition by condition, and show its request; 1 when none is sent."""
    registry = read_files(files).registry if files else asyncio.run(_in_force())
    rule = next((rule for rule in registry.rules if rule.name == name), None)
    if rule is None:
        raise Misconfigured(unknown("rule", name, (rule.name for rule in registry.rules))[0])
    explanation = explain(rule, event_named(event), datetime.now(UTC))
    if as_json:
        print_json(as_mapping(explanation, registry.services))
    else:
        show(explanation, registry.services)
    if not explanation.is_sent:
        raise typer.Exit(1)


async def _in_force() -> Registry:
    async with RevisionStore.open(load_settings().effective_database_url()) as store:
        number = await store.latest_number()
        if not number:
            raise Unavailable("nothing was applied yet: `mih apply FILE` puts rules in force, --in FILE reads them")
        return compile_registry(await store.load(number), number, SCHEMAS)
