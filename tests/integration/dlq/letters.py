"""Dead letters, and the walks over them that the tests of this room take."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from stages_world import World

from pipeline.broker import Incoming, Outgoing
from pipeline.dead_letter import headers_of_death
from pipeline.delivery import CONTENT_TYPE, Delivery, Request, read_delivery
from pipeline.dlq import Decision, Keep, as_sent
from pipeline.event import Event
from pipeline.outcome import Ending, Outcome
from pipeline.registry import Registry
from topology import names

DEAD, AGAIN = names.dead_letter_queue("erp"), names.service_queue("erp")
DIED = datetime(2026, 11, 20, tzinfo=UTC)


def delivery(number: int, *, rule: str = "rule-0", service: str = "erp") -> Delivery:
    event = Event(f"e{number}", "shop", "shop.order", {"n": number})
    request = Request({"method": "PUT", "path": f"/orders/{number}"}, f'{{"n": {number}}}')
    return Delivery(f"d{number}", service, rule, 1, request, event, DIED, attempt=10)


def letter(number: int, *, rule: str = "rule-0", service: str = "erp") -> Outgoing:
    dead = delivery(number, rule=rule, service=service)
    headers = headers_of_death(dead, Outcome(Ending.CANNOT_PASS, "422", 422), "422", DIED)
    return Outgoing(names.DLX, service, dead.to_bytes(), CONTENT_TYPE, headers)


async def ids_in(world: World, queue: str) -> list[str]:
    """Take what is there, and tell its ids."""
    return [read_delivery(message.body, message.headers).id for message in await world.ready(queue)]


def replaying(
    registry: Registry, chosen: Callable[[Incoming], bool] = lambda _: True, place: str = "erp"
) -> Callable[[Incoming], Awaitable[Decision]]:
    """Send the chosen ones as they were sent."""

    async def decide(message: Incoming) -> Decision:
        return as_sent(message, place, registry, datetime.now(UTC)) if chosen(message) else Keep()

    return decide


def number_of(message: Incoming) -> int:
    return int(str(message.headers[names.HEADER_DELIVERY_ID])[1:])
