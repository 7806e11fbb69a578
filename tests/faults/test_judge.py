"""The judge sees what is missing, what is too much and what stands still; it is what the laboratory stands on."""

from collections import Counter

import pytest
from judge import Duty, Found, Planned, Verdict, judge

TILL, ERP, REFUSED = Duty(1, "till"), Duty(1, "erp"), Duty(2, "till")
LOAD = (
    Planned(1, b"", hearers=("till", "erp")),
    Planned(2, b"", hearers=("till",), refused=True),
    Planned(3, b""),
    Planned(4, b"", readable=False),
)


def all_well() -> Found:
    return Found(delivered=Counter([TILL, ERP]), dead=Counter([REFUSED]), understood={1, 2, 3}, invalid={4})


def test_a_load_that_came_to_its_ends_is_well() -> None:
    assert judge(LOAD, all_well()) == Verdict(
        delivered=2, dead=1, waiting=0, filtered=1, duplicates_at={}, lost=(), stalled=(), strays=()
    )


def test_a_delivery_that_is_nowhere_is_lost() -> None:
    found = all_well()
    del found.delivered[ERP]
    assert judge(LOAD, found).lost == ("event 1 for erp",)


@pytest.mark.parametrize("number", [3, 4])
def test_an_event_that_nobody_has_to_hear_of_is_lost_too_when_nothing_saw_it(number: int) -> None:
    found = all_well()
    found.understood.discard(number)
    found.invalid.discard(number)
    assert judge(LOAD, found).lost == (f"event {number}, neither understood nor found unreadable",)


def test_what_waits_is_stalled_unless_its_service_is_down() -> None:
    found = all_well()
    del found.delivered[ERP]
    found.waiting[ERP] = 1
    assert judge(LOAD, found).stalled == ("event 1 for erp",)
    excused = judge(LOAD, found, down=frozenset({"erp"}))
    assert (excused.stalled, excused.waiting, excused.lost) == ((), 1, ())


def test_an_event_before_the_router_waits_with_all_that_it_leads_to() -> None:
    found = Found(dead=Counter([REFUSED]), understood={2, 3}, invalid={4}, events_waiting={1})
    verdict = judge(LOAD, found)
    assert (verdict.stalled, verdict.lost) == (("event 1 for erp", "event 1 for till"), ())


def test_a_copy_that_waits_of_what_was_delivered_is_nothing() -> None:
    found = all_well()
    found.waiting[TILL] = 1
    assert judge(LOAD, found) == judge(LOAD, all_well())


def test_what_was_delivered_again_is_a_duplicate() -> None:
    found = all_well()
    found.delivered[TILL] = 3
    found.delivered[ERP] = 2
    verdict = judge(LOAD, found)
    assert (verdict.duplicates_at, verdict.duplicates) == ({"till": 2, "erp": 1}, 3)


def test_what_reached_somebody_it_was_not_for_is_a_stray() -> None:
    found = all_well()
    found.delivered[Duty(3, "sis")] = 1
    assert judge(LOAD, found).strays == ("event 3 for sis, which must not hear of it",)


def test_what_is_dead_although_its_service_would_have_taken_it_is_a_stray() -> None:
    found = all_well()
    del found.delivered[TILL]
    found.dead[TILL] = 1
    assert judge(LOAD, found).strays == ("event 1 for till is dead, which would have taken it",)


def test_a_readable_event_among_the_unreadable_is_a_stray() -> None:
    found = all_well()
    found.invalid.add(1)
    assert judge(LOAD, found).strays == ("event 1 counts as unreadable",)
