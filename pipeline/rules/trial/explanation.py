"""Why one rule does or does not answer to one event, and the request that it renders of it either way."""

from dataclasses import dataclass, replace
from datetime import datetime

from pipeline.delivery import Delivery
from pipeline.event import Event
from pipeline.rules.conditions import compile_condition
from pipeline.rules.explained import Explained
from pipeline.rules.glob import Glob
from pipeline.rules.pattern import Pattern, bare_name
from pipeline.rules.plan import Refused, RuleIndex, plan
from pipeline.rules.rule import CompiledRule
from pipeline.rules.trial.difference import cut, short

#: Values at one path that are shown.
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class Explanation:
    """What was asked of the event and what was found; `answer` is what the rule makes of it, matching or not."""

    pattern: str
    event_type: str
    fits: bool
    conditions: tuple[Explained, ...]
    answer: Delivery | Refused

    @property
    def matches(self) -> bool:
        """Whether the rule answers to the event, be it with a request or by refusing one."""
        return self.fits and all(condition.holds for condition in self.conditions)

    @property
    def is_sent(self) -> bool:
        """Whether a request would go to the service."""
        return self.matches and isinstance(self.answer, Delivery)

    @property
    def why_not(self) -> str:
        """The first thing that keeps the request from being sent; empty where nothing does."""
        if not self.fits:
            return f"it answers to {self.pattern}, and the event is {self.event_type}"
        if broken := next((condition for condition in self.conditions if not condition.holds), None):
            return f"a condition does not hold: {told(broken)}"
        return f"it cannot be rendered: {self.answer.reason}" if isinstance(self.answer, Refused) else ""


def explain(rule: CompiledRule, event: Event, now: datetime) -> Explanation:
    """Ask a rule about an event."""
    name = bare_name(event.type)
    # Rendered by the router's own way, as if the rule answered to just this event.
    answering = replace(rule, pattern=Pattern(Glob(name)), condition=compile_condition(None))
    [answer] = plan(event, RuleIndex([answering]), revision=0, now=now)
    conditions = rule.condition.explain(event.data)
    return Explanation(_written(rule.pattern), event.type, rule.pattern.matches(name), conditions, answer)


def told(condition: Explained) -> str:
    """One condition in a line."""
    if condition.branches:
        return (
            f"{condition.path}: {'one' if condition.holds else 'none'} of its {len(condition.branches)} branches holds"
        )
    more = ", …" if len(condition.found) > _SHOWN else ""
    found = ", ".join(map(short, condition.found[:_SHOWN])) or "nothing"
    return f"{condition.path}: asked {cut(condition.asked)}, found {found}{more}"


def _written(pattern: Pattern) -> str:
    names = pattern.names
    return names.head if names.tail is None else "*".join((names.head, *names.middle, names.tail))
