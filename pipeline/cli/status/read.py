"""Asks RabbitMQ, its management API, Redis and the database at once; what does not answer is left out and named."""

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, TypeVar

from pipeline.cli.fleet import ask_fleet, redis_away
from pipeline.cli.status.facts import Counted, Facts, ServiceStatus, Source
from pipeline.cli.status.percentile import percentile
from pipeline.errors import Unavailable
from pipeline.registry import Interventions, InterventionStore, Kind, RevisionStore
from pipeline.settings import Settings
from pipeline.shared_state.breaker import Breakers
from pipeline.shared_state.permit import Standing
from topology import names
from topology.connection import vhost_of
from topology.delay import LEVELS
from topology.depth import Depth
from topology.depths import read_depths
from topology.errors import BrokerAway, ManagementAway
from topology.management import read_broker

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Said:
    """What people wrote: the transports of services, and their word."""

    transports: Mapping[str, str] = field(default_factory=dict)
    words: Interventions = field(default_factory=Interventions)


@dataclass(frozen=True, slots=True)
class _Fleet:
    """What Redis knows."""

    standings: Mapping[str, Standing]
    alive: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class _Queues:
    depths: Mapping[str, Depth]
    in_hand: Mapping[str, int]

    def counted(self, name: str) -> Counted:
        """All that is known of a queue."""
        depth = self.depths.get(name)
        return Counted(depth.ready, self.in_hand.get(name), depth.consumers) if depth else Counted()


async def read(settings: Settings) -> Facts:
    """Find out how the hub is.

    Raises Misconfigured for a setting that cannot be meant; whatever is away is in `away`.
    """
    away: dict[Source, str] = {}
    said, in_hand = await asyncio.gather(
        _or(_Said(), Source.DATABASE, away, _said(settings)),
        _or({}, Source.MANAGEMENT, away, asyncio.to_thread(_in_hand, settings)),
    )
    slugs = sorted({*said.transports, *slugs_of(in_hand)})
    depths, fleet = await asyncio.gather(
        _or({}, Source.RABBITMQ, away, asyncio.to_thread(read_depths, settings.amqp_url, watched(slugs))),
        ask_fleet(settings, lambda breakers: _fleet(breakers, slugs, set(said.transports.values()))),
    )
    if fleet is None:
        away[Source.REDIS] = redis_away(settings)
    queues, now = _Queues(depths, in_hand), datetime.now(UTC)
    return Facts(
        at=now,
        road=_road(queues),
        services=[_service(slug, queues, said, fleet, now) for slug in slugs],
        alive=fleet.alive if fleet else None,
        stopped=[word for word in said.words if word.kind is Kind.STOPPED],
        away=away,
    )


async def _or(otherwise: T, source: Source, away: dict[Source, str], answer: Awaitable[T]) -> T:
    """The answer of a source; `otherwise` where it is away, which is noted."""
    try:
        return await answer
    except (Unavailable, BrokerAway, ManagementAway) as missing:
        away[source] = str(missing)
        return otherwise


async def _said(settings: Settings) -> _Said:
    url = settings.effective_database_url()
    async with RevisionStore.open(url) as store, InterventionStore.open(url) as said:
        number = await store.latest_number()
        services: Mapping[str, Any] = (await store.load(number)).get("services") or {} if number else {}
        return _Said({slug: one["transport"] for slug, one in services.items()}, await said.all())


def _in_hand(settings: Settings) -> dict[str, int]:
    """Messages in hand by queue, which only the management API counts."""
    found = read_broker(settings.effective_management_url(), vhost_of(settings.amqp_url)).queues
    return {name: row["messages_unacknowledged"] for name, row in found.items() if "messages_unacknowledged" in row}


def slugs_of(queues: Iterable[str]) -> set[str]:
    """Services that have a queue, of deliveries or of dead ones, also those that the registry has no more."""
    prefixes = (names.service_queue(""), names.dead_letter_queue(""))
    return {name.removeprefix(prefix) for name in queues for prefix in prefixes if name.startswith(prefix)}


def watched(slugs: Iterable[str]) -> list[str]:
    """The queues that tell how the hub is."""
    services = [queue(slug) for slug in slugs for queue in (names.service_queue, names.dead_letter_queue)]
    levels = [names.delay_level(level) for level in range(LEVELS)]
    suspects = [names.suspect_queue(stage) for stage in names.STAGES]
    road = [names.INGEST, names.ROUTER, names.DEAD, names.INVALID, names.UNROUTABLE]
    return [*road, *levels, *suspects, *services]


async def _fleet(breakers: Breakers, slugs: Iterable[str], transports: Iterable[str]) -> _Fleet:
    standings = await breakers.snapshot(slugs)
    return _Fleet(standings, {transport: await breakers.senders(transport) for transport in sorted(transports)})


def _road(queues: _Queues) -> dict[str, Counted]:
    waiting = [queues.counted(names.delay_level(level)).ready for level in range(LEVELS)]
    on_the_ladder = [ready for ready in waiting if ready is not None]
    return {
        "ingest": queues.counted(names.INGEST),
        "router": queues.counted(names.ROUTER),
        "waiting to be tried again": Counted(ready=sum(on_the_ladder) if on_the_ladder else None),
        "recorder": queues.counted(names.DEAD),
        **{f"suspect in {stage}": queues.counted(names.suspect_queue(stage)) for stage in names.STAGES},
        "invalid": queues.counted(names.INVALID),
        "unroutable": queues.counted(names.UNROUTABLE),
    }


def _service(slug: str, queues: _Queues, said: _Said, fleet: _Fleet | None, now: datetime) -> ServiceStatus:
    own, dead = queues.counted(names.service_queue(slug)), queues.counted(names.dead_letter_queue(slug))
    return ServiceStatus(
        service=slug,
        ready=own.ready,
        in_hand=own.in_hand,
        dead=dead.ready,
        senders=own.consumers,
        transport=said.transports.get(slug),
        paused=said.words.paused(slug),
        forced=said.words.forced(slug),
        **(_stands(fleet.standings[slug], own.ready, now) if fleet else {}),
    )


def _stands(standing: Standing, ready: int | None, now: datetime) -> dict[str, Any]:
    return {
        "oldest_at_most_s": oldest_s(standing, ready, now),
        "state": standing.state,
        "since": _time(standing.since_ms),
        "next_probe": _time(standing.next_probe_ms),
        "failures": standing.failures,
        "window": standing.window,
        "flying": standing.flying,
        "rate_per_s": standing.rate,
        "p50_ms": percentile(standing.latencies, 0.5),
        "p99_ms": percentile(standing.latencies, 0.99),
        "last_error": _line(standing.last_error),
        "last_error_at": _time(standing.last_error_ms),
    }


def oldest_s(standing: Standing, ready: int | None, now: datetime) -> float | None:
    """For how many seconds, at most, the first of so many waits; None where that is not known, or none does."""
    head = _time(standing.head_ms)
    return (now - head).total_seconds() if ready and head else None


def _time(at_ms: int | None) -> datetime | None:
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC)


def _line(error: str) -> str:
    """Make one line of it, without what no terminal should obey: a service may have had its word in it."""
    return "".join(one if one.isprintable() else "�" for one in " ".join(error.split()))
