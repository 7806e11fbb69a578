"""What must hold for a role to work is asked of those who know, while they live."""

import threading

import pytest

from pipeline.health import pulse
from pipeline.health.conditions import condition, standing
from pipeline.health.pulse import BLOCKED_AFTER_S
from pipeline.health.role import Role


def test_a_role_is_ready_where_nothing_is_wrong() -> None:
    with condition(lambda: ""):
        answer = Role("router").ready()
    assert (answer.is_well, answer.state, answer.reasons) == (True, "ready", ())


def test_what_is_missing_is_named_for_as_long_as_it_is_missing() -> None:
    missing, role = ["no registry yet"], Role("router")
    with condition(lambda: missing[0]), condition(lambda: "no connection"):
        assert role.ready().reasons == ("no connection", "no registry yet")
        missing[0] = ""
        assert role.ready().reasons == ("no connection",)
        assert not role.ready().is_well
    assert role.ready().is_well


def test_a_condition_may_be_fulfilled_before_its_end() -> None:
    with condition(lambda: "no registry yet") as fulfilled:
        assert standing().missing == ("no registry yet",)
        fulfilled()
        assert standing().missing == ()


def test_a_role_that_goes_on_without_something_is_degraded_and_ready() -> None:
    with condition(lambda: "Redis does not answer", is_vital=False):
        answer = Role("sender rest").ready()
    assert (answer.is_well, answer.state, answer.reasons) == (True, "degraded", ("Redis does not answer",))


def test_it_is_said_since_when_a_state_lasts() -> None:
    role, trouble = Role("router"), ["a"]
    with condition(lambda: trouble[0]):
        first = role.ready()
        trouble[0] = "b"
        assert (role.ready().since, role.ready().reasons) == (first.since, ("b",))
        trouble[0] = ""
        assert role.ready().since > first.since


def test_a_role_whose_loop_does_not_beat_is_blocked_until_it_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pulse, "EVERY_S", 0)
    role = Role("ingest")
    looks = role.pulse.looks(threading.Event())
    assert [next(looks) for _ in range(BLOCKED_AFTER_S - 1)] == [*range(1, BLOCKED_AFTER_S)]
    assert role.alive().is_well
    next(looks)
    assert role.alive().reasons == role.ready().reasons == (f"the event loop is blocked for {BLOCKED_AFTER_S} s",)
    assert not role.alive().is_well
    assert not role.ready().is_well
    role.pulse.beats += 1
    assert next(looks) == 0
    assert role.alive().is_well
    assert role.ready().is_well
