"""When the breaker opens, what a probe changes, and who is heard: the same in Redis as in one process's memory."""

from dataclasses import replace

import pytest
from breaker_suite import BAD, GOOD, REFUSAL, START_MS, STRAIN, Guarded, grow

from pipeline.shared_state.permit import Burden, Judged, Later, Open, Permit, Standing, State

pytest_plugins = ["breaker_services"]

CLOSED, OPEN, HALF_OPEN = State
#: Letters of the tables: one attempt each, or a second that passes.
BURDENS = {"g": GOOD, "b": BAD, "s": STRAIN, "r": REFUSAL, "d": replace(BAD, delivered=True)}


async def live(service: Guarded, story: str) -> State:
    for letter in story:
        if letter == ".":
            service.now_ms += 1000
        else:
            await service.attempt(BURDENS[letter])
    return (await service.standing()).state


# Closed


async def test_a_service_of_which_nothing_is_known_is_closed(service: Guarded) -> None:
    assert await service.standing() == Standing()
    assert await service.ask(token="t") == Permit("t", START_MS)


@pytest.mark.parametrize(
    ("story", "state"),
    [
        ("", CLOSED),
        ("bb", CLOSED),
        ("bbb", OPEN),
        ("bbgbb", CLOSED),
        ("bbgbbb", OPEN),
        ("b.....b.....b", OPEN),
        ("bbsbb", CLOSED),
        ("bbrbb", CLOSED),
        ("ssssss", CLOSED),
        ("rrrrrr", CLOSED),
        ("ddd", OPEN),
    ],
)
async def test_failures_in_a_row_open_it(service: Guarded, story: str, state: State) -> None:
    service.set(failures=3)
    assert await live(service, story) is state


@pytest.mark.parametrize(
    ("story", "state"),
    [
        ("bbb", CLOSED),
        ("bbbg", CLOSED),
        ("bbbgb", OPEN),
        ("gggb", CLOSED),
        ("gggbb", CLOSED),
        ("gggbbb", OPEN),
        ("ggbb", OPEN),
        ("bb..........bb", CLOSED),
        ("bb.........bb", OPEN),
        ("ggggggg..........bbbb", OPEN),
        ("ggggggg.....bbbb", CLOSED),
        ("g.g.b.b", OPEN),
        ("ggssbbb", CLOSED),
        ("ggsbbb", OPEN),
    ],
)
async def test_a_part_of_failures_within_the_window_opens_it(service: Guarded, story: str, state: State) -> None:
    service.set(mode="ratio", failures=1, ratio=0.5, minimum=4, window_ms=10_000)
    assert await live(service, story) is state


async def test_what_a_ratio_counted_before_an_outage_is_forgotten_after_it(service: Guarded) -> None:
    service.set(mode="ratio", minimum=3, window_ms=3_600_000, cooldown_ms=1000)
    assert await live(service, "bbb.") is OPEN
    await service.say(await service.probe(), GOOD)
    assert await live(service, "bb") is CLOSED


# Open


async def test_an_open_breaker_says_when_the_next_probe_may_start(service: Guarded) -> None:
    await service.open()
    assert await service.standing() == Standing(
        state=OPEN, since_ms=START_MS, next_probe_ms=START_MS + 30_000, failures=5
    )
    for passed_ms, wait_s in [(0, 30.0), (1, 29.999), (29_999, 0.001), (30_000, 0.0), (999_000, 0.0)]:
        service.now_ms = START_MS + passed_ms
        assert await service.ask() == Open(wait_s)


async def test_no_probe_starts_before_the_cooldown_is_over(service: Guarded) -> None:
    await service.open()
    service.now_ms += 29_999
    assert await service.ask(is_probe=True) == Open(0.001)
    service.now_ms += 1
    assert await service.ask(is_probe=True, token="p") == Permit("p", service.now_ms, is_probe=True)
    assert (await service.standing()).state is HALF_OPEN


async def test_while_closed_a_probe_is_an_ordinary_permit(service: Guarded) -> None:
    service.set(rate_interval_us=2_000_000)
    assert await service.ask(is_probe=True, token="p") == Permit("p", START_MS)
    assert await service.ask(is_probe=True) == Later(1.0)


