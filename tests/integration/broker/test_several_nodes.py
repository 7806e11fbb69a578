"""A cluster is named by its nodes: whoever connects does so where it is answered."""

import asyncio
from itertools import permutations

import pytest
from queues import without_ladder

from pipeline.broker import Outgoing, open_session
from pipeline.errors import Unavailable
from pipeline.settings import redacted
from topology import names
from topology.declare import declare
from topology.depths import read_depths
from topology.entities import topology_of
from topology.errors import ManagementAway
from topology.management import read_broker

NOBODY = "amqp://guest:hunter2@127.0.0.1:1/"
NOBODY_EITHER = "amqp://guest:hunter2@127.0.0.1:2/"
QUEUE = names.dead_letter_queue("erp")


@pytest.fixture(params=range(6))
def nodes(request: pytest.FixtureRequest, amqp_url: str) -> str:
    """Of three nodes one is there, the first, the second or the last."""
    return ",".join([*permutations((NOBODY, NOBODY_EITHER, amqp_url))][request.param])


async def test_a_session_and_a_declaration_find_the_node_that_answers(nodes: str, amqp_url: str) -> None:
    await asyncio.to_thread(declare, nodes, without_ladder(topology_of(["erp"])))
    async with open_session(nodes, "test") as session:
        await session.publish(Outgoing("", QUEUE, b"here"))
        assert session.broker == redacted(amqp_url)
    assert read_depths(nodes, [QUEUE])[QUEUE].ready == 1


async def test_when_no_node_answers_each_is_named_and_no_password() -> None:
    with pytest.raises(Unavailable) as away:
        async with open_session(f"{NOBODY},{NOBODY_EITHER}", "test"):
            pass
    for told in ("127.0.0.1:1", "127.0.0.1:2"):
        assert told in str(away.value)
    assert "hunter2" not in str(away.value)


def test_the_management_api_is_asked_where_it_answers(management_url: str, vhost: str) -> None:
    nobody = "http://guest:hunter2@127.0.0.1:1"
    assert read_broker(f"{nobody},{management_url}", vhost).exchanges
    assert read_broker(f"{management_url},{nobody}", vhost).exchanges
    with pytest.raises(ManagementAway):
        read_broker(f"{nobody},{nobody}", vhost)
