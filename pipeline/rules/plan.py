"""Which rules answer to an event, and the deliveries it becomes: one per rule, each independent of the others."""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from pipeline.delivery import Delivery, delivery_id
from pipeline.errors import Unrenderable
from pipeline.event import Event
from pipeline.rules.pattern import bare_name
from pipeline.rules.rule import CompiledRule


@dataclass(frozen=True, slots=True)
class Refused:
    """A rule that matched and cannot be rendered for this event; the delivery, without a request, is dead at once."""

    rule: str
    service: str
    reason: str
    delivery: Delivery


class RuleIndex:
    """Rules by the events they answer to: the cost of an event does not grow with rules that cannot match.

    A rule for one event is found by its name. A rule with wildcards is found by what stands before its first star, so
    an event looks once per length that such a beginning has, and at most once per letter of its type.
    """

    def __init__(self, rules: Iterable[CompiledRule]) -> None:
        self._exact: dict[str, list[tuple[int, CompiledRule]]] = defaultdict(list)
        self._beginnings: dict[str, list[tuple[int, CompiledRule]]] = defaultdict(list)
        for order, rule in enumerate(rules):
            names = rule.pattern.names
            (self._exact if names.is_exact else self._beginnings)[names.head].append((order, rule))
        self._lengths = sorted({len(head) for head in self._beginnings})

    def candidates(self, event: Event) -> list[CompiledRule]:
        """Give the rules whose pattern fits, in the order in which they were given."""
        name = bare_name(event.type)
        found = list(self._exact.get(name, ()))
        for length in self._lengths[: bisect_right(self._lengths, len(name))]:
            found += [entry for entry in self._beginnings.get(name[:length], ()) if entry[1].pattern.matches(name)]
        return [rule for _, rule in sorted(found, key=lambda entry: entry[0])]

    def matching(self, event: Event) -> list[CompiledRule]:
        """Give the rules whose pattern fits and whose conditions hold."""
        return [rule for rule in self.candidates(event) if rule.condition(event.data)]


def plan(
    event: Event, index: RuleIndex, *, revision: int, now: datetime, published: datetime | None = None
) -> list[Delivery | Refused]:
    """Decide what an event becomes: a delivery for each rule that matches, or why there can be none."""
    answers = (_answer(rule, event, revision, now, published) for rule in index.candidates(event))
    return [answer for answer in answers if answer is not None]


def _answer(
    rule: CompiledRule, event: Event, revision: int, now: datetime, published: datetime | None
) -> Delivery | Refused | None:
    try:
        if not rule.condition(event.data):
            return None
        identity = delivery_id(event, rule.name)
        request = rule.render(event, identity, now)
    except Unrenderable as broken:
        reason = str(broken)
    except Exception as bug:  # noqa: BLE001  whatever one rule runs into, the others go on
        # Its words may hold a value, and a reason is logged.
        reason = f"unexpected {type(bug).__name__}"
    else:
        return Delivery(identity, rule.service, rule.name, revision, request, event, now, published=published)
    dead = Delivery(delivery_id(event, rule.name), rule.service, rule.name, revision, None, event, first_seen=now)
    return Refused(rule.name, rule.service, reason, dead)
