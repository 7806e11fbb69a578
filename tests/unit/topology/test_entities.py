import pytest
from kombu import Exchange, Queue
from topic_routing import queues_reached

from topology import names
from topology.entities import LOOKED_AT, WORKED, Binding, Topology, hub_topology, service_topology, topology_of

WHOLE = topology_of(["erp", "crm"])
QUEUES = {queue.name: queue.queue_arguments for queue in WHOLE.queues}
EXCHANGES = {exchange.name: exchange for exchange in WHOLE.exchanges}
TO_UNROUTABLE = {"alternate-exchange": "mih.unroutable"}


@pytest.mark.parametrize("queue", WHOLE.queues, ids=lambda queue: queue.name)
def test_every_queue_is_a_durable_balanced_quorum_queue_that_only_its_own_rules_empty(queue: Queue) -> None:
    arguments = queue.queue_arguments
    assert queue.durable
    assert not queue.exclusive
    assert not queue.auto_delete
    assert arguments["x-queue-type"] == "quorum"
    assert arguments["x-queue-leader-locator"] == "balanced"
    assert arguments["x-delivery-limit"] in {WORKED, LOOKED_AT}
    assert not {"x-max-length", "x-max-length-bytes", "x-expires"} & set(arguments)


@pytest.mark.parametrize("name", [name for name, found in QUEUES.items() if "x-dead-letter-exchange" in found])
def test_what_dead_letters_does_so_at_least_once_into_an_exchange_of_ours(name: str) -> None:
    arguments = QUEUES[name]
    assert arguments["x-dead-letter-strategy"] == "at-least-once"
    assert arguments["x-overflow"] == "reject-publish"
    assert arguments["x-dead-letter-exchange"] in EXCHANGES


@pytest.mark.parametrize(
    ("name", "limit", "dead_letter_to", "key"),
    [
        ("mih.ingest", WORKED, "mih.dlx", "invalid"),
        ("mih.router", WORKED, "mih.dlx", "invalid"),
        ("mih.service.erp", WORKED, "mih.dlx", "erp"),
        ("mih.suspect.ingest", WORKED, "mih.dlx", "invalid"),
        ("mih.suspect.router", WORKED, "mih.dlx", "invalid"),
        ("mih.suspect.sender", WORKED, "mih.dlx", "invalid"),
        ("mih.suspect.recorder", WORKED, "mih.dlx", "invalid"),
        ("mih.dlq.erp", LOOKED_AT, None, None),
        ("mih.invalid", LOOKED_AT, None, None),
        ("mih.unroutable", LOOKED_AT, None, None),
        ("mih.dead", LOOKED_AT, None, None),
        ("mih.delay.19", LOOKED_AT, "mih.delay.18", None),
        ("mih.delay.00", LOOKED_AT, "mih.delay.due", None),
    ],
)
def test_a_queue_lets_go_where_the_design_says(
    name: str, limit: int, dead_letter_to: str | None, key: str | None
) -> None:
    arguments = QUEUES[name]
    assert arguments["x-delivery-limit"] == limit
    assert arguments.get("x-dead-letter-exchange") == dead_letter_to
    assert arguments.get("x-dead-letter-routing-key") == key


def test_only_delay_levels_let_time_take_messages_out() -> None:
    levels = {name for name in QUEUES if "x-message-ttl" in QUEUES[name]}
    assert levels == {names.delay_level(level) for level in range(20)}


@pytest.mark.parametrize(
    ("name", "kind", "arguments"),
    [
        ("mih.events", "topic", TO_UNROUTABLE),
        ("mih.normalized", "topic", {}),
        ("mih.services", "direct", TO_UNROUTABLE),
        ("mih.delay.19", "topic", {}),
        ("mih.delay.due", "topic", TO_UNROUTABLE),
        ("mih.dlx", "topic", TO_UNROUTABLE),
        ("mih.unroutable", "fanout", {}),
        ("mih.outcomes", "topic", {}),
        ("mih.control", "fanout", {}),
    ],
)
def test_an_exchange_is_of_the_kind_that_the_design_says(name: str, kind: str, arguments: dict[str, str]) -> None:
    exchange: Exchange = EXCHANGES[name]
    assert exchange.durable
    assert not exchange.auto_delete
    assert (exchange.type, exchange.arguments or {}) == (kind, arguments)


@pytest.mark.parametrize(
    ("exchange", "key", "queues"),
    [
        ("mih.events", "anything.at.all", {"mih.ingest"}),
        ("mih.normalized", "core.event.user_created", {"mih.router"}),
        ("mih.services", "erp", {"mih.service.erp"}),
        ("mih.delay.due", "0.1.erp", {"mih.service.erp"}),
        ("mih.dlx", "erp", {"mih.dlq.erp", "mih.dead"}),
        ("mih.dlx", "invalid", {"mih.invalid", "mih.dead"}),
        ("mih.outcomes", "delivered.erp", set()),
        ("mih.services", "unheard-of", set()),
    ],
)
def test_a_message_reaches_the_queues_that_the_design_says(exchange: str, key: str, queues: set[str]) -> None:
    assert set(queues_reached(WHOLE, exchange, key)) == queues


def test_what_is_unroutable_is_kept_and_indexed_whatever_its_key() -> None:
    bound = {binding.destination for binding in WHOLE.bindings if binding.source == "mih.unroutable"}
    assert bound == {"mih.unroutable", "mih.dead"}


def test_parts_join_to_the_whole_with_each_name_once() -> None:
    joined = hub_topology() + service_topology("erp") + service_topology("crm")
    assert joined == WHOLE
    assert len(QUEUES) == len(WHOLE.queues)
    assert len(EXCHANGES) == len(WHOLE.exchanges)
    assert len(set(WHOLE.bindings)) == len(WHOLE.bindings)


def test_every_binding_ends_at_something_that_is_declared() -> None:
    for binding in WHOLE.bindings:
        assert binding.source in EXCHANGES
        assert binding.destination in (QUEUES if binding.to == "queue" else EXCHANGES)


def test_a_service_takes_its_deliveries_fresh_and_due_and_its_dead() -> None:
    assert service_topology("erp").bindings == (
        Binding("mih.services", "mih.service.erp", "erp"),
        Binding("mih.delay.due", "mih.service.erp", "#.erp"),
        Binding("mih.dlx", "mih.dlq.erp", "erp"),
    )


@pytest.mark.parametrize("slug", ["", "orders.erp", "invalid"])
def test_a_service_whose_name_would_catch_messages_of_others_is_refused(slug: str) -> None:
    with pytest.raises(ValueError, match="a service cannot be called"):
        service_topology(slug)


def test_the_empty_topology_joins_without_a_trace() -> None:
    assert Topology() + service_topology("erp") == service_topology("erp")
