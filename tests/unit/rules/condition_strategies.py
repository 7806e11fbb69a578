"""Conditions that compile, and data that they are asked of; few names and values, so that they meet."""

from typing import Any

from hypothesis import strategies as st

NAMES = st.sampled_from(["a", "b", "a.b", "a.b.c", "b.a"])
LITERALS = st.sampled_from([None, True, False, 0, 1, 2, 2.5, "0", "1", "2.50", "a", "ab", "AB", "10.0.0.1"])
_TEXTS = st.sampled_from(["", "a", "ab", "A", "1", "*"])
_ON_TEXT = st.fixed_dictionaries({"equals-ignore-case": _TEXTS}) | st.fixed_dictionaries({"wildcard": _TEXTS})
_AT_AN_END = _TEXTS | st.fixed_dictionaries({"equals-ignore-case": _TEXTS})
_SIGNS = st.sampled_from(["<", "<=", "=", ">=", ">"])
_BOUNDS = st.lists(st.tuples(_SIGNS, st.integers(0, 3)), min_size=1, max_size=3)
_OPERATORS = (
    _ON_TEXT
    | st.fixed_dictionaries({"prefix": _AT_AN_END})
    | st.fixed_dictionaries({"suffix": _AT_AN_END})
    | st.fixed_dictionaries({"exists": st.booleans()})
    | st.fixed_dictionaries({"anything-but": LITERALS | st.lists(LITERALS, min_size=1, max_size=3) | _ON_TEXT})
    | st.fixed_dictionaries({"numeric": _BOUNDS.map(lambda pairs: [part for pair in pairs for part in pair])})
    | st.fixed_dictionaries({"cidr": st.sampled_from(["10.0.0.0/8", "::/0"])})
)
_LINES = st.dictionaries(NAMES, st.lists(LITERALS | _OPERATORS, min_size=1, max_size=3), max_size=4)


def _with_or(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    branches = st.lists(inner.filter(bool), min_size=1, max_size=3)
    return st.builds(lambda lines, alternatives: {**lines, "$or": alternatives}, _LINES, branches)


CONDITIONS: st.SearchStrategy[dict[str, Any]] = st.recursive(_LINES, _with_or, max_leaves=4)
DATA = st.recursive(
    LITERALS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c"]), inner, max_size=3),
    max_leaves=8,
)