async def test_a_cooldown_that_was_shortened_is_in_force_at_once(service: Guarded) -> None:
    service.set(cooldown_ms=3_600_000)
    await service.open()
    service.set(cooldown_ms=1000)
    assert await service.ask() == Open(1.0)
    service.now_ms += 1000
    await service.probe()


# A clock that went back, as that of a Redis that took over may


async def test_a_clock_that_went_back_does_not_keep_the_breaker_open(service: Guarded) -> None:
    await service.open()
    service.now_ms -= 3_600_000
    assert await service.ask(is_probe=True) == Open(30.0)
    service.now_ms += 30_000
    assert (await service.say(await service.probe(), GOOD)).state is CLOSED


async def test_after_a_clock_went_back_failures_are_counted(service: Guarded) -> None:
    await service.recover()
    service.now_ms -= 3_600_000
    judged = [await service.attempt(BAD) for _ in range(5)]
    assert [one.counts for one in judged] == [True, True, True, True, False]
    assert judged[-1].state is OPEN


async def test_after_a_clock_went_back_the_window_grows(service: Guarded) -> None:
    await service.recover()
    service.now_ms -= 3_600_000
    assert await grow(service, 3) == [2, 4, 8]


# Half-open


@pytest.fixture
async def probed(service: Guarded) -> Permit:
    """A probe on its way; the outage began 30 s ago."""
    await service.open()
    service.now_ms += 30_000
    return await service.probe()


async def test_after_a_clock_went_back_a_probe_that_never_ends_is_awaited_for_its_lease_only(
    service: Guarded, probed: Permit
) -> None:
    service.now_ms -= 3_600_000
    assert await service.ask(is_probe=True) == Open(15.0)
    service.now_ms += 15_000
    second = await service.probe()
    assert await service.say(probed, GOOD) == Judged(state=HALF_OPEN)
    assert (await service.say(second, GOOD)).state is CLOSED


async def test_one_probe_is_all_that_starts(service: Guarded, probed: Permit) -> None:
    assert await service.ask(is_probe=True) == Open(15.0)
    assert await service.ask() == Open(15.0)
    service.now_ms += 14_999
    assert await service.ask(is_probe=True) == Open(0.001)


async def test_a_probe_that_went_well_closes_it_with_one_request_in_flight(service: Guarded, probed: Permit) -> None:
    service.now_ms += 100
    assert await service.say(probed, GOOD) == Judged()
    assert await service.standing() == Standing(window=1)
    await service.permit()
    assert await service.ask() == Later(0.1)


async def test_a_probe_that_failed_opens_it_again_and_the_outage_goes_on(service: Guarded, probed: Permit) -> None:
    service.now_ms += 100
    assert await service.say(probed, BAD) == Judged(counts=False, state=OPEN)
    assert await service.standing() == Standing(
        state=OPEN, since_ms=START_MS, next_probe_ms=service.now_ms + 30_000, failures=6
    )


@pytest.mark.parametrize("burden", [STRAIN, REFUSAL, Burden()])
async def test_whatever_is_no_failure_of_the_service_closes_it(
    service: Guarded, probed: Permit, burden: Burden
) -> None:
    assert (await service.say(probed, burden)).state is CLOSED
    assert (await service.standing()).window == 1


async def test_when_the_lease_of_a_probe_that_hangs_is_over_another_starts(service: Guarded, probed: Permit) -> None:
    service.now_ms += 15_000
    second = await service.probe()
    assert await service.say(probed, GOOD) == Judged(state=HALF_OPEN)
    assert await service.say(probed, BAD) == Judged(counts=False, state=HALF_OPEN)
    assert (await service.say(second, GOOD)).state is CLOSED


async def test_a_probe_that_comes_back_late_and_was_not_replaced_is_heard(service: Guarded, probed: Permit) -> None:
    service.now_ms += 100_000
    assert (await service.say(probed, GOOD)).state is CLOSED


