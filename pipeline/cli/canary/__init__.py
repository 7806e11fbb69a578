"""`mih canary`: sends an event of the hub's own down the road, and tells how far it came and how fast."""

import asyncio
from typing import Annotated

import typer

from pipeline.attempt.transports import SCHEMAS
from pipeline.broker import open_session
from pipeline.cli.canary.follow import follow
from pipeline.cli.canary.road import Became, Road, planned_road
from pipeline.cli.canary.role import run_canary
from pipeline.cli.canary.show import as_json as json_of
from pipeline.cli.canary.show import show
from pipeline.cli.output import AsJson, print_json
from pipeline.cli.stage import Stage, run_stage
from pipeline.duration import parse_duration
from pipeline.errors import Misconfigured, Unavailable
from pipeline.registry import RevisionStore, compile_registry
from pipeline.settings import Settings, load_settings

_Every = Annotated[
    str, typer.Option(metavar="DURATION", help="Send one again and again, so long apart, until told to stop: a role.")
]
_Within = Annotated[str, typer.Option(metavar="DURATION", help="It must be at its end by then.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("canary", rich_help_panel="Run")(send_canary)


def send_canary(*, every: _Every = "", within: _Within = "30s", as_json: AsJson = False) -> None:
    """Send one event mih.canary down the road and follow it; exits with 1 when it does not arrive in time."""
    within_s = _seconds("--within", within)
    if every:
        every_s = _seconds("--every", every)

        async def run(stage: Stage) -> None:
            await run_canary(stage, every_s=every_s, within_s=within_s)

        run_stage("canary", run)
        return
    road = asyncio.run(_followed(load_settings(), within_s))
    if as_json:
        print_json(json_of(road))
    else:
        show(road)
    raise typer.Exit(0 if road.became is Became.ARRIVED else 1)


async def _followed(settings: Settings, within_s: float) -> Road:
    """Send one, and follow it to its end.

    Raises Unavailable when database or broker are away.
    """
    road = await _planned(settings)
    async with open_session(settings.amqp_url, "canary") as session:
        await follow(session, road, within_s=within_s)
    if road.became is Became.UNKNOWN:
        raise Unavailable(f"nothing is known of the canary: {'; '.join(road.missing())}")
    return road


async def _planned(settings: Settings) -> Road:
    async with RevisionStore.open(settings.effective_database_url()) as store:
        number = await store.latest_number()
        return planned_road(compile_registry(await store.load(number), number, SCHEMAS) if number else None)


def _seconds(option: str, text: str) -> float:
    try:
        seconds = parse_duration(text).total_seconds()
    except ValueError as wrong:
        raise Misconfigured(f"{option}: {wrong}") from None
    if seconds <= 0:
        raise Misconfigured(f"{option}: expected more than no time, found {text}")
    return seconds
