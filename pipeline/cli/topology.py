"""`mih topology show|apply|verify`."""

from dataclasses import asdict

import typer

from pipeline.cli.in_force import slugs_in_force
from pipeline.cli.output import AsJson, console, print_json, print_table
from pipeline.errors import DatabaseMissing
from pipeline.settings import Settings, load_settings
from topology.connection import vhost_of
from topology.declare import declare
from topology.entities import Topology, topology_of
from topology.show import rows
from topology.verify import drift


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(help="Where messages live in RabbitMQ: show it, declare it, compare.", no_args_is_help=True)
    for command in (show, apply, verify):
        commands.command()(command)
    app.add_typer(commands, name="topology", rich_help_panel="Look")


def show(*, as_json: AsJson = False) -> None:
    """Show exchanges, queues and bindings as they should be, with those of the registry's services."""
    found = rows(topology_in_force(load_settings()))
    if as_json:
        print_json([asdict(row) for row in found])
        return
    print_table(
        "Topology",
        ("name", "kind", "arguments", "gets"),
        [(row.name, row.kind, row.short, "\n".join(row.bindings)) for row in found],
    )


def apply(*, as_json: AsJson = False) -> None:
    """Declare what is missing; what is there stays. Safe to repeat, also while everything runs."""
    settings = load_settings()
    try:
        topology, left_out = topology_in_force(settings), ""
    except DatabaseMissing as missing:
        # As on a new machine; `mih apply` declares the queues of its services itself.
        topology, left_out = topology_of([]), f"No queues of services, for {missing}."
    declare(settings.amqp_url, topology)
    declared = {
        "exchanges": len(topology.exchanges),
        "queues": len(topology.queues),
        "bindings": len(topology.bindings),
    }
    if as_json:
        print_json(declared)
        return
    console.print("The topology is in place:", ", ".join(f"{number} {what}" for what, number in declared.items()))
    if left_out:
        console.print(left_out, markup=False, highlight=False, soft_wrap=True)


def verify(*, as_json: AsJson = False) -> None:
    """Compare RabbitMQ with what should be there; exits with 1 when something differs."""
    settings = load_settings()
    found = drift(settings.effective_management_url(), vhost_of(settings.amqp_url), topology_in_force(settings))
    if as_json:
        print_json([asdict(one) for one in found])
    elif found:
        print_table(
            "RabbitMQ differs",
            ("what", "where", "expected", "found", "what to do"),
            [(one.what, one.where, one.expected, one.found, one.do) for one in found],
        )
    else:
        console.print("RabbitMQ is as it should be.")
    if found:
        raise typer.Exit(1)


def topology_in_force(settings: Settings) -> Topology:
    """The hub's topology with the queues of the services in the newest revision."""
    return topology_of(slugs_in_force(settings))
