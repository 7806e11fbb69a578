"""What a process counts, as Prometheus reads it at /metrics; like the log, one per process and open to every room.

Labels are stages, queues, services and words of closed sets: never an id, an event's type or anything a publisher says.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, disable_created_metrics

# When each series began: as many series again, which nobody asks for.
disable_created_metrics()  # type: ignore[no-untyped-call] # the library has no types here
METRICS = CollectorRegistry()
#: Memory, descriptors, processor time.
ProcessCollector(registry=METRICS)

#: Seconds; an attempt may take two minutes.
_ATTEMPT_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120)
#: Seconds; what waits for a service that is down arrives days later.
_ARRIVAL_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 3600, 21600, 86400)

MESSAGES = Counter(
    "mih_messages", "Messages that a stage took, by what became of them.", ("stage", "became"), registry=METRICS
)
ROUTED = Counter("mih_deliveries", "Deliveries that the router made for a service.", ("service",), registry=METRICS)
ATTEMPTS = Counter("mih_attempts", "Attempts at a service, by how they ended.", ("service", "ending"), registry=METRICS)
DEAD = Counter("mih_dead", "Deliveries to a service that became dead letters.", ("service",), registry=METRICS)
ATTEMPT_SECONDS = Histogram(
    "mih_attempt_seconds",
    "How long a service took for an attempt.",
    ("service",),
    registry=METRICS,
    buckets=_ATTEMPT_BUCKETS,
)
ARRIVAL_SECONDS = Histogram(
    "mih_arrival_seconds",
    "From when the event was published (or it was replayed) until its service had it; two machines' clocks.",
    ("service",),
    registry=METRICS,
    buckets=_ARRIVAL_BUCKETS,
)
CANARIES = Counter(
    "mih_canaries",
    "Canaries by what became of them: unknown is one that the broker did not confirm, or that could not be followed.",
    ("became",),
    registry=METRICS,
)
CANARY_SECONDS = Histogram(
    "mih_canary_seconds",
    "From a canary's publication until the last of its services had it, of those that arrived.",
    registry=METRICS,
    buckets=_ARRIVAL_BUCKETS,
)
CANARY_ARRIVED_AT = Gauge(
    "mih_canary_last_arrival_timestamp_seconds",
    "When the last canary arrived, in seconds of Unix time; 0 while none has.",
    registry=METRICS,
)
BREAKER = Gauge("mih_breaker_state", "The breaker: 0 closed, 1 half-open, 2 open.", ("service",), registry=METRICS)
IN_HAND = Gauge("mih_in_hand", "Messages taken from a queue and not yet settled.", ("queue",), registry=METRICS)
QUEUE_READY = Gauge(
    "mih_queue_ready", "Messages that wait in a queue, as the suspect worker last saw.", ("queue",), registry=METRICS
)
QUEUE_CONSUMERS = Gauge(
    "mih_queue_consumers", "Consumers of a queue, as the suspect worker last saw.", ("queue",), registry=METRICS
)
QUEUE_OLDEST = Gauge(
    "mih_queue_oldest_seconds",
    "For how long, at most, the first delivery in the service's queue waits; none where none does or Redis is away.",
    ("service",),
    registry=METRICS,
)
QUEUES_SEEN_AT = Gauge(
    "mih_queues_seen_timestamp_seconds",
    "When the suspect worker last looked at the queues, in seconds of Unix time; 0 in every other role.",
    registry=METRICS,
)
MENDED = Counter(
    "mih_consumers_mended", "Consumers opened anew because nothing moved in them.", ("queue",), registry=METRICS
)
REVISION = Gauge("mih_registry_revision", "The registry in force; 0 where there is none.", registry=METRICS)
UNANSWERED = Gauge("mih_redis_unanswered", "Questions that Redis did not answer since the start.", registry=METRICS)
BLOCKED = Gauge(
    "mih_publishing_blocked_seconds",
    "For how long RabbitMQ has taken nothing of what this process publishes: a memory or disk alarm; 0 while it does.",
    registry=METRICS,
)
READY = Gauge("mih_ready", "What /readyz says: 1 ready or degraded, 0 not.", registry=METRICS)
LOOP_LAG = Gauge("mih_loop_lag_seconds", "How late the event loop came to its last second.", registry=METRICS)
