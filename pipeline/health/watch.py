"""The watch over a role from start to end: its pulse, its door, and the end of a process whose loop is blocked.

A process that is alive and does nothing is worse than one that died: nobody starts it again, and what it holds waits
for it. So the thread that counts the seconds without a beat ends it at MIH_WATCHDOG, and says where it was; what it had
in hand returns to its queues. While something holds the interpreter itself (a library of C that hangs) no thread runs,
and /healthz does not answer either.
"""

import asyncio
import contextlib
import faulthandler
import os
import sys
import threading
from collections.abc import AsyncIterator

import structlog

from pipeline.health.door import open_door
from pipeline.health.metrics import LOOP_LAG, READY
from pipeline.health.role import Role
from pipeline.settings import Settings

#: What sysexits.h calls EX_SOFTWARE.
BLOCKED_EXIT_CODE = 70
#: Seconds: what is blocked may be the log itself, and then the end must not wait for it.
_LAST_WORDS_S = 5

log = structlog.get_logger()


@contextlib.asynccontextmanager
async def watched(name: str, settings: Settings) -> AsyncIterator[None]:
    """Watch the role while inside.

    Raises Misconfigured when it cannot be asked at MIH_HEALTH_ADDRESS.
    """
    role, over = Role(name), threading.Event()
    READY.set_function(lambda: role.ready().is_well)
    LOOP_LAG.set_function(lambda: max(role.pulse.lag_s, role.pulse.silent_s))
    with contextlib.ExitStack() as stack:
        if settings.health_address:
            log.info("can be asked", address=stack.enter_context(open_door(settings.health_address, role)))
        beating = asyncio.create_task(_beat(role), name="pulse")
        stack.callback(beating.cancel)
        stack.callback(over.set)
        limit_s = settings.watchdog.total_seconds()
        threading.Thread(target=_look, args=(role, over, limit_s), name="watchdog", daemon=True).start()
        yield


async def _beat(role: Role) -> None:
    while True:
        await role.pulse.beat()
        # Asked each second, so that its "since" is true when somebody else asks.
        role.ready()


def _look(role: Role, over: threading.Event, limit_s: float) -> None:
    for silent_s in role.pulse.looks(over):
        role.alive()
        if silent_s >= limit_s > 0:
            last_words = threading.Thread(target=_say, args=(role,), daemon=True)
            last_words.start()
            last_words.join(_LAST_WORDS_S)
            os._exit(BLOCKED_EXIT_CODE)


def _say(role: Role) -> None:
    faulthandler.dump_traceback(sys.stderr)
    # What is bound to the log in the loop is not known in a thread.
    blocked = {"role": role.name, "blocked_s": role.pulse.silent_s, "exit_code": BLOCKED_EXIT_CODE}
    log.critical("the event loop is blocked: this process ends", **blocked)
