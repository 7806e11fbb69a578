"""Rules: who must hear of an event, and what they are told. Pure: no broker, no store, no clock."""

from pipeline.rules.fault import Fault, InvalidRule
from pipeline.rules.plan import Refused, RuleIndex, plan
from pipeline.rules.rule import CompiledRule, compile_rule

__all__ = [
    # written by people
    "CompiledRule",
    "compile_rule",
    # found wrong in what they wrote
    "Fault",
    "InvalidRule",
    # run
    "Refused",
    "RuleIndex",
    "plan",
]
