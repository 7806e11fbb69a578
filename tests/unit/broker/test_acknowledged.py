"""Acknowledging together: all that is settled, nothing that is not, and no tag twice."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from pipeline.broker.acknowledged import Acknowledged


def test_what_is_settled_in_order_is_acknowledged_at_once() -> None:
    assert list(Acknowledged().of([3, 1, 2])) == [(3, True)]


def test_one_alone_is_not_multiple() -> None:
    assert list(Acknowledged().of([1])) == [(1, False)]


def test_above_one_that_is_still_open_each_is_acknowledged_by_itself() -> None:
    channel = Acknowledged()
    assert list(channel.of([1, 3, 4])) == [(1, False), (3, False), (4, False)]
    assert list(channel.of([2])) == [(2, False)]
    assert list(channel.of([5, 6])) == [(6, True)]


@st.composite
def turns(draw: st.DrawFn) -> list[list[int]]:
    """Tags from 1 on, some never settled, in any order, in as many turns as there may be."""
    handed = draw(st.integers(1, 60))
    tags = draw(st.permutations(draw(st.lists(st.integers(1, handed), unique=True, min_size=1))))
    cuts = sorted(draw(st.lists(st.integers(0, len(tags)), max_size=8)))
    return [tags[start:end] for start, end in zip([0, *cuts], [*cuts, len(tags)], strict=True)]


@given(turns())
def test_a_broker_that_hears_them_has_acknowledged_what_is_settled_and_no_more(turns: list[list[int]]) -> None:
    channel = Acknowledged()
    outstanding = set(range(1, 61))
    settled: set[int] = set()
    for turn in turns:
        settled.update(turn)
        for tag, multiple in channel.of(turn):
            # RabbitMQ closes the channel (406) for a tag that is not outstanding.
            assert tag in outstanding
            outstanding -= {one for one in outstanding if one <= tag} if multiple else {tag}
        assert outstanding == set(range(1, 61)) - settled


@given(turns())
def test_in_the_last_words_what_is_not_settled_goes_back_and_all_else_is_acknowledged(turns: list[list[int]]) -> None:
    channel = Acknowledged()
    outstanding = set(range(1, 61))
    *before, last = turns
    for turn in before:
        for tag, multiple in channel.of(turn):
            outstanding -= {one for one in outstanding if one <= tag} if multiple else {tag}
    unsettled = outstanding - set(last)
    words = list(channel.runs(last))
    acknowledged: set[int] = set()
    for tag, is_settled in words:
        assert tag in outstanding
        spoken_of = {one for one in outstanding if one <= tag}
        outstanding -= spoken_of
        acknowledged |= spoken_of if is_settled else set()
    assert acknowledged == set(last)
    assert unsettled.isdisjoint(acknowledged)
    assert all(one[1] is not two[1] for one, two in pairwise(words))
