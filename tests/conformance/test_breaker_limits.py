"""The window, the rate and the memory of deliveries: the same in Redis as in one process's memory."""

from breaker_suite import BAD, GOOD, REFUSAL, STRAIN, Guarded, grow

from pipeline.shared_state.permit import Known, Later, Permit

pytest_plugins = ["breaker_services"]

# The window


async def test_what_was_down_starts_slowly_and_doubles(service: Guarded) -> None:
    await service.recover()
    assert await grow(service, 6) == [2, 4, 8, 16, 32, 64]


async def test_a_window_that_protects_nobody_any_more_is_dropped(service: Guarded) -> None:
    await service.recover()
    for answers, window in [
        (1 + 2 + 4 + 8 + 16 + 32 + 64 + 128 + 256 + 512 + 1024 + 2048, 4096),
        (4095, 4096),
        (1, None),
    ]:
        for _ in range(answers):
            await service.say(Permit("any", service.now_ms), GOOD)
        assert (await service.standing()).window == window


async def test_a_failure_begins_the_round_anew(service: Guarded) -> None:
    await service.recover()
    await grow(service, 2)
    for burden in [GOOD, GOOD, GOOD, BAD, GOOD, GOOD, GOOD]:
        await service.attempt(burden)
    assert (await service.standing()).window == 4
    await service.attempt(GOOD)
    assert (await service.standing()).window == 8


async def test_strain_halves_what_is_in_flight_and_once_per_round(service: Guarded) -> None:
    windows = []
    for _ in range(5):
        permits = [await service.permit() for _ in range((await service.standing()).window or 9)]
        for permit in permits:
            service.now_ms += 1
            await service.say(permit, STRAIN)
        windows.append((await service.standing()).window)
    assert windows == [4, 2, 1, 1, 1]


async def test_after_strain_the_window_grows_by_one_per_clean_round(service: Guarded) -> None:
    permits = [await service.permit() for _ in range(6)]
    service.now_ms += 1
    for permit in permits:
        await service.say(permit, STRAIN)
    assert await grow(service, 3) == [4, 5, 6]


async def test_after_an_outage_the_window_doubles_wherever_it_was_strained_while_it_went_down(service: Guarded) -> None:
    permit = await service.permit()
    service.now_ms += 1
    await service.say(permit, STRAIN)
    assert (await service.standing()).window == 1
    service.now_ms += 1
    await service.recover()
    assert await grow(service, 5) == [2, 4, 8, 16, 32]


async def test_good_answers_from_before_the_cut_do_not_grow_the_window(service: Guarded) -> None:
    permits = [await service.permit() for _ in range(8)]
    service.now_ms += 1
    await service.say(permits[0], STRAIN)
    for permit in permits[1:]:
        await service.say(permit, GOOD)
    assert (await service.standing()).window == 4


async def test_after_a_clock_went_back_requests_that_never_end_do_not_fill_the_window(service: Guarded) -> None:
    await service.recover()
    await service.permit()
    assert await service.ask() == Later(0.1)
    service.now_ms -= 3_600_000
    await service.permit()
    assert await service.ask() == Later(0.1)


async def test_a_full_window_lets_nobody_in_until_somebody_is_back(service: Guarded) -> None:
    await service.recover()
    await grow(service, 1)
    first, second = await service.permit(), await service.permit()
    assert await service.ask() == Later(0.1)
    await service.release(first.token)
    await service.permit()
    assert await service.ask() == Later(0.1)
    await service.say(second, BAD)
    await service.permit()
    assert await service.ask() == Later(0.1)


async def test_what_never_reported_leaves_the_window_when_its_lease_is_over(service: Guarded) -> None:
    await service.recover()
    await service.permit()
    service.now_ms += 14_999
    assert await service.ask() == Later(0.1)
    service.now_ms += 1
    await service.permit()


# The rate


async def test_the_rate_is_kept_by_evenly_spaced_slots_a_second_ahead_at_most(service: Guarded) -> None:
    service.set(rate_interval_us=400_000)
    assert [(await service.permit()).delay_s for _ in range(3)] == [0, 0.4, 0.8]
    assert await service.ask() == Later(0.2)
    service.now_ms += 200
    assert (await service.permit()).delay_s == 1.0
    assert await service.ask() == Later(0.4)


async def test_time_without_requests_saves_up_none(service: Guarded) -> None:
    service.set(rate_interval_us=300_000)
    await service.permit()
    service.now_ms += 3_600_000
    assert [(await service.permit()).delay_s for _ in range(3)] == [0, 0.3, 0.6]


async def test_a_rate_of_less_than_one_per_second_is_asked_for_again_shortly_before(service: Guarded) -> None:
    service.set(rate_interval_us=60_000_000)
    await service.permit()
    assert await service.ask() == Later(59.0)
    service.now_ms += 59_000
    assert (await service.permit()).delay_s == 1.0


async def test_a_rate_that_was_raised_is_in_force_at_once(service: Guarded) -> None:
    service.set(rate_interval_us=3_600_000_000)
    await service.permit()
    service.set(rate_interval_us=100_000)
    assert await service.ask() == Later(0.1)
    service.now_ms += 3_600_000
    assert (await service.permit()).delay_s == 0


async def test_who_is_refused_takes_no_slot(service: Guarded) -> None:
    await service.recover()
    service.set(rate_interval_us=500_000)
    await service.permit()
    assert await service.ask() == Later(0.1)
    service.now_ms += 15_000
    assert (await service.permit()).delay_s == 0


async def test_the_lease_of_a_reserved_slot_begins_with_it(service: Guarded) -> None:
    await service.recover()
    service.set(rate_interval_us=1_000_000)
    await service.say(await service.permit(), GOOD)
    reserved = await service.permit()
    assert reserved.delay_s == 1.0
    service.now_ms += 15_999
    await service.permit()
    assert await service.ask() == Later(0.1)
    service.now_ms += 1
    await service.permit()


# What was delivered


async def test_what_was_delivered_is_known(service: Guarded) -> None:
    await service.say(await service.permit(key="k"), GOOD, key="k")
    assert await service.ask(key="k") == Known()
    assert await service.ask(key="k", is_probe=True, ignore_breaker=True) == Known()
    assert isinstance(await service.ask(key="k2"), Permit)


async def test_what_failed_is_not_known(service: Guarded) -> None:
    for burden in (BAD, STRAIN, REFUSAL):
        await service.say(await service.permit(key="k"), burden, key="k")
    assert isinstance(await service.ask(key="k"), Permit)


async def test_what_is_known_is_known_whatever_the_breaker_says(service: Guarded) -> None:
    await service.say(await service.permit(key="k"), GOOD, key="k")
    await service.open()
    assert await service.ask(key="k") == Known()


async def test_without_a_key_nothing_is_remembered(service: Guarded) -> None:
    await service.say(await service.permit(key=""), GOOD, key="")
    assert isinstance(await service.ask(key=""), Permit)
