"""The delay ladder: how a message waits for whole seconds without a timer, a plugin, or a queue per delay.

A delay is written as a binary number, and every bit has a level: an exchange and a queue, both `mih.delay.<nn>`. The
exchange reads its own bit of the routing key. A 1 rests in the queue of that level for 2^n s, and expires into the
exchange below; a 0 goes to the exchange below at once. Thirteen seconds for `erp`, published to `mih.delay.03`:

    bit          19 … 4   3   2   1   0
    routing key   0 … 0 . 1 . 1 . 0 . 1 . erp

    mih.delay.03 ─1─► rests 8 s ─► mih.delay.02 ─1─► rests 4 s ─► mih.delay.01 ─┐
                                                                                0
                 mih.service.erp ◄─#.erp─ mih.delay.due ◄─ rests 1 s ◄─1─ mih.delay.00

All that rests in a queue rests equally long, so nothing waits behind what is due later, and the number of queues
does not depend on the number of services. NServiceBus (`DelayInfrastructure`) and kombu (native delayed delivery)
build the same ladder.
"""

from dataclasses import dataclass

from topology import names

#: Levels 00 to 19: one per bit of a delay.
LEVELS = 20
#: The longest delay in seconds, about twelve days.
MAX_SECONDS = 2**LEVELS - 1


@dataclass(frozen=True, slots=True)
class DelayRoute:
    """Where to publish what must wait."""

    exchange: str
    routing_key: str


def delay_route(seconds: int, slug: str) -> DelayRoute:
    """Find the way through the ladder that ends at a service after a number of seconds.

    Raises ValueError for a delay that has no way, and for a slug that the last hop could not tell from another.
    """
    if not 1 <= seconds <= MAX_SECONDS:
        raise ValueError(f"a delay is 1 to {MAX_SECONDS} whole seconds, found {seconds}")
    if not slug or "." in slug:
        raise ValueError(f"a slug is one word of a routing key, found {slug!r}")
    return DelayRoute(names.delay_level(seconds.bit_length() - 1), ".".join([*f"{seconds:0{LEVELS}b}", slug]))


def resting_key(level: int) -> str:
    """The binding of a level's queue to its exchange: this bit is 1, whatever the others are."""
    return "*." * (LEVELS - 1 - level) + "1.#"


def passing_key(level: int) -> str:
    """The binding of the exchange below to a level's exchange: this bit is 0."""
    return "*." * (LEVELS - 1 - level) + "0.#"


def level_below(level: int) -> str:
    """The exchange that comes after a level: the next one down, and after the last the exit."""
    return names.delay_level(level - 1) if level else names.DELAY_DUE


def resting_ms(level: int) -> int:
    """How long a level's queue keeps a message, in milliseconds."""
    return (1 << level) * 1000
