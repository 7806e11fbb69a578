"""Which services' breakers a command is about, and what people said of them."""

from collections.abc import Sequence

from pipeline.cli.in_force import slugs_in_force
from pipeline.cli.word import refuse_unknown, said_now
from pipeline.registry import Intervention, Interventions, Kind
from pipeline.settings import Settings

_FORCED = {Kind.BREAKER_OPEN, Kind.BREAKER_CLOSED}


def chosen(settings: Settings, service: str) -> tuple[Sequence[str], Interventions]:
    """The service that is meant, or all where none is named; exits with 1 for one that is unknown.

    Raises Unavailable when the database is away.
    """
    said = said_now(settings)
    # A breaker that was forced may be of a service that is no more.
    known = sorted({*slugs_in_force(settings), *(one.name for one in said if one.kind in _FORCED)})
    if service:
        refuse_unknown("service", service, known)
    return [service] if service else known, said


def forced_to(word: Intervention) -> str:
    """What a breaker is forced to be."""
    return "open" if word.kind is Kind.BREAKER_OPEN else "closed"
