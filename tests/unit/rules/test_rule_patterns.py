import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.rules.fault import InvalidRule
from pipeline.rules.pattern import bare_name, compile_pattern


def fits(pattern: str, event_type: str) -> bool:
    return compile_pattern(pattern).matches(bare_name(event_type))


@pytest.mark.parametrize(
    ("pattern", "event_type"),
    [
        (r"\core\event\user_created", r"\core\event\user_created"),
        (r"core\event\user_created", r"\core\event\user_created"),
        (r"\core\event\user_created", r"core\event\user_created"),
        (r"\core\event\user_*", r"\core\event\user_created"),
        (r"\core\event\user_*", r"\core\event\user_"),
        (r"core\event\user_*", r"\core\event\user_created"),
        (r"*_created", r"\core\event\user_created"),
        (r"\mod_*\event\*", r"\mod_forum\event\post_created"),
        ("*", r"\core\event\user_created"),
        ("**", "x"),
        ("com.example.*", "com.example.order.paid"),
        ("a*a", "aa"),
        ("a*bc*bc", "abcxbc"),
        ("mih.delivery.dead", "mih.delivery.dead"),
        ("mih.*", "mih.delivery.dead"),
        ("mih.*", r"\mih.delivery.dead"),
        ("order.[ab]?", "order.[ab]?"),
    ],
)
def test_a_pattern_fits(pattern: str, event_type: str) -> None:
    assert fits(pattern, event_type)


@pytest.mark.parametrize(
    ("pattern", "event_type"),
    [
        (r"\core\event\user_created", r"\core\event\user_created_twice"),
        (r"\core\event\user_created", r"\core\event\User_Created"),
        (r"\core\event\user_*", r"\core\event\course_created"),
        (r"\core\event\user_*_x", r"\core\event\user_x"),
        ("a*a", "a"),
        ("ab*ba", "aba"),
        ("a*bc*bc", "abc"),
        ("a.b", "axb"),
        ("order.?", "order.a"),
        ("*", "mih.delivery.dead"),
        ("m*", "mih.delivery.dead"),
        ("mih*", "mih.delivery.dead"),
        ("*.dead", "mih.delivery.dead"),
        ("*", r"\mih.delivery.dead"),
        ("mih.*", "mihrab.opened"),
    ],
)
def test_a_pattern_does_not_fit(pattern: str, event_type: str) -> None:
    assert not fits(pattern, event_type)


@pytest.mark.parametrize("pattern", ["", "\\", " core", "core\n", r"\\core\\event\\user_created"])
def test_a_pattern_that_no_event_can_fit_is_refused(pattern: str) -> None:
    with pytest.raises(InvalidRule, match=r"expected the name of an event|two backslashes"):
        compile_pattern(pattern)


@settings(deadline=None)
@given(st.text("ab*", min_size=1, max_size=12), st.text("ab", max_size=20))
def test_a_star_is_anything(pattern: str, event_type: str) -> None:
    meant = re.compile(".*".join(map(re.escape, pattern.split("*"))))

    assert fits(pattern, event_type) == bool(meant.fullmatch(event_type))
