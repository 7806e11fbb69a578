"""What people said is found by what it is about, and two words about one matter never stand beside each other."""

from datetime import UTC, datetime

import pytest

from pipeline.registry.interventions import Intervention, Interventions, Kind

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)


def said(kind: Kind, name: str = "till", who: str = "ana") -> Intervention:
    return Intervention(kind, name, who, "they move house", NOON)


def test_nothing_is_said_of_a_name_that_nobody_spoke_of() -> None:
    view = Interventions.of([said(kind, "lake") for kind in Kind])
    assert (view.paused("till"), view.stopped("till"), view.breaker("till"), view.forced("till")) == (None,) * 4


@pytest.mark.parametrize("kind", Kind)
def test_a_word_is_found_under_its_own_matter_only(kind: Kind) -> None:
    view = Interventions.of([said(kind)])
    found = {"paused": view.paused("till"), "stopped": view.stopped("till"), "breaker": view.forced("till")}
    assert found == dict.fromkeys(found) | {kind.matter: said(kind)}


@pytest.mark.parametrize(("kind", "forced"), [(Kind.BREAKER_OPEN, "open"), (Kind.BREAKER_CLOSED, "closed")])
def test_a_forced_breaker_says_to_what(kind: Kind, forced: str) -> None:
    assert Interventions.of([said(kind)]).breaker("till") == forced


def test_of_a_breaker_forced_both_ways_the_last_word_counts() -> None:
    assert Interventions.of([said(Kind.BREAKER_OPEN), said(Kind.BREAKER_CLOSED)]).breaker("till") == "closed"


def test_views_that_say_the_same_are_equal_whatever_the_order() -> None:
    words = [said(Kind.PAUSED), said(Kind.STOPPED, "orders"), said(Kind.BREAKER_OPEN)]
    assert Interventions.of(words) == Interventions.of(reversed(words))
    assert Interventions.of(words) != Interventions.of(words[1:])
    assert Interventions.of([said(Kind.PAUSED)]) != Interventions.of([said(Kind.PAUSED, who="ben")])


def test_a_word_tells_who_when_and_why() -> None:
    assert str(said(Kind.PAUSED)) == "by ana at 2026-01-02 12:00 UTC: they move house"
