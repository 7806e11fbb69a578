"""The names that an event's data holds: in dots, without the indexes of arrays, as rules write them."""

from itertools import islice
from typing import Any

#: Names that are kept of one type; one that has more has keys that are values, such as ids.
MAX_NAMES = 500
#: Letters of a name: what is longer is no name that anybody writes, and too long for an index in PostgreSQL.
MAX_NAME_LENGTH = 200
#: As a constant, since it is asked for every value of every event.
_CONTAINERS = (dict, list)
#: Objects and arrays that are looked into per event, and elements of each array: what they hold is alike.
_MAX_CONTAINERS, _MAX_ELEMENTS = 200, 20


def names_of(data: Any) -> set[str]:
    """Give the names of all that is there, at most MAX_NAMES: `items[0].sku` is `items` and `items.sku`."""
    names: set[str] = set()
    containers = [("", data)]
    # It grows while it is read: level by level, so that where a bound is met it is the deepest that is left out.
    for prefix, container in containers:
        if isinstance(container, list):
            inner = [(prefix, item) for item in container[:_MAX_ELEMENTS] if isinstance(item, _CONTAINERS)]
        elif isinstance(container, dict):
            inner = _named(prefix, container, names)
        else:
            continue
        containers += inner[: _MAX_CONTAINERS - len(containers)]
    return names


def _named(prefix: str, container: dict[str, Any], names: set[str]) -> list[tuple[str, Any]]:
    """Add the names of an object's members, and give those to look into."""
    inner = []
    for key, value in islice(container.items(), MAX_NAMES - len(names)):
        if (key.isidentifier() or _is_nameable(key)) and len(name := prefix + key) <= MAX_NAME_LENGTH:
            names.add(name)
            if isinstance(value, _CONTAINERS):
                inner.append((name + ".", value))
    return inner


def _is_nameable(key: str) -> bool:
    """Whether a rule can name it: a dot would lead elsewhere."""
    return key != "" and key.isprintable() and "." not in key
