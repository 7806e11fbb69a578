"""`mih dlq replay`: dead letters on their way again."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import typer

from pipeline.attempt.transports import SCHEMAS
from pipeline.broker import Incoming, Session, ready_in
from pipeline.cli.dlq.barriers import barriers
from pipeline.cli.dlq.selected import (
    NONE_KNOWN,
    OfService,
    OlderThan,
    WithFingerprint,
    WithId,
    WithReason,
    check_place,
    selection_of,
)
from pipeline.cli.dlq.walking import Passed, Walking, ending, places_meant, say, walking
from pipeline.cli.output import AsJson, print_json
from pipeline.dead_index import DeadIndex, Selection
from pipeline.dlq import Decision, Keep, Pace, anew, as_sent, chosen_by
from pipeline.errors import Unavailable
from pipeline.registry import Registry, RevisionStore, compile_registry
from pipeline.settings import Settings, load_settings
from topology import names

#: Letters that may wait for a service at once: the first attempts of what happens now come soon after them.
_AHEAD = 100
#: Letters per second; whoever wants more wants no rate.
_FASTEST = 100_000


@dataclass(frozen=True, slots=True)
class Way:
    """How what is chosen is replayed."""

    is_anew: bool
    rate: float | None
    ahead: int
    is_forced: bool


def replay(  # noqa: PLR0913 - each is one option of the command
    *,
    service: OfService = "",
    reason: WithReason = "",
    older_than: OlderThan = "",
    letter: WithId = None,
    fingerprint: WithFingerprint = "",
    is_anew: Annotated[bool, typer.Option("--anew", help="Render their requests by today's rules.")] = False,
    rate: Annotated[
        float | None, typer.Option(min=0.1, max=_FASTEST, help="At most so many letters per second.")
    ] = None,
    ahead: Annotated[
        int, typer.Option(min=0, help="So many deliveries may wait for the service before it goes on; 0: any number.")
    ] = _AHEAD,
    force: Annotated[bool, typer.Option("--force", help="Also to services that are paused or down.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send dead letters to their service again, of all services or of one; exits with 1 when any that are meant stay.

    As they were sent, or by today's rules. Letters of `invalid` and `unroutable` are read, or sent, again.
    """
    selection = selection_of(service, reason, older_than, letter, fingerprint)
    # Where it is forced, what waits may wait for long.
    way = Way(is_anew, rate, 0 if force else ahead, force)
    passed = asyncio.run(_replay(load_settings(), selection, way, show=not as_json))
    if as_json:
        print_json([_row(one) for one in passed])
    else:
        # Of a service that has none, nothing is said but to who asked for it.
        lines = [line for one in passed if service or one.refused or one.walked.depth for line in _told(one)]
        say(*lines or [NONE_KNOWN])
    if not all(one.is_done for one in passed):
        raise typer.Exit(1)


async def _replay(settings: Settings, selection: Selection, way: Way, *, show: bool) -> list[Passed]:
    registry = await _in_force(settings)
    async with DeadIndex.open(settings.effective_database_url()) as index:
        slugs = sorted(registry.services)
        check_place(selection.place, [*slugs, *await index.counts()], settings.amqp_url)
        places = await places_meant(settings, selection, index, slugs)
        held_back = {} if way.is_forced else await barriers(settings, places)
        refused = [
            Passed(place, refused=f"{why}; --force replays them all the same") for place, why in held_back.items()
        ]
        async with walking(settings, index, "replay", show=show) as walks:
            walked = [await _walk(walks, place, registry, selection, way) for place in places if place not in held_back]
    return [*refused, *walked]


async def _walk(walks: Walking, place: str, registry: Registry, selection: Selection, way: Way) -> Passed:
    is_meant = await chosen_by(selection, walks.index, place, datetime.now(UTC))

    async def decide(message: Incoming) -> Decision:
        if not is_meant(message):
            return Keep()
        now = datetime.now(UTC)
        return anew(message, registry, now) if way.is_anew else as_sent(message, place, registry, now)

    pace = Pace(way.rate) if way.rate else None
    return await walks.over(place, decide, room=_room(walks.session, place, way), pace=pace)


def _room(session: Session, place: str, way: Way) -> Callable[[], Awaitable[int]] | None:
    """Room is where letters go to: a service's queue, and before it the router's; for what is no delivery, ingest's."""
    if not way.ahead:
        return None
    queues = [names.INGEST] if place in names.RESERVED_SLUGS else [names.service_queue(place)]
    if way.is_anew:
        queues.append(names.ROUTER)

    async def room() -> int:
        return way.ahead - sum([await ready_in(session, queue) or 0 for queue in queues])

    return room


async def _in_force(settings: Settings) -> Registry:
    async with RevisionStore.open(settings.effective_database_url()) as store:
        number = await store.latest_number()
        if not number:
            raise Unavailable("nothing was applied yet: `mih apply FILE` puts services and rules in force")
        return compile_registry(await store.load(number), number, SCHEMAS)


def _row(one: Passed) -> Mapping[str, Any]:
    walked = one.walked
    return {
        "place": one.place,
        "depth": walked.depth,
        "replayed": walked.sent,
        "kept": walked.kept,
        "stayed": walked.stayed,
        "repeats": walked.repeats,
        "interrupted": walked.interrupted,
        "refused": one.refused or None,
    }


def _told(one: Passed) -> list[str]:
    walked = one.walked
    if one.refused and not walked.met:
        return [f"{one.place}: nothing is replayed, {one.refused}"]
    told = [f"{one.place}: {walked.sent:,} of {walked.depth:,} dead letters are on their way again."]
    if walked.repeats:
        told.append(f"  {walked.repeats:,} were there twice, and are dropped")
    return told + ending(one)
