"""The bound on a process's requests in flight, divided among its services, so that none waits for another."""

from collections.abc import Mapping


def shares(wanted: Mapping[str, int], bound: int) -> dict[str, int]:
    """Each service's part of the bound: what it wants where that is little, an equal part where all want more.

    Every service has one at least, so that a bound below their number is exceeded.
    """
    left, given = bound, {}
    by_want = sorted(wanted, key=lambda slug: (wanted[slug], slug))
    for served, slug in enumerate(by_want):
        given[slug] = max(1, min(wanted[slug], left // (len(by_want) - served)))
        left -= given[slug]
    return given
