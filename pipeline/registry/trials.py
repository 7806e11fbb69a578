"""The section `tests` of a registry file: shape and names judged like those of the rules beside it."""

from collections.abc import Mapping
from functools import reduce
from operator import or_
from pathlib import PurePath
from typing import Any

from pydantic import Field, create_model

from pipeline.registry.examine import Examined, Transports
from pipeline.registry.findings import Path
from pipeline.registry.merge import Merged
from pipeline.registry.model import Expected, RuleTest
from pipeline.rules import Fault
from pipeline.rules.fault import unknown
from pipeline.rules.trial import Expectation, Trial

SECTION = "tests"


def examine_trials(merged: Merged, transports: Transports, examined: Examined) -> tuple[Trial, ...]:
    """Read the tests of a document; what is wrong with them joins what was found wrong in the rest."""
    section = merged.document.get(SECTION)
    tests = section.items() if isinstance(section, dict) else ()
    expected = expected_of(transports) if tests else Expected
    trials = [_trial(merged, name, raw, expected, examined) for name, raw in tests if isinstance(raw, dict)]
    return tuple(trial for trial in trials if trial)


def expected_of(transports: Transports) -> type[Expected]:
    """An expectation with the keys of every transport's `send`: which one is meant is its rule's affair."""
    kinds: dict[str, list[Any]] = {}
    for transport in transports.values():
        for key, field in transport.send.model_fields.items():
            kinds.setdefault(key, []).append(field.annotation)
    sent: dict[str, Any] = {key: (reduce(or_, found), _UNSAID) for key, found in kinds.items()}
    return create_model(Expected.__name__, __base__=Expected, __doc__=Expected.__doc__, **sent)


#: A factory, for an editor would insert a default.
_UNSAID = Field(default_factory=lambda: None, description="as it is sent, with its templates filled")


def _trial(
    merged: Merged, name: str, raw: Mapping[str, Any], expected: type[Expected], examined: Examined
) -> Trial | None:
    path = (SECTION, name)
    test = examined.read(RuleTest, raw, path)
    written = raw.get("expect")
    for at, one in enumerate(written if isinstance(written, list) else ()):
        if isinstance(one, dict) and examined.read(expected, one, (*path, "expect", at)):
            _examine_names(one, merged.document, (*path, "expect", at), examined)
    if test is None:
        return None
    here, event = merged.place(path), merged.place((*path, "event"))
    return Trial(
        name=name,
        file=here.file,
        line=here.line,
        event_line=event.line,
        event=PurePath(here.file).parent / test.event if isinstance(test.event, str) else test.event,
        expect=tuple(test.expect),
        now=test.now,
    )


def _examine_names(expectation: Expectation, document: Mapping[str, Any], path: Path, examined: Examined) -> None:
    for key, section in (("rule", "rules"), ("service", "services")):
        valid = document.get(section) or {}
        if key in expectation and isinstance(valid, dict) and expectation[key] not in valid:
            examined.faults.append(Fault((*path, key), unknown(key, expectation[key], valid)[0]))
