"""Every scenario of the laboratory: a new part of the hub joins it by a row."""

from dataclasses import dataclass

from broker_faults import DISK, MEMORY, BrokerKilled, ConnectionClosed, QueueDeleted
from crash_faults import POINTS, Crashed
from database_faults import DatabaseAway, DatabaseLocked
from destination import byte_by_byte, error_in_200, hanging, resetting
from fault import Fault
from load import repeated_in
from network_faults import Cut, Slow, Swallowed
from process_faults import Frozen, Killed, OutOfDescriptors, ToldToStop
from redis_faults import RedisKilled, RedisReadOnly, RedisSlow, ScriptsFlushed
from service_faults import DownToTheEnd, Flapping, InAMood
from start_faults import StartedWithNothing
from world import ROLES


@dataclass(frozen=True, slots=True)
class Scenario:
    """Faults that strike while a load is on its way, each so many times, in an order that the seed says."""

    name: str
    faults: tuple[Fault, ...]
    times: int = 1
    events: int = 500
    #: Events in a second.
    rate: int = 60
    #: Services that are not well again in the end: what is for them may wait.
    down: frozenset[str] = frozenset()
    #: Seconds from the last fault and event until everything must have come to its end.
    settles_within_s: float = 60
    #: Duplicates besides those of the single faults: what a killed router had in hand, when Redis forgets it just then.
    besides: int = 0
    #: What is known to go wrong, in a sentence: shown, and no failure until it is mended.
    known: str = ""

    @property
    def repeats(self) -> int:
        """Duplicates that are within the promise: a repeat passes ingest while it is not known that the first did."""
        of_faults = self.times * sum(fault.repeats for fault in self.faults)
        return self.besides + of_faults + repeated_in(self.events) if self.faults else 0


SCENARIOS = (
    Scenario("nothing goes wrong", ()),
    Scenario("each role killed", tuple(Killed(role) for role in ROLES), times=3),
    *(
        Scenario(
            f"{role} dies around a confirm or ack",
            tuple(Crashed(role, point) for point in POINTS),
            events=900,
            rate=40,
        )
        for role in ("ingest", "router", "sender rest")
    ),
    Scenario("each role told to stop", tuple(ToldToStop(role) for role in ROLES), times=2),
    Scenario("roles frozen for seconds", tuple(Frozen(role, 3) for role in ROLES)),
    Scenario("roles out of file descriptors", tuple(OutOfDescriptors(role) for role in ROLES[:3])),
    Scenario("started while broker and Redis are away", (StartedWithNothing(),)),
    Scenario(
        "started while the database is away, too",
        (StartedWithNothing(database=True),),
        known="A role that starts while SQLite's file is away makes an empty one, and follows that for ever when the "
        "right one is back in its place, without a word.",
    ),
    Scenario("sender frozen for longer than heartbeats", (Frozen("sender rest", 60),), settles_within_s=120),
    Scenario("router frozen for longer than heartbeats", (Frozen("router", 60),), settles_within_s=120),
    Scenario("broker killed", (BrokerKilled(),), times=2),
    Scenario("memory alarm", (MEMORY,), times=2),
    Scenario("disk alarm", (DISK,), times=2),
    Scenario("connections closed by an operator", (ConnectionClosed(),), times=5),
    Scenario("queue deleted by an operator", (QueueDeleted("till"),)),
    Scenario("broker's lines cut", (Cut("broker"),), times=4),
    Scenario("broker's lines half-open", (Swallowed("broker", 5),), settles_within_s=150),
    Scenario("broker 200 ms away", (Slow("broker", 0.2, 6),), settles_within_s=120),
    Scenario("Redis killed and back empty", (RedisKilled(),), times=2),
    Scenario("Redis slow", (RedisSlow(),), times=2),
    Scenario("Redis read-only", (RedisReadOnly(),), times=2),
    Scenario("Redis without its scripts", (ScriptsFlushed(),), times=8),
    Scenario("Redis's lines half-open", (Swallowed("redis", 5),)),
    Scenario("Redis 200 ms away", (Slow("redis", 0.2, 6),)),
    Scenario("database away", (DatabaseAway(), Killed("router"))),
    Scenario("database locked", (DatabaseLocked(),)),
    Scenario("service hanging", (InAMood("erp", hanging),)),
    Scenario("service byte by byte", (InAMood("erp", byte_by_byte),)),
    Scenario("service resetting", (InAMood("erp", resetting),)),
    Scenario("service flapping each second", (Flapping("erp"),)),
    Scenario("service says 200 and an error", (InAMood("erp", error_in_200),)),
    Scenario("service hanging to the end", (DownToTheEnd("erp", hanging),), down=frozenset({"erp"})),
    Scenario(
        "everything at once",
        (*(Killed(role) for role in ROLES), BrokerKilled(), RedisKilled(), Cut("broker")),
        besides=200,
    ),
)
#: The short form, for CI.
SHORT = ("each role killed", "broker killed", "Redis killed and back empty")
