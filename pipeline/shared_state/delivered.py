"""Which deliveries reached their service, so that a message that comes again is not sent again."""

from datetime import timedelta

from pipeline.shared_state.redis import SharedState

_PREFIX = "mih:delivered:"
#: As long as an event's own id is remembered by default.
REMEMBERED = timedelta(hours=24)


class Delivered:
    """Ids of deliveries that ended well; each call is one round trip."""

    def __init__(self, state: SharedState, window: timedelta = REMEMBERED) -> None:
        """Remember for as long as an event's own id is: what may come again by then may be sent again."""
        self._state = state
        self._window = window

    async def knows(self, delivery_id: str) -> bool:
        """Whether this delivery reached its service already; no when Redis is away."""

        async def ask() -> bool:
            return bool(await self._state.client.exists(_PREFIX + delivery_id))

        return await self._state.ask(ask, otherwise=False)

    async def add(self, delivery_id: str) -> None:
        """Remember that this delivery reached its service."""

        async def ask() -> None:
            await self._state.client.set(_PREFIX + delivery_id, b"1", px=max(self._window, timedelta(milliseconds=1)))

        await self._state.ask(ask, otherwise=None)
