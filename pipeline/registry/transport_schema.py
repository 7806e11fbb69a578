"""What a transport says of itself, so that the registry can read its services and its rules' `send`."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from pipeline.registry.model import Rule, ServiceBase
from pipeline.rules import Fault


@dataclass(frozen=True, slots=True)
class TransportSchema:
    """One transport's part of the registry's file; each transport exports its own."""

    name: str
    #: A service of this transport: the common keys and its own.
    service: type[ServiceBase]
    #: A rule's `send`; every text in it is a template.
    send: type[BaseModel]
    #: The service's keys that hold an address to which this hub connects, in dots below sections.
    destinations: tuple[str, ...] = ("url",)
    #: What more is wrong with a rule for a service of it, by paths from the rule. Asked where files are applied, and so
    #: free to read what stands beside them.
    check_rule: Callable[[Any, Rule], Iterable[Fault]] = lambda _service, _rule: ()

    def addresses_in(self, entry: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str]]:
        """The destinations that an entry names: their paths below it, and what stands there."""
        for key in self.destinations:
            path = tuple(key.split("."))
            found: Any = entry
            for part in path:
                found = found.get(part) if isinstance(found, Mapping) else None
            if isinstance(found, str):
                yield path, found
