"""Following the breakers: every transition is seen, and what did not change is not read again and again."""

from datetime import timedelta

from fleet_world import FleetWorld

from pipeline.attempt.permits import Permits
from pipeline.shared_state.permit import Burden, Permit, Policy, State

SLUGS = [f"service-{number}" for number in range(50)]


async def test_breakers_that_did_not_change_are_not_read_at_each_look(fleet: FleetWorld) -> None:
    """A sender of a thousand services at rest read a thousand breakers 2.5 times a second."""
    permits = Permits(fleet.shared, timedelta(hours=1))
    before = await _readings(fleet)
    for _ in range(20):
        assert {one.state for one in (await permits.states(SLUGS)).values()} == {State.CLOSED}
    assert await _readings(fleet) - before <= 3 * len(SLUGS)


async def test_a_transition_is_seen_at_the_next_look(fleet: FleetWorld) -> None:
    permits, other = Permits(fleet.shared, timedelta(hours=1)), Permits(fleet.shared, timedelta(hours=1))
    policy = Policy(failures=1)
    for slug in SLUGS[:5]:
        await permits.states(SLUGS)
        permit = await other.ask(slug, policy, key="k")
        assert isinstance(permit, Permit)
        await other.report(slug, policy, permit, Burden(fails=True), key="k", error="it failed", latency_ms=1)
        assert (await permits.states(SLUGS))[slug].state is State.OPEN
    await fleet.shared.client.flushdb()
    assert {one.state for one in (await permits.states(SLUGS)).values()} == {State.CLOSED}


async def _readings(fleet: FleetWorld) -> int:
    stats = await fleet.shared.client.info("commandstats")
    return int(stats.get("cmdstat_hmget", {}).get("calls", 0))
