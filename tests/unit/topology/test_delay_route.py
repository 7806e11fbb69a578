import pytest
from hypothesis import given
from hypothesis import strategies as st
from topic_routing import queues_reached

from topology import names
from topology.delay import LEVELS, MAX_SECONDS, delay_route, level_below, passing_key, resting_key, resting_ms
from topology.entities import topology_of

SLUGS = ("erp", "crm", "0", "1", "invalid-1")
TOPOLOGY = topology_of(SLUGS)
QUEUES = {queue.name: queue for queue in TOPOLOGY.queues}


@pytest.mark.parametrize(
    ("seconds", "exchange", "routing_key"),
    [
        (1, "mih.delay.00", "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.erp"),
        (2, "mih.delay.01", "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.0.erp"),
        (13, "mih.delay.03", "0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.1.1.0.1.erp"),
        (2**19, "mih.delay.19", "1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.erp"),
        (MAX_SECONDS, "mih.delay.19", "1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.1.erp"),
    ],
)
def test_a_delay_enters_at_its_highest_bit_with_its_bits_as_key(seconds: int, exchange: str, routing_key: str) -> None:
    route = delay_route(seconds, "erp")
    assert (route.exchange, route.routing_key) == (exchange, routing_key)


@pytest.mark.parametrize("seconds", [-1, 0, MAX_SECONDS + 1])
def test_a_delay_outside_of_the_ladder_is_refused(seconds: int) -> None:
    with pytest.raises(ValueError, match=f"1 to {MAX_SECONDS} whole seconds, found {seconds}"):
        delay_route(seconds, "erp")


@pytest.mark.parametrize("slug", ["", "orders.erp", "."])
def test_a_slug_that_the_last_hop_could_not_tell_from_another_is_refused(slug: str) -> None:
    with pytest.raises(ValueError, match="one word"):
        delay_route(1, slug)


@pytest.mark.parametrize(
    ("level", "resting", "passing", "below", "seconds"),
    [
        (19, "1.#", "0.#", "mih.delay.18", 524_288),
        (18, "*.1.#", "*.0.#", "mih.delay.17", 262_144),
        (0, "*." * 19 + "1.#", "*." * 19 + "0.#", "mih.delay.due", 1),
    ],
)
def test_a_level_reads_its_own_bit(level: int, resting: str, passing: str, below: str, seconds: int) -> None:
    assert (resting_key(level), passing_key(level)) == (resting, passing)
    assert (level_below(level), resting_ms(level)) == (below, seconds * 1000)


@given(seconds=st.integers(1, MAX_SECONDS), slug=st.sampled_from(SLUGS))
def test_every_delay_rests_exactly_its_seconds_and_ends_at_its_service(seconds: int, slug: str) -> None:
    route = delay_route(seconds, slug)
    exchange, rested_ms = route.exchange, 0
    for _ in range(LEVELS + 1):
        (reached,) = queues_reached(TOPOLOGY, exchange, route.routing_key)
        if reached == names.service_queue(slug):
            break
        arguments = QUEUES[reached].queue_arguments
        rested_ms += arguments["x-message-ttl"]
        exchange = arguments["x-dead-letter-exchange"]
    assert reached == names.service_queue(slug)
    assert rested_ms == seconds * 1000


@given(seconds=st.integers(1, MAX_SECONDS))
def test_a_delay_rests_once_per_bit_that_is_set(seconds: int) -> None:
    route = delay_route(seconds, "erp")
    bits = route.routing_key.split(".")[:-1]
    assert sum(1 << (LEVELS - 1 - place) for place, bit in enumerate(bits) if bit == "1") == seconds
    assert route.exchange == names.delay_level(LEVELS - 1 - bits.index("1"))
