"""Conditions that no event can fulfil: what is plain to see, and nothing that only seems so.

It is said of contradictions within one line (`numeric` bounds between which nothing lies), and between a path that
must be absent and another below it that must be there. Where an array is met any element may do, so that two lines
which contradict each other for one value are no contradiction.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any

from pipeline.rules.conditions import OR

_ABSENT = {"exists": False}


def never(when: Mapping[str, Any]) -> str | None:
    """Say why these conditions, which compile, can never hold; None where they can, as far as one sees."""
    return next(chain(_empty_lines(when), _gone_below(when), _closed_branches(when)), None)


def _empty_lines(when: Mapping[str, Any]) -> Iterator[str]:
    for path, alternatives in when.items():
        if path != OR and all(map(_is_empty_range, alternatives)):
            yield f"{path} can be no such number: its bounds leave none"


def _is_empty_range(alternative: Any) -> bool:
    bounds = alternative.get("numeric") if isinstance(alternative, Mapping) else None
    return bounds is not None and _leaves_nothing(bounds)


def _leaves_nothing(bounds: Sequence[Any]) -> bool:
    comparisons = list(zip(bounds[::2], bounds[1::2], strict=True))
    above = [(limit, sign == ">") for sign, limit in comparisons if sign in (">", ">=", "=")]
    below = [(limit, sign == "<") for sign, limit in comparisons if sign in ("<", "<=", "=")]
    return any(
        low > high or (low == high and (low_is_out or high_is_out))
        for low, low_is_out in above
        for high, high_is_out in below
    )


def _gone_below(when: Mapping[str, Any]) -> Iterator[str]:
    absent = [path for path, alternatives in when.items() if path != OR and _is_absent(alternatives)]
    for gone in absent:
        for path, alternatives in when.items():
            if path.startswith(f"{gone}.") and _ABSENT not in alternatives:
                yield f"{gone} must not exist, and {path} below it must"


def _is_absent(alternatives: Sequence[Any]) -> bool:
    return all(alternative == _ABSENT for alternative in alternatives)


def _closed_branches(when: Mapping[str, Any]) -> Iterator[str]:
    if OR not in when:
        return
    beside = {path: alternatives for path, alternatives in when.items() if path != OR}
    reasons = [_closed(branch, beside) for branch in when[OR]]
    if all(reasons):
        yield f"no branch of {OR} can hold: {reasons[0]}"


def _closed(branch: Mapping[str, Any], beside: Mapping[str, Any]) -> str | None:
    # Of a path that stands in both only the branch's line is looked at: less is seen then, and nothing wrong.
    return never(branch) or next(_gone_below({**beside, **branch}), None)
