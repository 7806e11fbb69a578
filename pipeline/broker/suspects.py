"""Working suspects: one message at a time from all suspect queues, so that a poison message has no neighbours.

What comes back from here as often as it came back to its stage is guilty: it goes to its dead letters, unparsed. All
others are innocent, were only near a poison message or a crash, and go the way they would have gone.
"""

import asyncio
from collections.abc import Mapping

import structlog

from pipeline.broker.consume import SUSPECT_AFTER, Take
from pipeline.broker.get import Getter, open_getter
from pipeline.broker.incoming import Incoming
from pipeline.broker.outgoing import moved, rejected
from pipeline.broker.session import Session
from pipeline.errors import Misconfigured, NotConfirmed, Unavailable
from pipeline.pause import pause
from topology import names

#: Seconds, more than all that a message may wait for: what is not done with then never will be.
_ENDS_WITHIN_S = 300
#: Seconds between looks at empty queues.
_LOOK_EVERY_S = 1.0
_OF_DELIVERIES = "sender"
#: Characters; a routing key has a limit too, above which nothing could be condemned.
_LONGEST_SLUG = 63

log = structlog.get_logger()


async def work_suspects(session: Session, takes: Mapping[str, Take], *, until: asyncio.Event) -> None:
    """Work the suspect queues of these stages until `until` or the session's end.

    Raises Unavailable when the broker is away.
    """
    async with open_getter(session) as getter:
        while await session.takes_publishes(until) and not until.is_set():
            found = [await _work_one(session, getter, stage, take) for stage, take in takes.items()]
            if not any(found):
                await pause(_LOOK_EVERY_S, until, session.lost)


async def _work_one(session: Session, getter: Getter, stage: str, take: Take) -> bool:
    message = await getter.get(names.suspect_queue(stage))
    if message is None:
        return False
    if message.returned >= SUSPECT_AFTER:
        reason = f"its process died or hung {message.returned} times while it was in hand"
        await _condemn(session, stage, message, reason)
    else:
        await _try(session, stage, message, take)
    await getter.ack(message)
    return True


async def _try(session: Session, stage: str, message: Incoming, take: Take) -> None:
    try:
        async with asyncio.timeout(_ENDS_WITHIN_S) as patience:
            await take(message)
        log.info("suspect was innocent", stage=stage, **message.ids)
    except (NotConfirmed, Misconfigured) as refused:
        # No fault of the message, but the broker's or this process's: to the tail, where its count starts anew.
        log.warning("suspect stays", stage=stage, reason=str(refused), **message.ids)
        await session.publish_patiently(moved(message, "", names.suspect_queue(stage)))
        await pause(_LOOK_EVERY_S, session.lost)
    except Unavailable:
        raise
    except Exception as failure:
        if patience.expired():
            # Not guilty at once, for the machine itself may have slept: it comes back with a higher count.
            raise Unavailable(f"a suspect of {stage} was not done with in {_ENDS_WITHIN_S} s") from None
        # The last boundary: what fails even alone is guilty, whatever the failure.
        log.exception("suspect is guilty", stage=stage, **message.ids)
        await _condemn(session, stage, message, f"failed unexpectedly: {type(failure).__name__}")


async def _condemn(session: Session, stage: str, message: Incoming, reason: str) -> None:
    log.error("condemned", stage=stage, reason=reason, **message.ids)
    # Only a delivery's word for its service is ours: what an event says in its headers is its publisher's word.
    slug = message.headers.get(names.HEADER_SERVICE) if stage == _OF_DELIVERIES else None
    key = str(slug or names.INVALID_KEY)[:_LONGEST_SLUG]
    await session.publish_patiently(rejected(message, key, f"{stage}: {reason}"))