async def test_a_probe_asks_again_under_its_token_once_it_knows_its_delivery(service: Guarded, probed: Permit) -> None:
    service.now_ms += 10_000
    assert await service.ask(is_probe=True, token=probed.token) == replace(probed, granted_ms=service.now_ms)
    assert await service.ask(is_probe=True) == Open(15.0)


async def test_after_a_probe_that_was_given_back_the_next_starts_at_once(service: Guarded, probed: Permit) -> None:
    service.now_ms += 1000
    await service.release(probed.token)
    assert await service.standing() == Standing(state=OPEN, since_ms=START_MS, next_probe_ms=service.now_ms, failures=5)
    await service.probe()
    assert await service.say(probed, GOOD) == Judged(state=HALF_OPEN)


async def test_rate_and_window_do_not_bind_a_probe(service: Guarded) -> None:
    await service.recover()
    service.set(rate_interval_us=60_000_000)
    waiting = [await service.permit()]
    service.now_ms += 60_000
    await service.say(waiting[0], GOOD)
    for _ in range(5):
        await service.say(Permit("any", service.now_ms), BAD)
    service.now_ms += 30_000
    await service.probe()


# Who is heard


async def test_others_change_nothing_while_a_probe_is_on_its_way(service: Guarded) -> None:
    others = [await service.permit() for _ in range(7)]
    for permit in others[:5]:
        await service.say(permit, BAD)
    assert await service.say(others[5], BAD) == Judged(counts=False, state=OPEN)
    service.now_ms += 30_000
    await service.probe()
    before = await service.standing()
    assert await service.say(others[6], GOOD) == Judged(counts=True, state=HALF_OPEN)
    assert await service.standing() == before


async def test_an_attempt_that_failed_counts_unless_the_outage_is_to_blame(service: Guarded) -> None:
    service.set(failures=2)
    slow, slower = await service.permit(), await service.permit()
    service.now_ms += 1
    assert (await service.attempt(BAD)).counts
    assert not (await service.attempt(BAD)).counts, "it opened the breaker"
    assert not (await service.say(slow, BAD)).counts, "the breaker was open"
    service.now_ms += 30_000
    await service.say(await service.probe(), GOOD)
    assert await service.say(slower, BAD) == Judged(counts=False), "from before the outage"
    assert (await service.attempt(BAD)).counts


async def test_a_permit_from_before_the_outage_says_nothing_after_it(service: Guarded) -> None:
    old = [await service.permit() for _ in range(7)]
    service.now_ms += 1
    await service.recover()
    for permit in old[:6]:
        await service.say(permit, BAD)
    assert await service.standing() == Standing(window=1)
    await service.attempt(BAD)
    await service.say(old[6], GOOD)
    assert await service.standing() == Standing(window=1, failures=1)


async def test_a_permit_that_was_forced_passes_and_its_report_leaves_the_breaker_as_it_is(service: Guarded) -> None:
    await service.open()
    before = await service.standing()
    for burden in [*[BAD] * 6, GOOD]:
        forced = await service.permit(ignore_breaker=True)
        assert forced.is_forced
        assert not forced.is_probe
        assert await service.say(forced, burden) == Judged(counts=True, state=OPEN)
    assert await service.standing() == before
    assert await service.ask() == Open(30.0)


async def test_failures_that_were_forced_do_not_open_it(service: Guarded) -> None:
    for _ in range(10):
        await service.say(await service.permit(ignore_breaker=True), BAD)
    assert await service.standing() == Standing()


async def test_refusals_in_a_row_are_counted(service: Guarded) -> None:
    told = [(await service.attempt(burden)).refusals for burden in [REFUSAL, REFUSAL, GOOD, REFUSAL, BAD, REFUSAL]]
    assert told == [1, 2, 0, 1, 0, 1]


@pytest.mark.parametrize("story", ["bb", "rr", "ssss", "bbbbb"])
async def test_a_reset_forgets_what_was_held_against_a_service(service: Guarded, story: str) -> None:
    await live(service, story)
    await service.reset()
    assert await service.standing() == Standing()
    assert (await service.attempt(REFUSAL)).refusals == 1
    assert (await service.attempt(BAD)).counts
