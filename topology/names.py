"""Every exchange, queue, routing key and header is born here.

Names are promises: people bind to them, watch them and write them into dashboards.
"""

#: The public door: any application publishes here, with any routing key.
EVENTS = "mih.events"
INGEST = "mih.ingest"
#: What ingest understood; the routing key is the event's type in dots.
NORMALIZED = "mih.normalized"
ROUTER = "mih.router"
SERVICES = "mih.services"
DELAY_DUE = "mih.delay.due"
DLX = "mih.dlx"
INVALID = "mih.invalid"
#: Copies of the dead for the index.
DEAD = "mih.dead"
#: An exchange and the queue bound to it: what nobody was bound for.
UNROUTABLE = "mih.unroutable"
OUTCOMES = "mih.outcomes"
CONTROL = "mih.control"

#: Routing key on `mih.dlx` of what ingest or router could not read.
INVALID_KEY = "invalid"
#: The places of dead letters that belong to no service; no service can be called so.
RESERVED_SLUGS = frozenset({INVALID_KEY, "unroutable"})

#: The stages that have a suspect queue.
STAGES = ("ingest", "router", "sender", "recorder")

#: Version of the shape of a message's headers and body.
HEADER_VERSION = "mih-version"
#: Read from what a publisher sends: who it is, where its format does not say so itself.
HEADER_SOURCE = "mih-source"
HEADER_EVENT_ID = "mih-event-id"
HEADER_DELIVERY_ID = "mih-delivery-id"
HEADER_RULE = "mih-rule"
HEADER_SERVICE = "mih-service"
#: Whole number from 1: which attempt comes next.
HEADER_ATTEMPT = "mih-attempt"
#: RFC 3339 time from which the delivery's age counts.
HEADER_FIRST_SEEN = "mih-first-seen"
#: RFC 3339 time at which the event was published, as far as ingest can tell; figures count from it, and nothing else.
HEADER_PUBLISHED = "mih-published"
#: How often a retry made room for first attempts.
HEADER_DEFERRED = "mih-deferred"
#: What is appended to the Idempotency-Key: the request is another than the first one under this id.
HEADER_VARIANT = "mih-variant"
#: The attempts so far, as JSON.
HEADER_STORY = "mih-story"
#: Why a message is in `mih.invalid` or in a dead-letter queue, in words.
HEADER_REASON = "mih-reason"
#: The id of a dead letter that is no delivery.
HEADER_LETTER = "mih-letter-id"
#: The last outcome of a dead delivery, as JSON.
HEADER_OUTCOME = "mih-outcome"
HEADER_DIED_AT = "mih-died-at"
HEADER_FINGERPRINT = "mih-fingerprint"
#: Which walk over its queue kept a dead letter last.
HEADER_WALK = "mih-walk"
#: The routing key with which an unreadable message came in.
HEADER_ROUTING_KEY = "mih-routing-key"


def service_queue(slug: str) -> str:
    """The queue of what waits for one service."""
    return f"mih.service.{slug}"


def dead_letter_queue(slug: str) -> str:
    """The queue of what died on its way to one service."""
    return f"mih.dlq.{slug}"


def dead_letters_at(place: str) -> str:
    """The queue of a place of dead letters: a service's slug, `invalid` or `unroutable`."""
    return {INVALID_KEY: INVALID, "unroutable": UNROUTABLE}.get(place) or dead_letter_queue(place)


def suspect_queue(stage: str) -> str:
    """The queue of what a stage took several times without an answer."""
    return f"mih.suspect.{stage}"


def lease_queue(queue: str) -> str:
    """The exclusive queue that whoever passes over a queue holds, so that it is one at a time."""
    return f"mih.lease.{queue}"


def delay_level(level: int) -> str:
    """The exchange and the queue of one rung of the delay ladder."""
    return f"mih.delay.{level:02d}"
