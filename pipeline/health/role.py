"""How a role is: alive while its loop beats, ready while all its conditions hold; and since when."""

from dataclasses import dataclass, field
from datetime import UTC, datetime

from pipeline.health.conditions import standing
from pipeline.health.pulse import Pulse


@dataclass(frozen=True, slots=True)
class Answer:
    """To one question: whether all is well, in a word and in full."""

    is_well: bool
    role: str
    state: str
    since: datetime
    reasons: tuple[str, ...]


@dataclass(slots=True, eq=False)
class Role:
    """One role, and the process it runs in."""

    name: str
    pulse: Pulse = field(default_factory=Pulse)
    _last: dict[str, Answer] = field(default_factory=dict)

    def alive(self) -> Answer:
        """What /healthz says."""
        blocked = self._blocked()
        return self._answer("alive", "blocked" if blocked else "alive", blocked, is_well=not blocked)

    def ready(self) -> Answer:
        """What /readyz says: impaired, it still does its work."""
        found = standing()
        missing = (*self._blocked(), *found.missing)
        state = "not ready" if missing else "degraded" if found.impaired else "ready"
        return self._answer("ready", state, (*missing, *found.impaired), is_well=not missing)

    def _blocked(self) -> tuple[str, ...]:
        return (f"the event loop is blocked for {self.pulse.silent_s} s",) if self.pulse.is_blocked else ()

    def _answer(self, question: str, state: str, reasons: tuple[str, ...], *, is_well: bool) -> Answer:
        last = self._last.get(question)
        since = last.since if last and last.state == state else datetime.now(UTC)
        self._last[question] = answer = Answer(is_well, self.name, state, since, reasons)
        return answer
