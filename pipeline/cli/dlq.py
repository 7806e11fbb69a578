"""`mih dlq …`: what died."""

import asyncio
from dataclasses import asdict
from typing import Annotated

import typer
from rich.progress import MofNCompleteColumn, Progress

from pipeline.broker import open_session
from pipeline.cli.in_force import slugs_in_force
from pipeline.cli.output import AsJson, console, print_json
from pipeline.dlq import Replayed
from pipeline.dlq import replay as replay_letters
from pipeline.errors import Misconfigured
from pipeline.settings import load_settings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    commands = typer.Typer(help="What died, and its way back.", no_args_is_help=True)
    commands.callback()(lambda: None)
    commands.command()(replay)
    app.add_typer(commands, name="dlq", rich_help_panel="Mend")


def replay(
    *,
    service: Annotated[str, typer.Option(help="The service whose dead letters to replay.")],
    delivery: Annotated[list[str] | None, typer.Option("--id", help="Only these deliveries (repeat it).")] = None,
    as_json: AsJson = False,
) -> None:
    """Send dead letters to their service again, as they were sent, in one pass over the queue."""
    settings = load_settings()
    known = slugs_in_force(settings)
    if service not in known:
        # Its letters would be on their way to nobody.
        raise Misconfigured(f"there is no service {service!r} in the registry, which has: {', '.join(known) or 'none'}")
    done = asyncio.run(_replay(settings.amqp_url, service, set(delivery or ()), show=not as_json))
    if as_json:
        print_json(asdict(done))
        return
    console.print(
        f"{done.replayed} of {done.depth} dead letters of {service} are on their way again, {done.kept} stay."
    )


async def _replay(amqp_url: str, service: str, wanted: set[str], *, show: bool) -> Replayed:
    columns = (*Progress.get_default_columns(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not (show and console.is_terminal), transient=True) as progress:
        task = progress.add_task("replaying", total=None)
        async with open_session(amqp_url, "replay") as session:
            return await replay_letters(
                session,
                service,
                chosen=lambda letter: not wanted or letter.delivery.id in wanted,
                progress=lambda done: progress.update(task, total=done.depth, completed=done.replayed + done.kept),
            )
