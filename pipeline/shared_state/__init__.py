"""What processes share for seconds to hours, in Redis; losing it costs protection for a while, never a message."""

from pipeline.shared_state.breaker import Breakers
from pipeline.shared_state.claims import Claim, Claims
from pipeline.shared_state.redis import SharedState, open_shared_state

__all__ = ["Breakers", "Claim", "Claims", "SharedState", "open_shared_state"]
