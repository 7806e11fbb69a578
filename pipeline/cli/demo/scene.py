"""The scenes of the demo, in their order, each with what a person is told while it lasts; pure."""

from enum import StrEnum


class Scene(StrEnum):
    """What happens now."""

    STARTS = "the stages of the hub are starting …"
    FLOWS = "1/3  everything flows"
    FAILS = "2/3  the chat answers 503 to all: its breaker opens, the others go on"
    RECOVERS = "2/3  the chat is well: a probe finds out, then its backlog goes out"
    REFUSES = "3/3  the records refuse people with a SOAP fault: trying again is no use"
    REPLAYS = "3/3  the records are mended: mih dlq replay --service demo-sis"
