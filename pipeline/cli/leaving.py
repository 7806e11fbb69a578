"""Leaving well from the first moment: a role that is told to stop while it still comes up ends in order."""

import signal
import sys
from collections.abc import Sequence

#: Those that run until they are told to stop; a canary does where it is sent again and again.
_ROLES = frozenset({"up", "ingest", "router", "sender", "recorder", "suspect"})


def leave_when_told(arguments: Sequence[str]) -> None:
    """Make SIGTERM and Ctrl-C end a role with exit code 0, until it has something to bring to its end."""
    is_sent_again = "canary" in arguments[:1] and any(word.startswith("--every") for word in arguments)
    if is_sent_again or _ROLES.intersection(arguments[:1]):
        for told in (signal.SIGTERM, signal.SIGINT):
            signal.signal(told, _leave)


def _leave(*_: object) -> None:
    sys.exit(0)
