"""Whether the requests of one event are those that its test expects: every one of them, and no others.

As many expectations as possible take a request that fits them, each another one, and those that name their rule come
before the others. What nothing is left for is held against the nearest request that nothing took.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from pipeline.event import Event
from pipeline.rules.plan import Refused, RuleIndex, plan
from pipeline.rules.rule import CompiledRule
from pipeline.rules.trial.compare import Answer, compare
from pipeline.rules.trial.difference import Difference
from pipeline.rules.trial.explanation import explain
from pipeline.rules.trial.trial import Trial


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A request that is other than expected, missing, or one too many."""

    what: str
    differences: tuple[Difference, ...] = ()


def judge(trial: Trial, event: Event, rules: Sequence[CompiledRule], index: RuleIndex) -> list[Mismatch]:
    """Run a test on its event; nothing is returned where all is as expected. The index is that of the rules."""
    judging = _Judging(trial, event, rules, plan(event, index, revision=0, now=trial.now))
    for at in judging.unfit():
        judging.hold(at)
    judging.found += (Mismatch(f"not expected: {_told(answer)}") for answer in judging.left)
    return judging.found


@dataclass(slots=True)
class _Judging:
    """What is left of the answers, and what was found so far."""

    trial: Trial
    event: Event
    rules: Sequence[CompiledRule]
    left: list[Answer]
    found: list[Mismatch] = field(default_factory=list)

    def unfit(self) -> list[int]:
        """Let expectations take what fits them, and give those that nothing is left for."""
        fitting = [
            [answer.rule for differing, answer in self._compared(at) if not differing]
            for at in range(len(self.trial.expect))
        ]
        taken: dict[str, int] = {}

        def takes(at: int, asked: set[str]) -> bool:
            untried = [rule for rule in fitting[at] if rule not in asked]
            asked.update(untried)
            # What nobody has comes first; who has taken one of the others may find something else.
            for rule in sorted(untried, key=taken.__contains__):
                if rule not in taken or takes(taken[rule], asked):
                    taken[rule] = at
                    return True
            return False

        unfit = [at for at in sorted(range(len(fitting)), key=self._is_open) if not takes(at, set())]
        self.left = [answer for answer in self.left if answer.rule not in taken]
        return unfit

    def hold(self, at: int) -> None:
        """Note in what the nearest answer differs, or that there is none."""
        name = self.trial.expect[at].get("rule")
        compared = self._compared(at)
        if not compared:
            self.found.append(Mismatch(self._missing(at, name)))
            return
        differing, nearest = min(compared, key=lambda one: len(one[0]))
        self.left.remove(nearest)
        what = f"rule {name}" if name else f"expect[{at}] fits no request; the nearest is of rule {nearest.rule}"
        self.found.append(Mismatch(what, differing))

    def _is_open(self, at: int) -> bool:
        """Whether an expectation leaves open which rule is meant."""
        return "rule" not in self.trial.expect[at]

    def _compared(self, at: int) -> list[tuple[tuple[Difference, ...], Answer]]:
        expectation = self.trial.expect[at]
        name = expectation.get("rule")
        return [(compare(expectation, answer), answer) for answer in self.left if name in (None, answer.rule)]

    def _missing(self, at: int, name: str | None) -> str:
        if name is None:
            return f"expect[{at}]: no request is left for it"
        rule = next(rule for rule in self.rules if rule.name == name)
        explanation = explain(rule, self.event, self.trial.now)
        if explanation.matches:
            return f"expect[{at}]: rule {name} sends only one request, and that is taken already"
        return f"rule {name} sends nothing: {explanation.why_not}"


def _told(answer: Answer) -> str:
    if isinstance(answer, Refused):
        return f"rule {answer.rule} matches and cannot be rendered: {answer.reason}"
    send = answer.request.send if answer.request else {}
    words = filter(None, (str(send.get(key) or "") for key in ("method", "path")))
    return " ".join((f"rule {answer.rule} sends", *words, f"to {answer.service}"))
