"""A service as a sender serves it: its section of the registry, read once for what every attempt needs."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from pipeline.attempt.ending import Meaning, meaning_of
from pipeline.attempt.policy import policy_of
from pipeline.registry.model import ServiceBase
from pipeline.shared_state.permit import Policy


@dataclass(frozen=True, slots=True)
class Served:
    """One service."""

    slug: str
    service: ServiceBase
    policy: Policy
    meaning: Meaning
    slow_ms: int | None

    @classmethod
    def of(cls, slug: str, service: ServiceBase) -> Self:
        """Read a service's section."""
        slow_ms = service.slow // timedelta(milliseconds=1) if service.slow else None
        return cls(slug, service, policy_of(service), meaning_of(service), slow_ms)
