"""What a way to a service is opened with, whatever its transport."""

from collections.abc import Mapping
from dataclasses import dataclass

from pipeline.attempt.guard import Guard
from pipeline.shared_state import SharedState


@dataclass(frozen=True, slots=True)
class Means:
    """What the process that opens it has."""

    guard: Guard
    #: Where references to secrets are looked up.
    environ: Mapping[str, str]
    #: For what the senders of a service share, such as an access token.
    shared: SharedState
