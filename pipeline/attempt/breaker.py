"""The breaker of one process, for while Redis is away: the decisions of `shared_state/lua`, in Python; pure.

Every time and every token is an argument. Both are held to the same answers by one conformance suite; what the
decisions mean is told there, and in the scripts.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Self

from pipeline.shared_state.permit import (
    FULL_WAIT_S,
    MAX_RESERVED_S,
    Answer,
    Burden,
    Judged,
    Known,
    Later,
    Open,
    Permit,
    Policy,
    Standing,
    State,
)

#: Deliveries that are remembered; further ones push out the oldest, since memory ends and Redis may stay away.
_MOST_REMEMBERED = 100_000
_BUCKETS = 10
_LARGEST_WINDOW = 4096
_RESERVED_US = round(MAX_RESERVED_S * 1_000_000)


@dataclass(slots=True)
class _Service:
    """What is known of one service, and the only ways in which its breaker changes."""

    state: State = State.CLOSED
    since_ms: int | None = None
    opened_ms: int = 0
    #: The token of the probe that is on its way.
    probe: str | None = None
    #: When the next probe may start.
    probe_at_ms: int | None = None
    failures: int = 0
    #: Bucket of time → attempts, failures.
    counts: dict[int, tuple[int, int]] = field(default_factory=dict)
    window: int | None = None
    threshold: int | None = None
    cut_ms: int = 0
    good: int = 0
    refusals: int = 0
    #: The first slot of the rate limit that nobody has.
    free_us: int = 0
    #: Token → when its lease ends.
    flying: dict[str, int] = field(default_factory=dict)

    def open(self, cooldown_ms: int, now_ms: int) -> None:
        self.state = State.OPEN
        self.since_ms = now_ms if self.since_ms is None else self.since_ms
        self.opened_ms = now_ms
        self.probe = None
        self.probe_at_ms = now_ms + cooldown_ms
        self.counts.clear()

    def close(self, now_ms: int) -> None:
        self.state = State.CLOSED
        self.since_ms = self.probe = self.probe_at_ms = None
        self.failures = self.good = 0
        self.window, self.threshold, self.cut_ms = 1, None, now_ms
        self.counts.clear()

    def probe_starts(self, token: str, policy: Policy, now_ms: int) -> None:
        self.state = State.HALF_OPEN
        self.probe = token
        self.probe_at_ms = now_ms + policy.lease_ms

    def flies(self, now_ms: int) -> int:
        """How many requests are in flight."""
        self.flying = {token: end_ms for token, end_ms in self.flying.items() if end_ms > now_ms}
        return len(self.flying)

    def is_full(self, policy: Policy, now_ms: int) -> bool:
        """Whether the window lets nobody in."""
        if self.window is None or self.flies(now_ms) < self.window:
            return False
        # What ends later than anything that started now was told by a clock that went back: it may never end.
        last_end_ms = now_ms + _RESERVED_US // 1000 + policy.lease_ms
        return sum(end_ms <= last_end_ms for end_ms in self.flying.values()) >= self.window

    def reserve(self, interval_us: int, now_ms: int) -> int:
        """Microseconds until the next slot of the rate limit, which is taken where it is near."""
        now_us = now_ms * 1000
        delay_us = max(0, min(self.free_us, now_us + _RESERVED_US + interval_us) - now_us)
        if delay_us <= _RESERVED_US:
            self.free_us = now_us + delay_us + interval_us
        return delay_us

    def judge(self, policy: Policy, permit: Permit, burden: Burden, now_ms: int) -> None:
        """Let the breaker take note of an attempt."""
        if permit.is_forced:
            return
        if self.state is State.HALF_OPEN and self.probe == permit.token:
            if burden.fails:
                self.failures += 1
                self.open(policy.cooldown_ms, now_ms)
            else:
                self.close(now_ms)
        elif self.state is State.CLOSED and permit.granted_ms >= self.opened_ms:
            self.failures = self.failures + 1 if burden.fails else 0
            if self._is_enough(policy, burden, now_ms):
                self.open(policy.cooldown_ms, now_ms)

    def pace(self, permit: Permit, burden: Burden, now_ms: int) -> None:
        """Halve the window, or let it grow."""
        if permit.is_probe or permit.granted_ms < self.cut_ms:
            return
        if burden.strains:
            halved = (self.flies(now_ms) if self.window is None else self.window) // 2
            self.window = self.threshold = max(1, halved)
            self.cut_ms, self.good = now_ms, 0
        elif burden.fails:
            self.good = 0
        elif self.window is not None:
            self.good += 1
            if self.good >= self.window:
                self._grow(self.window)

    def _grow(self, window: int) -> None:
        self.good = 0
        grown = window * 2 if self.threshold is None or window < self.threshold else window + 1
        if grown <= _LARGEST_WINDOW:
            self.window = grown
        else:
            self.window = self.threshold = None

    def _is_enough(self, policy: Policy, burden: Burden, now_ms: int) -> bool:
        if policy.mode != "ratio":
            return self.failures >= policy.failures
        bucket = now_ms * _BUCKETS // policy.window_ms
        total, failed = self.counts.get(bucket, (0, 0))
        self.counts[bucket] = (total + 1, failed + burden.fails)
        self.counts = {at: count for at, count in self.counts.items() if bucket - _BUCKETS < at <= bucket}
        total, failed = map(sum, zip(*self.counts.values(), strict=True))
        return burden.fails and total >= policy.minimum and failed >= policy.ratio * total


class MemoryBreaker:
    """The breakers of all services, for this process alone."""

    def __init__(self) -> None:
        self._services: defaultdict[str, _Service] = defaultdict(_Service)
        #: Key of a delivery → until when it is known.
        self._delivered: dict[str, int] = {}

    @classmethod
    def seeded(cls, standings: Mapping[str, Standing]) -> Self:
        """Begin with what was last seen of the fleet: an open breaker stays open."""
        breaker = cls()
        for slug, seen in standings.items():
            breaker._services[slug] = _Service(
                state=seen.state,
                since_ms=seen.since_ms,
                opened_ms=seen.since_ms or 0,
                probe_at_ms=seen.next_probe_ms,
                failures=seen.failures,
                window=seen.window,
            )
        return breaker

    def permit(  # noqa: PLR0913 - all that the decision goes by
        self,
        slug: str,
        policy: Policy,
        delivery_key: str,
        token: str,
        *,
        is_probe: bool = False,
        ignore_breaker: bool = False,
        first_seen_ms: int | None = None,  # noqa: ARG002 - statistics are the fleet's, nobody reads those of one process
        now_ms: int,
    ) -> Answer:
        """Whether an attempt may start; a probe that asks again under its token is granted again."""
        service = self._at(slug, now_ms)
        if self.knows(delivery_key, now_ms=now_ms):
            return Known()
        if service.state is State.CLOSED or ignore_breaker:
            return _ordinary(service, policy, token, now_ms, is_forced=ignore_breaker)
        most_ms = policy.cooldown_ms if service.state is State.OPEN else policy.lease_ms
        service.probe_at_ms = min(service.probe_at_ms or 0, now_ms + most_ms)
        wait_ms = max(0, (service.probe_at_ms or 0) - now_ms)
        if not is_probe or (wait_ms and service.probe != token):
            return Open(wait_ms / 1000)
        service.probe_starts(token, policy, now_ms)
        service.flying[token] = now_ms + policy.lease_ms
        return Permit(token, now_ms, is_probe=True)

    def report(  # noqa: PLR0913 - each is one word of what happened
        self,
        slug: str,
        policy: Policy,
        permit: Permit,
        burden: Burden,
        *,
        delivery_key: str,
        remember_ms: int,
        error: str,  # noqa: ARG002 - likewise
        latency_ms: int,  # noqa: ARG002 - likewise
        now_ms: int,
    ) -> Judged:
        """Say how the attempt went; what was delivered is known by its key for `remember_ms`."""
        service = self._at(slug, now_ms)
        was_in_order = service.state is State.CLOSED and permit.granted_ms >= service.opened_ms
        service.judge(policy, permit, burden, now_ms)
        service.pace(permit, burden, now_ms)
        service.refusals = service.refusals + 1 if burden.refuses else 0
        service.flying.pop(permit.token, None)
        if burden.delivered and delivery_key:
            self._remember(delivery_key, now_ms + remember_ms)
        stays_in_order = was_in_order and service.state is State.CLOSED
        return Judged(permit.is_forced or not burden.fails or stays_in_order, service.state, service.refusals)

    def release(self, slug: str, token: str, *, now_ms: int) -> None:
        """Give back a permit that was not used; after a probe's, the next may start at once."""
        service = self._services[slug]
        service.flying.pop(token, None)
        if service.state is State.HALF_OPEN and service.probe == token:
            service.state, service.probe, service.probe_at_ms = State.OPEN, None, now_ms

    def reset(self, slug: str, *, now_ms: int) -> None:
        """Close the breaker and forget what was held against the service."""
        service = self._services[slug]
        service.close(now_ms)
        service.window = service.threshold = None
        service.refusals = 0

    def knows(self, delivery_key: str, *, now_ms: int) -> bool:
        """Whether this delivery reached its service already."""
        return self._delivered.get(delivery_key, now_ms) > now_ms

    def states(self, slugs: Iterable[str]) -> Mapping[str, Standing]:
        """What followers go by: all of a standing but its statistics."""
        return {slug: _light(self._services[slug]) for slug in slugs}

    def _at(self, slug: str, now_ms: int) -> _Service:
        service = self._services[slug]
        service.opened_ms, service.cut_ms = (at if at <= now_ms else 0 for at in (service.opened_ms, service.cut_ms))
        return service

    def _remember(self, delivery_key: str, until_ms: int) -> None:
        self._delivered[delivery_key] = until_ms
        if len(self._delivered) > _MOST_REMEMBERED:
            del self._delivered[next(iter(self._delivered))]


def _ordinary(service: _Service, policy: Policy, token: str, now_ms: int, *, is_forced: bool) -> Answer:
    if service.is_full(policy, now_ms):
        return Later(FULL_WAIT_S)
    delay_us = service.reserve(policy.rate_interval_us, now_ms) if policy.rate_interval_us else 0
    if delay_us > _RESERVED_US:
        return Later((delay_us - _RESERVED_US) / 1_000_000)
    service.flying[token] = now_ms + delay_us // 1000 + policy.lease_ms
    return Permit(token, now_ms, delay_us / 1_000_000, is_forced=is_forced)


def _light(service: _Service) -> Standing:
    return Standing(
        state=service.state,
        since_ms=service.since_ms,
        next_probe_ms=service.probe_at_ms,
        failures=service.failures,
        window=service.window,
    )
