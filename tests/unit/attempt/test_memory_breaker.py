"""What only a process's own breaker does: to begin with what was seen of the fleet, and to forget."""

from pipeline.attempt.breaker import MemoryBreaker
from pipeline.shared_state.permit import Burden, Judged, Known, Later, Open, Permit, Policy, Standing, State

POLICY = Policy()


def _delivers(breaker: MemoryBreaker, key: str, *, remember_ms: int, now_ms: int) -> None:
    said = {"delivery_key": key, "remember_ms": remember_ms, "error": "", "latency_ms": 1}
    breaker.report("erp", POLICY, Permit("t", now_ms), Burden(delivered=True), **said, now_ms=now_ms)  # type: ignore[arg-type]


def test_an_open_breaker_stays_open_and_its_next_probe_keeps_its_time() -> None:
    seen = Standing(state=State.OPEN, since_ms=1000, next_probe_ms=5000, failures=5)
    breaker = MemoryBreaker.seeded({"erp": seen})
    assert breaker.states(["erp", "lake"]) == {"erp": seen, "lake": Standing()}
    assert breaker.permit("erp", POLICY, "k", "t", now_ms=4000) == Open(1.0)
    assert breaker.permit("erp", POLICY, "k", "t", is_probe=True, now_ms=5000) == Permit("t", 5000, is_probe=True)
    assert isinstance(breaker.permit("lake", POLICY, "k", "t", now_ms=4000), Permit)


def test_the_probe_that_another_sent_is_given_its_lease() -> None:
    breaker = MemoryBreaker.seeded({"erp": Standing(state=State.HALF_OPEN, since_ms=1000, next_probe_ms=5000)})
    assert breaker.permit("erp", POLICY, "k", "t", is_probe=True, now_ms=4999) == Open(0.001)
    assert isinstance(breaker.permit("erp", POLICY, "k", "t", is_probe=True, now_ms=5000), Permit)


def test_failures_in_a_row_and_the_window_go_on_from_what_was_seen() -> None:
    breaker = MemoryBreaker.seeded({"erp": Standing(failures=4, window=1)})
    permit = breaker.permit("erp", POLICY, "k", "t", now_ms=1)
    assert isinstance(permit, Permit)
    assert breaker.permit("erp", POLICY, "k", "u", now_ms=1) == Later(0.1)
    judged = breaker.report(
        "erp",
        POLICY,
        permit,
        Burden(fails=True),
        delivery_key="k",
        remember_ms=1,
        error="it failed",
        latency_ms=1,
        now_ms=2,
    )
    assert judged == Judged(counts=False, state=State.OPEN)


def test_a_delivery_is_known_for_as_long_as_was_asked() -> None:
    breaker = MemoryBreaker()
    _delivers(breaker, "k", remember_ms=1000, now_ms=0)
    assert breaker.permit("erp", POLICY, "k", "t", now_ms=999) == Known()
    assert isinstance(breaker.permit("erp", POLICY, "k", "t", now_ms=1000), Permit)


def test_of_very_many_deliveries_the_oldest_are_forgotten() -> None:
    breaker = MemoryBreaker()
    for number in range(100_001):
        _delivers(breaker, str(number), remember_ms=1000, now_ms=0)
    assert not breaker.knows("0", now_ms=0)
    assert breaker.knows("1", now_ms=0)
    assert breaker.knows("100000", now_ms=0)
