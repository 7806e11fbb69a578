"""What a transport says of itself, so that the registry can read its services and its rules' `send`."""

from dataclasses import dataclass

from pydantic import BaseModel

from pipeline.registry.model import ServiceBase


@dataclass(frozen=True, slots=True)
class TransportSchema:
    """One transport's part of the registry's file; each transport exports its own."""

    name: str
    #: A service of this transport: the common keys and its own.
    service: type[ServiceBase]
    #: A rule's `send`; every text in it is a template.
    send: type[BaseModel]
    #: The service's keys that hold an address to which this hub connects.
    destinations: tuple[str, ...] = ("url",)
