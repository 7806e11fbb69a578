"""What a topic exchange would do, on paper: enough to follow a message through bindings without a broker."""

from collections.abc import Iterator, Sequence

from topology.entities import Topology


def matches(pattern: Sequence[str], words: Sequence[str]) -> bool:
    """`*` is one word, `#` any number of them, none too."""
    if not pattern:
        return not words
    head, rest = pattern[0], pattern[1:]
    if head == "#":
        return any(matches(rest, words[skipped:]) for skipped in range(len(words) + 1))
    return bool(words) and head in {"*", words[0]} and matches(rest, words[1:])


def queues_reached(topology: Topology, exchange: str, key: str) -> Iterator[str]:
    """The queues that a publish would reach, through exchanges bound to exchanges."""
    for binding in topology.bindings:
        if binding.source == exchange and matches(binding.key.split("."), key.split(".")):
            if binding.to == "queue":
                yield binding.destination
            else:
                yield from queues_reached(topology, binding.destination, key)
