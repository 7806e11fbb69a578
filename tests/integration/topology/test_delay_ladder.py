"""The delay ladder on a real RabbitMQ."""

import time

import pytest
from at_the_broker import WITHIN_S, a_broker

from topology.declare import declare, unbind_service
from topology.delay import delay_route
from topology.entities import topology_of

#: RabbitMQ counts in whole milliseconds at each level, and its clock is not ours.
CLOCK_S = 0.02
#: More than a queue that dead-letters at least once holds unconfirmed (32) before it stands still.
ENOUGH_TO_STALL = 70


def test_delays_side_by_side_arrive_in_the_order_of_being_due_and_never_early(amqp_url: str) -> None:
    declare(amqp_url, topology_of(["erp", "crm"]))
    delays = {"thirteen": 13, "seven": 7, "one": 1}
    with a_broker(amqp_url) as broker:
        published = time.monotonic()
        for body, seconds in delays.items():
            route = delay_route(seconds, "erp")
            broker.publish(route.exchange, route.routing_key, body)
        taken = broker.take("mih.service.erp", 3)
        assert [arrived.body for arrived in taken] == ["one", "seven", "thirteen"]
        for arrived in taken:
            assert arrived.at - published >= delays[arrived.body] - CLOCK_S
        assert broker.is_empty("mih.service.crm")


@pytest.mark.timeout(WITHIN_S * 4)
def test_what_is_due_for_a_removed_service_is_unroutable_and_stalls_nobody(amqp_url: str) -> None:
    declare(amqp_url, topology_of(["erp", "gone"]))
    unbind_service(amqp_url, "gone")
    with a_broker(amqp_url) as broker:
        for slug, bodies in (("gone", [str(n) for n in range(ENOUGH_TO_STALL)]), ("erp", ["good"])):
            route = delay_route(1, slug)
            broker.publish(route.exchange, route.routing_key, *bodies)
        assert broker.bodies("mih.service.erp") == ["good"]
        assert len(broker.bodies("mih.unroutable", ENOUGH_TO_STALL)) == ENOUGH_TO_STALL
        assert broker.is_empty("mih.service.gone")
