"""What `mih status` knows of the hub at one moment; None is what is not known, or is not."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pipeline.registry import Intervention
from pipeline.shared_state.permit import State


class Source(StrEnum):
    """What is asked."""

    RABBITMQ = "RabbitMQ"
    MANAGEMENT = "management API"
    REDIS = "Redis"
    DATABASE = "database"


@dataclass(frozen=True, slots=True)
class Counted:
    """A queue's messages and consumers."""

    ready: int | None = None
    in_hand: int | None = None
    consumers: int | None = None


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """A service: its queue, its dead letters, and how the fleet stands to it."""

    service: str
    ready: int | None = None
    in_hand: int | None = None
    dead: int | None = None
    #: Consumers of its queue.
    senders: int | None = None
    #: None where it is in the registry no more.
    transport: str | None = None
    #: Seconds; what waits first came no earlier than that, for the queue's head is known from what was last taken.
    oldest_at_most_s: float | None = None
    state: State | None = None
    since: datetime | None = None
    next_probe: datetime | None = None
    failures: int | None = None
    #: The fleet's limit of requests in flight, None also where there is none; and requests in flight.
    window: int | None = None
    flying: int | None = None
    #: Answers per second over the last minute; latencies over the last five.
    rate_per_s: float | None = None
    p50_ms: int | None = None
    p99_ms: int | None = None
    last_error: str = ""
    last_error_at: datetime | None = None
    paused: Intervention | None = None
    forced: Intervention | None = None

    @property
    def is_held(self) -> bool:
        """Whether a queue without a consumer is as it should be: paused, or nothing may go out."""
        return self.paused is not None or self.forced is not None or self.state in {State.OPEN, State.HALF_OPEN}


@dataclass(frozen=True, slots=True)
class Facts:
    """All that was found out at once."""

    at: datetime
    road: Mapping[str, Counted]
    services: Sequence[ServiceStatus]
    #: Senders that were heard within the last seconds, by transport; None while Redis is away.
    alive: Mapping[str, int] | None
    #: Rules that somebody stopped.
    stopped: Sequence[Intervention]
    #: What did not answer, and its word.
    away: Mapping[Source, str]
