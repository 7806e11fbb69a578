"""Trying rules out: what a rule makes of one event, and whether that is what its tests expect."""

from pipeline.rules.trial.difference import Difference, differences, short
from pipeline.rules.trial.explanation import Explanation, explain, told
from pipeline.rules.trial.judge import Mismatch, judge
from pipeline.rules.trial.trial import Expectation, Trial

__all__ = [
    # asked once
    "Explanation",
    "explain",
    # kept beside the rules
    "Expectation",
    "Trial",
    "judge",
    # found
    "Difference",
    "Mismatch",
    "differences",
    # shown
    "short",
    "told",
]
