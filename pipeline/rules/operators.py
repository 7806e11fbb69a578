"""What a condition may ask of the values at a path: EventBridge's operators, a closed table of one row each.

An empty array, and a path that leads nowhere, hold no value: only `{exists: false}` is true of them.
"""

import math
import operator
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Any, Final

from pipeline.rules.fault import Faults, invalid, kind, rooted, unknown
from pipeline.rules.literals import Test, equals_any, is_literal, is_number
from pipeline.rules.numeral import read_number
from pipeline.rules.text_operators import TEXT_OPERATORS

#: Asks all the values at a path.
Verdict = Callable[[Sequence[Any]], bool]

COMPARISONS: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    ">=": operator.ge,
    ">": operator.gt,
}
#: The longest an address can be written.
_MAX_ADDRESS = 45


def any_of(test: Test) -> Verdict:
    """Hold when any of the values passes."""

    # Loops, here and in conditions.py, since any() over a generator takes twice as long, for every event and rule.
    def verdict(values: Sequence[Any]) -> bool:
        for value in values:  # noqa: SIM110  see above
            if test(value):
                return True
        return False

    return verdict


def _exists(argument: Any) -> Verdict:
    if not isinstance(argument, bool):
        raise invalid(f"expected true or false, found {kind(argument)}")
    return lambda values: bool(values) is argument


def _anything_but(argument: Any) -> Verdict:
    refused = _refused_text(argument) if isinstance(argument, Mapping) else _refused_value(argument)
    return any_of(lambda value: not refused(value))


def _refused_value(argument: Any) -> Test:
    literals = argument if isinstance(argument, list) else [argument]
    if not literals or not all(map(is_literal, literals)):
        raise invalid(
            "expected a value or a list of values (texts, numbers, true, false, null), or a mapping of one operator, "
            "such as {prefix: a}"
        )
    return equals_any(literals)


def _refused_text(argument: Mapping[str, Any]) -> Test:
    if len(argument) != 1:
        raise invalid("expected a mapping of one operator, such as {prefix: a}")
    [(name, asked)] = argument.items()
    if name not in TEXT_OPERATORS:
        message, hint = unknown("operator", str(name), TEXT_OPERATORS)
        raise invalid(message, hint=hint)
    several = asked if isinstance(asked, list) else [asked]
    if not several:
        raise invalid("expected a text or a list of texts, found an empty list", name)
    faults = Faults()
    tests = [faults.under((name,), TEXT_OPERATORS[name], one) for one in several]
    faults.raise_if_any()
    return lambda value: any(test(value) for test in tests)


def _numeric(argument: Any) -> Verdict:
    if not isinstance(argument, list) or not argument or len(argument) % 2:
        raise invalid('expected comparisons and numbers in turn, such as [">=", 50, "<", 70]')
    bounds = [_bound(argument, at) for at in range(0, len(argument), 2)]

    def test(value: Any) -> bool:
        number = read_number(value) if isinstance(value, str) else value if is_number(value) else None
        return number is not None and all(holds(number) for holds in bounds)

    return any_of(test)


def _bound(argument: Sequence[Any], at: int) -> Test:
    sign, limit = argument[at : at + 2]
    if not isinstance(sign, str) or sign not in COMPARISONS:
        raise invalid(f"expected one of {' '.join(COMPARISONS)}, in quotes", at)
    if not is_number(limit) or not math.isfinite(limit):
        raise invalid(f"expected a number, found {kind(limit)}", at + 1)
    # To a Decimal a bound is what it is spelt: the double nearest to 87.55 is a little less.
    holds, spelt = COMPARISONS[sign], Decimal(repr(limit)) if isinstance(limit, float) else limit
    return lambda number: holds(number, spelt if isinstance(number, Decimal) else limit)


def _cidr(argument: Any) -> Verdict:
    try:
        network = ip_network(argument if isinstance(argument, str) else "")
    except ValueError as wrong:
        said = f": {wrong}" if "host bits" in str(wrong) else ""
        raise invalid(f"expected a network, such as 10.0.0.0/8 or 2001:db8::/32{said}") from None

    def test(value: Any) -> bool:
        address = _address(value)
        return address is not None and address.version == network.version and address in network

    return any_of(test)


def _address(value: Any) -> IPv4Address | IPv6Address | None:
    if not isinstance(value, str) or len(value) > _MAX_ADDRESS:
        return None
    try:
        address = ip_address(value)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


def _on_text(build: Callable[[Any], Test]) -> Callable[[Any], Verdict]:
    return lambda argument: any_of(build(argument))


OPERATORS: Final[Mapping[str, Callable[[Any], Verdict]]] = {
    "anything-but": _anything_but,
    "cidr": _cidr,
    "exists": _exists,
    "numeric": _numeric,
    **{name: _on_text(build) for name, build in TEXT_OPERATORS.items()},
}


def compile_operator(name: str, argument: Any) -> Verdict:
    """Build the verdict of one `{name: argument}`.

    Raises InvalidRule, its path leading from the alternative.
    """
    if name not in OPERATORS:
        message, hint = unknown("operator", name, OPERATORS)
        raise invalid(message, name, hint=hint)
    return rooted((name,), OPERATORS[name], argument)
