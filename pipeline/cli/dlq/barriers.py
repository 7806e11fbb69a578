"""Why a service should not be sent its dead letters now: they would only wait, or push at what is down."""

from collections.abc import Mapping, Sequence

from pipeline.cli.fleet import ask_fleet, redis_away
from pipeline.cli.output import complain
from pipeline.registry import Interventions, InterventionStore
from pipeline.settings import Settings
from pipeline.shared_state.permit import Standing, State


async def barriers(settings: Settings, slugs: Sequence[str]) -> Mapping[str, str]:
    """Say of each service that is paused, or whose breaker is not closed, why it is better left alone.

    Raises Unavailable when the database is away; a Redis that is away is no reason, and is told.
    """
    async with InterventionStore.open(settings.effective_database_url()) as store:
        said = await store.all()
    standings = await ask_fleet(settings, lambda breakers: breakers.states(slugs))
    if standings is None:
        complain(f"{redis_away(settings)}: whether a breaker is open is not known, so nothing is held back for it")
    found = {slug: barrier(slug, said, (standings or {}).get(slug, Standing())) for slug in slugs}
    return {slug: reason for slug, reason in found.items() if reason}


def barrier(slug: str, said: Interventions, standing: Standing) -> str:
    """Judge one service; empty where nothing is in the way."""
    if paused := said.paused(slug):
        return f"it is paused {paused}"
    forced = said.breaker(slug)
    if forced == "open":
        return f"its breaker is forced open {said.forced(slug)}"
    return f"its breaker is {standing.state}" if standing.state is not State.CLOSED and forced is None else ""
