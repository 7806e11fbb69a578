"""The story of a delivery: its attempts so far, which travels with it in a header and ends with it in the index.

JSON, newest last: [{"attempt", "at", "ending", "reason", "status", "latency_ms", "answer"}]; of a long story the first
attempt and the newest are kept, for headers have a limit.
"""

from datetime import datetime
from typing import Any

import orjson

from pipeline.outcome import Outcome

#: Attempts that are kept, and characters of each answer and reason: all of it fits a header several times.
KEPT = 12
ANSWER_KEPT = 200


def with_attempt(story: str, outcome: Outcome, *, attempt: int, at: datetime) -> str:
    """The story with one more attempt."""
    attempts = [
        *attempts_of(story),
        {
            "attempt": attempt,
            "at": at,
            "ending": outcome.ending,
            "reason": outcome.reason[:ANSWER_KEPT],
            "status": outcome.status,
            "latency_ms": outcome.latency_ms,
            "answer": outcome.answer[:ANSWER_KEPT],
        },
    ]
    return orjson.dumps([*attempts[:1], *attempts[1:][1 - KEPT :]]).decode()


def attempts_of(story: str) -> list[dict[str, Any]]:
    """The attempts; none where the text is no story."""
    try:
        read = orjson.loads(story or "[]")
    except ValueError:
        return []
    return [attempt for attempt in read if isinstance(attempt, dict)] if isinstance(read, list) else []
