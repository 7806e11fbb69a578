"""Every scenario of the laboratory: a new part of the hub joins it by a row."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from address_faults import HandshakeStalls
from broker_faults import DISK, MEMORY, BrokerKilled, ConnectionClosed, QueueDeleted
from clock_faults import ClockStepped, RedisClockStepped, needs_faketime, needs_faketime_in_redis
from cluster_faults import LeaderCutOff, LeaderKilled, RestartedInTurn
from crash_faults import POINTS, Crashed, WronglyAcknowledged
from database_faults import DatabaseAway, DatabaseFull, DatabaseLocked, DatabaseReadOnly
from destination import byte_by_byte, error_in_200, hanging, resetting
from fault import Fault
from full_queue_faults import QueueFull
from load import repeated_in
from moods import closing, garbled, with_a_huge_head, without_end
from name_faults import NameAway, needs_port_53
from network_faults import Cut, Slow, Swallowed
from poison_faults import Poisoned
from postgresql_faults import PostgreSQLAway, PostgreSQLReadOnly
from process_faults import Frozen, Killed, OutOfDescriptors, ToldToStop
from redis_faults import (
    RedisCannotSave,
    RedisFull,
    RedisKilled,
    RedisReadOnly,
    RedisSlow,
    RedisTooManyClients,
    ScriptsFlushed,
)
from service_faults import DownToTheEnd, Flapping, InAMood
from start_faults import StartedWithNothing
from world import ROLES, DatabaseKind, Servers, needs_own_redis

from topology import names

#: The roles that every event passes.
STAGES = ("ingest", "router", "sender rest")
SENDERS = ("sender rest", "sender amqp", "sender soap")
#: Roles that ask the database for the registry, keep what they read there, and write.
_OF_DATABASE = ("router", "sender soap", "recorder")
#: What befalls one role, and no other.
_OF_ONE_ROLE = (ClockStepped, Killed, Crashed, Frozen, Poisoned, WronglyAcknowledged)


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
    database: DatabaseKind = "sqlite"
    #: On a RabbitMQ of three nodes, all of which the hub knows.
    clustered: bool = False
    #: Raises Unavailable where this machine has not what the faults need.
    needs: Callable[[Servers], None] | None = None
    #: What is known to go wrong, in a sentence: shown, and no failure until it is mended.
    known: str = ""

    @property
    def repeats(self) -> int:
        """Duplicates that are within the promise: a repeat passes ingest while it is not known that the first did."""
        return self._at_most(self.faults)

    def repeats_over(self, transport: str) -> int:
        """Of these, what one transport's services may get: what befell another sender is nothing to them."""
        role = f"sender {transport}"
        return self._at_most(
            fault for fault in self.faults if not isinstance(fault, _OF_ONE_ROLE) or fault.role == role
        )

    def _at_most(self, faults: Iterable[Fault]) -> int:
        of_faults = self.times * sum(fault.repeats for fault in faults)
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
        for role in (*STAGES, *SENDERS[1:])
    ),
    *(Scenario(f"an event kills {role}", (Poisoned(role, "kills"),)) for role in STAGES),
    *(Scenario(f"an event blocks {role}", (Poisoned(role, "blocks"),)) for role in STAGES),
    *(Scenario(f"{role} loses a channel", (WronglyAcknowledged(role),), times=3) for role in STAGES),
    Scenario("each role told to stop", tuple(ToldToStop(role) for role in ROLES), times=2),
    Scenario("roles frozen for seconds", tuple(Frozen(role, 3) for role in ROLES)),
    Scenario("roles out of file descriptors", tuple(OutOfDescriptors(role) for role in ROLES[:3])),
    Scenario("started while broker and Redis are away", (StartedWithNothing(),)),
    Scenario("started while the database is away, too", (StartedWithNothing(database=True),)),
    Scenario("sender frozen for longer than heartbeats", (Frozen("sender rest", 60),), settles_within_s=120),
    Scenario("router frozen for longer than heartbeats", (Frozen("router", 60),), settles_within_s=120),
    Scenario("broker killed", (BrokerKilled(),), times=2),
    Scenario("memory alarm", (MEMORY,), times=2),
    Scenario("disk alarm", (DISK,), times=2),
    Scenario("connections closed by an operator", (ConnectionClosed(),), times=5),
    Scenario("queue deleted by an operator", (QueueDeleted("till"),)),
    # What a full queue refused RabbitMQ holds, in no queue that can be read, and tries again after three minutes.
    Scenario("queue full by an operator's policy", (QueueFull("till"),), settles_within_s=900),
    Scenario(
        "delay ladder full by an operator's policy", (QueueFull("till", ladder="mih.delay."),), settles_within_s=900
    ),
    Scenario(
        "a cluster's leaders killed",
        (LeaderKilled(names.INGEST), LeaderKilled(names.service_queue("till"))),
        events=900,
        rate=40,
        clustered=True,
        settles_within_s=120,
    ),
    Scenario(
        "a cluster's leader cut off",
        (LeaderCutOff(names.INGEST),),
        events=900,
        rate=40,
        clustered=True,
        settles_within_s=120,
    ),
    Scenario(
        "a cluster restarted node by node",
        (RestartedInTurn(),),
        events=900,
        rate=40,
        clustered=True,
        settles_within_s=120,
    ),
    Scenario("broker's lines cut", (Cut("broker"),), times=4),
    Scenario("broker's lines half-open", (Swallowed("broker", 5),), settles_within_s=150),
    Scenario("broker 200 ms away", (Slow("broker", 0.2, 6),), settles_within_s=120),
    Scenario("Redis killed and back empty", (RedisKilled(),), times=2),
    Scenario("Redis slow", (RedisSlow(),), times=2),
    Scenario("Redis read-only", (RedisReadOnly(),), times=2),
    Scenario("Redis full", (RedisFull(),), times=2),
    Scenario("Redis cannot save", (RedisCannotSave(),), times=2, needs=needs_own_redis),
    Scenario("Redis takes no more clients", (RedisTooManyClients(),), times=2),
    Scenario("Redis without its scripts", (ScriptsFlushed(),), times=8),
    Scenario("Redis's clock stepped", (RedisClockStepped("erp"),), needs=needs_faketime_in_redis),
    Scenario("roles' clocks stepped", tuple(ClockStepped(role) for role in STAGES), needs=needs_faketime),
    Scenario("Redis's lines half-open", (Swallowed("redis", 5),)),
    Scenario("Redis 200 ms away", (Slow("redis", 0.2, 6),)),
    Scenario("database away", (DatabaseAway(), Killed("router"))),
    Scenario("disk of database and logs full", (DatabaseFull(),)),
    Scenario("database read-only", (DatabaseReadOnly(_OF_DATABASE),)),
    Scenario("database locked", (DatabaseLocked(),)),
    Scenario(
        "PostgreSQL killed, and roles started without it",
        (PostgreSQLAway("killed", starting=_OF_DATABASE),),
        times=2,
        database="postgresql",
    ),
    Scenario("PostgreSQL read-only", (PostgreSQLReadOnly(_OF_DATABASE),), database="postgresql"),
    Scenario("PostgreSQL restarted", (PostgreSQLAway("stopped", seconds=0.5),), times=4, database="postgresql"),
    Scenario("PostgreSQL's lines cut", (Cut("database", repeats=0),), times=8, database="postgresql"),
    Scenario("PostgreSQL's lines half-open", (Swallowed("database", 5, repeats=0),), database="postgresql"),
    Scenario("service hanging", (InAMood("erp", hanging),)),
    Scenario("service byte by byte", (InAMood("erp", byte_by_byte),)),
    Scenario("service resetting", (InAMood("erp", resetting),)),
    Scenario("service answers without end", (InAMood("erp", without_end),)),
    Scenario("service answers with 10 MB of headers", (InAMood("erp", with_a_huge_head),)),
    Scenario("service closes instead of answering", (InAMood("erp", closing),)),
    Scenario("service speaks no HTTP", (InAMood("erp", garbled),)),
    Scenario("service's TLS handshake stalls", (HandshakeStalls("erp"),)),
    Scenario("service's name not resolved", (NameAway("erp", "fails"),), needs=needs_port_53),
    Scenario("service's name denied", (NameAway("erp", "denies"),), needs=needs_port_53),
    Scenario("name server hanging", (NameAway("erp", "is silent"),), needs=needs_port_53),
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
SHORT = (
    "each role killed",
    "sender rest dies around a confirm or ack",
    "an event kills router",
    "broker killed",
    "Redis killed and back empty",
)
