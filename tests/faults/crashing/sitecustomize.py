"""Makes a role die by KILL at a named point between publish, confirm and acknowledgement.

Python imports a module of this name at its start, when the folder is on PYTHONPATH: so the points cost nothing where
nobody asks for one, and the hub knows nothing of them.
"""

import asyncio
import os
import signal
from itertools import count
from typing import Any

from aiormq.channel import Channel

#: A point, and at which passing of it: `after confirm 17`.
_POINT, _, _NTH = os.environ["MIH_LAB_CRASH"].rpartition(" ")
_passed = count(1)
_publish, _ack = Channel.basic_publish, Channel.basic_ack


def _reached(point: str) -> None:
    if point == _POINT and next(_passed) == int(_NTH):
        os.kill(os.getpid(), signal.SIGKILL)


async def _mortal_publish(self: Channel, *arguments: Any, **named: Any) -> Any:
    _reached("before publish")
    confirmed = asyncio.ensure_future(_publish(self, *arguments, **named))
    await asyncio.sleep(0.001)  # the publish is written; its confirm may have come
    _reached("before confirm")
    result = await confirmed
    _reached("after confirm")
    return result


async def _mortal_ack(self: Channel, *arguments: Any, **named: Any) -> None:
    _reached("before acknowledgement")
    await _ack(self, *arguments, **named)
    _reached("after acknowledgement")


setattr(Channel, "basic_publish", _mortal_publish)  # noqa: B010 - mypy forbids to assign to a method
setattr(Channel, "basic_ack", _mortal_ack)  # noqa: B010 - likewise
