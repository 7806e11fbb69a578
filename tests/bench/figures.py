"""What the numbers say: percentiles, medians, ratios. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Backlog:
    """One round from a backlog: what it took to get so many events to the destination."""

    events: int
    seconds: float
    #: Processor time: of the side's own processes, of RabbitMQ, of Redis.
    workers_cpu_s: float
    broker_cpu_s: float
    redis_cpu_s: float
    #: To disk, by RabbitMQ and the side's own processes.
    written_bytes: int
    #: The most that one of the side's processes, and all of them together, ever held.
    largest_bytes: int
    memory_bytes: int

    @property
    def rate(self) -> float:
        """Events per second."""
        return self.events / self.seconds


@dataclass(frozen=True, slots=True)
class Latency:
    """From the moment at which an event was to be published to its arrival, in seconds."""

    p50: float
    p99: float
    p999: float
    #: Of how many.
    events: int


def percentile(ordered: Sequence[float], share: float) -> float:
    """The nearest rank: the smallest value that so large a share of all does not exceed.

    Raises ValueError where there is none.
    """
    if not ordered:
        raise ValueError("no value, no percentile")
    # In whole millionths: 0.999 of 1,000 is 999 and not a hair more.
    rank = -(-len(ordered) * round(share * 1_000_000) // 1_000_000)
    return ordered[max(rank, 1) - 1]


def latency_of(waits: Iterable[float]) -> Latency:
    """Of all the waits of one round."""
    ordered = sorted(waits)
    p50, p99, p999 = (percentile(ordered, share) for share in (0.5, 0.99, 0.999))
    return Latency(p50, p99, p999, len(ordered))


def middle(rounds: Sequence[Latency]) -> Latency:
    """The median of each percentile over all rounds: one disturbed round disturbs nothing."""
    return Latency(
        median(each.p50 for each in rounds),
        median(each.p99 for each in rounds),
        median(each.p999 for each in rounds),
        sum(each.events for each in rounds),
    )


def paired_ratio(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios round by round: what slows the machine down for a while slows both sides of a pair.

    Raises ValueError where rounds have no partner.
    """
    return median(one / other for one, other in zip(ours, theirs, strict=True))
