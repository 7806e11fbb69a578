"""`mih breaker reset|open|close`: a person's hand on a breaker."""

import asyncio
from collections.abc import Sequence
from typing import Annotated

import typer

from pipeline.cli.breaker.chosen import chosen, forced_to
from pipeline.cli.fleet import ask_fleet, redis_away
from pipeline.cli.in_force import slugs_in_force
from pipeline.cli.word import Who, Why, say, spoken, take_back, tell
from pipeline.errors import Unavailable
from pipeline.registry import Kind
from pipeline.settings import load_settings
from pipeline.shared_state.breaker import Breakers

_Service = Annotated[str, typer.Argument(help="The service whose breaker it is.")]


def reset(
    service: Annotated[str, typer.Argument(metavar="[SERVICE]", help="The service whose breaker it is.")] = "",
    *,
    everything: Annotated[bool, typer.Option("--all", help="Reset every breaker.")] = False,
) -> None:
    """Close a breaker, forget its failures, and end its being forced open or closed."""
    if bool(service) == everything:
        raise typer.BadParameter("expected either a service or --all")
    settings = load_settings()
    slugs, said = chosen(settings, service)
    # Redis first: who ends a breaker's being forced closed must not open it for a moment.
    is_reset = asyncio.run(ask_fleet(settings, lambda breakers: _reset(breakers, slugs)))
    for forced in filter(None, map(said.forced, slugs)):
        take_back(settings, forced.kind, forced.name, known=slugs)
        tell(f"{forced.name} is forced {forced_to(forced)} no more, as it was {forced}")
    if not is_reset:
        raise Unavailable(f"{redis_away(settings)}: nothing else was reset")
    tell(f"Closed: {', '.join(slugs) or 'none, for no service is in force'}")


def open_(service: _Service, *, why: Why, who: Who = "") -> None:
    """Force a breaker open: nothing is sent, no probe either, until it is reset."""
    _force(Kind.BREAKER_OPEN, service, why, who)


def close(service: _Service, *, why: Why, who: Who = "") -> None:
    """Force a breaker closed: everything is sent, whatever fails, until it is reset."""
    _force(Kind.BREAKER_CLOSED, service, why, who)


def _force(kind: Kind, service: str, why: str, who: str) -> None:
    settings = load_settings()
    word = spoken(kind, service, why=why, who=who)
    earlier = say(settings, word, known=slugs_in_force(settings))
    if earlier:
        tell(f"{service} was forced {forced_to(earlier)} already, {earlier}")
    tell(f"{service} is forced {forced_to(word)} until `mih breaker reset {service}`.")


async def _reset(breakers: Breakers, slugs: Sequence[str]) -> bool:
    for slug in slugs:
        await breakers.reset(slug)
    return True
