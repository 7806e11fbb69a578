"""Retries: whether what waits in the delay ladder comes due on time, and what it costs that much lies there.

The same retries come due in the same run, first in a ladder that holds nothing else, then in one that holds many that
are due hours later.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from time import monotonic

from comparison import Say
from deliveries import to_ladder
from figures import Latency, latency_of, middle, paired_ratio
from ground import Ground, until_consumed
from measure import moments_of, waits
from processes import held, spent_by, with_offspring
from publisher import Publisher, publishing
from sheet import Cell, Sheet
from sides import SLUG, RunningHub, a_hub, registry_of

from topology import names

#: Retries that come due per second, published at twice that rate: with ease, or the wait for the machine is all that
#: is seen.
_RATE = 250
_PUBLISHED_RATE = 2 * _RATE
#: Seconds in the ladder: none is due before all lie there, and then so many seconds long.
_SOONEST_S, _SPREAD_S = 15, 20
#: What only waits is due when the bench has long ended; its delays have a step that reaches all of them.
_LATER_S, _LATER_SPREAD_S, _LATER_STEP = 4_096, 28_672, 7_919
#: What a retry may be early or late.
_PUNCTUAL_S = 1.0
_TOLD_EVERY = 100_000
_MIB = 2**20


@dataclass(frozen=True, slots=True)
class Round:
    """How late the retries came, and what they cost."""

    lateness: Latency
    latest: float
    punctual: float
    broker_cpu_s: float
    workers_cpu_s: float


@dataclass(frozen=True, slots=True)
class Memory:
    """What processes hold at one moment, in bytes."""

    when: str
    waiting: int
    sender: int
    workers: int
    broker: int
    redis: int


@dataclass(frozen=True, slots=True)
class Ladder:
    """The ladder of one hub with one service."""

    ground: Ground
    running: RunningHub
    publisher: Publisher
    #: Retries that come due in a round.
    count: int

    async def round(self) -> Round:
        """Put them there, and see when they come."""
        spread_s = max(self.count // _RATE, 1)
        delays = [_SOONEST_S + number % spread_s for number in range(self.count)]
        messages = [to_ladder(number, SLUG, delay) for number, delay in enumerate(delays)]
        await self.ground.destination.expect(self.count)
        groups = (with_offspring([self.ground.broker_pid]), with_offspring(self.running.pids))
        before = [spent_by(pids) for pids in groups]
        published = moments_of(self.count, _PUBLISHED_RATE)
        await self.publisher.steady(messages, published)
        await self.ground.destination.until(self.count)
        broker, workers = (spent_by(pids).since(then) for pids, then in zip(groups, before, strict=True))
        due = [moment + delay for moment, delay in zip(published, delays, strict=True)]
        late = waits(await self.ground.destination.arrivals(), due)
        punctual = sum(abs(wait) <= _PUNCTUAL_S for wait in late) / len(late)
        return Round(latency_of(late), max(late), punctual, broker.cpu_s, workers.cpu_s)

    async def fill(self, count: int, say: Say) -> None:
        """Let so many lie there that only wait."""
        start = monotonic()
        for begin in range(0, count, _TOLD_EVERY):
            numbers = range(begin, min(begin + _TOLD_EVERY, count))
            await self.publisher.backlog(lambda number: to_ladder(self.count + number, SLUG, _later(number)), numbers)
            say(f"{numbers.stop:,} of {count:,} wait, {numbers.stop / (monotonic() - start):,.0f}/s")

    def memory(self, when: str, waiting: int = 0) -> Memory:
        """What is held now."""
        *_, sender = self.running.pids
        groups = ([sender], self.running.pids, [self.ground.broker_pid], [self.ground.redis_pid])
        return Memory(when, waiting, *(sum(held(with_offspring(pids))) for pids in groups))


async def retries(ground: Ground, rounds: int, say: Say, *, waiting: int = 20_000) -> list[Sheet]:
    """Rounds with nothing else in the ladder, then as many with the rest of `waiting` there."""
    count = max(min(_RATE * _SPREAD_S, waiting // 2), 1)
    async with (
        a_hub(ground, registry_of(ground.destination.address)) as running,
        publishing(running.amqp_url) as publisher,
    ):
        await until_consumed(running.amqp_url, [names.service_queue(SLUG)])
        ladder = Ladder(ground, running, publisher, count)
        few = await _rounds(ladder, rounds, say, f"{count:,} waiting")
        memory = [ladder.memory("before")]
        await ladder.fill(waiting - count, say)
        memory.append(ladder.memory(f"{waiting - count:,} wait", waiting - count))
        many = await _rounds(ladder, rounds, say, f"{waiting:,} waiting")
        memory.append(ladder.memory(f"and {rounds} x {count:,} came"))
    return [_lateness({count: few, waiting: many}, count), _memory(memory)]


async def _rounds(ladder: Ladder, rounds: int, say: Say, what: str) -> list[Round]:
    found = []
    for number in range(rounds):
        found.append(await ladder.round())
        say(f"{what} {number + 1}/{rounds}: p99 {found[-1].lateness.p99 * 1000:,.0f} ms late")
    return found


def _lateness(found: dict[int, Sequence[Round]], count: int) -> Sheet:
    few, *_ = found.values()
    return Sheet(
        "Retries that come due",
        [_lateness_row(waiting, rounds, few, count) for waiting, rounds in found.items()],
        f"From the moment due to arrival, {_RATE}/s; ms of processor time per retry, its way into the ladder included.",
    )


def _lateness_row(waiting: int, rounds: Sequence[Round], few: Sequence[Round], count: int) -> dict[str, Cell]:
    late = middle([one.lateness for one in rounds])
    return {
        "in the ladder": waiting,
        "within 1 s": f"{min(one.punctual for one in rounds):.2%}",
        "p50 ms late": late.p50 * 1000,
        "p99 ms late": late.p99 * 1000,
        "latest ms": max(one.latest for one in rounds) * 1000,
        "RabbitMQ CPU ratio": paired_ratio([one.broker_cpu_s for one in rounds], [one.broker_cpu_s for one in few]),
        "ms RabbitMQ": 1000 * median(one.broker_cpu_s for one in rounds) / count,
        "ms CPU workers": 1000 * median(one.workers_cpu_s for one in rounds) / count,
        "retries": late.events,
    }


def _memory(found: Sequence[Memory]) -> Sheet:
    before = found[0]
    rows: list[dict[str, Cell]] = [
        {
            "when": one.when,
            "sender ratio": one.sender / before.sender,
            "workers ratio": one.workers / before.workers,
            "MiB sender": one.sender / _MIB,
            "MiB workers": one.workers / _MIB,
            "MiB RabbitMQ": one.broker / _MIB,
            "MiB Redis": one.redis / _MIB,
            "bytes RabbitMQ each": (one.broker - before.broker) / one.waiting if one.waiting else None,
        }
        for one in found
    ]
    return Sheet(
        "Memory while they wait", rows, "Resident; what RabbitMQ holds more than before, per retry that waits."
    )


def _later(number: int) -> int:
    return _LATER_S + number * _LATER_STEP % _LATER_SPREAD_S
