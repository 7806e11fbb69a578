"""The only AMQP client of the road: two connections per process, confirmed publishes, one channel per queue."""

from pipeline.broker.consume import Take, consume
from pipeline.broker.control import announce, listen
from pipeline.broker.existing import queue_exists, ready_in
from pipeline.broker.get import Getter, open_getter
from pipeline.broker.incoming import Incoming
from pipeline.broker.lease import lease
from pipeline.broker.outgoing import Outgoing, moved, rejected
from pipeline.broker.pull import Puller, open_puller
from pipeline.broker.session import Session, open_session, run_sessions
from pipeline.broker.suspects import work_suspects
from pipeline.broker.take_one import take_one
from pipeline.broker.tap import tap

__all__ = [
    # messages
    "Incoming",
    "Outgoing",
    "moved",
    "rejected",
    # connections
    "Session",
    "open_session",
    "run_sessions",
    # queues
    "Take",
    "consume",
    "take_one",
    "queue_exists",
    "ready_in",
    "Getter",
    "open_getter",
    "Puller",
    "open_puller",
    "lease",
    "work_suspects",
    # listening in
    "tap",
    "announce",
    "listen",
]
