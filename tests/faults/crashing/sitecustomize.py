"""Lets a role die at a named point or of a message, lose a channel, or ask a name server of its own.

Python imports a module of this name at its start, when the folder is on PYTHONPATH: so the points cost nothing where
nobody asks for one, and the hub knows nothing of them.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Coroutine
from itertools import count
from typing import Any

import orjson
from aiormq.channel import Channel

from pipeline.broker.wire import Publisher

#: A point, and at which passing of it: `after confirm 17`.
_POINT, _, _NTH = os.environ.get("MIH_LAB_CRASH", "").rpartition(" ")
#: What a message does to whoever reads it, and what stands in one that does: `kills poison-of-router`.
_DOES, _POISON = os.environ.get("MIH_LAB_POISON", " ").encode().split(b" ")
#: At which acknowledgement one is said of a message that nobody handed over.
_WRONG = int(os.environ.get("MIH_LAB_WRONG_TAG", "0"))
_NO_TAG = 2**40
_passed, _acked = count(1), count(1)
_ack, _read = Channel.basic_ack, orjson.loads

# Where names are asked for, in place of the system's; nobody else sees it.
if _RESOLV_CONF := os.environ.pop("MIH_LAB_RESOLV_CONF", ""):
    _APART = ("unshare", "--mount", "sh", "-c", 'mount --bind "$0" /etc/resolv.conf && exec "$@"', _RESOLV_CONF)
    os.execvp(_APART[0], [*_APART, *sys.orig_argv])


def _reached(point: str) -> None:
    if point == _POINT and next(_passed) == int(_NTH):
        os.kill(os.getpid(), signal.SIGKILL)


def _mortal(publish: Callable[..., Coroutine[Any, Any, Any]]) -> Callable[..., Coroutine[Any, Any, Any]]:
    async def mortal_publish(*arguments: Any, **named: Any) -> Any:
        _reached("before publish")
        confirmed = asyncio.ensure_future(publish(*arguments, **named))
        await asyncio.sleep(0.001)  # the publish is written; its confirm may have come
        _reached("before confirm")
        result = await confirmed
        _reached("after confirm")
        return result

    return mortal_publish


async def _mortal_ack(self: Channel, *arguments: Any, **named: Any) -> None:
    _reached("before acknowledgement")
    if _WRONG and next(_acked) == _WRONG:
        await _ack(self, _NO_TAG)
    await _ack(self, *arguments, **named)
    _reached("after acknowledgement")


def _poisonable_read(text: bytes | str) -> Any:
    if _POISON in (text if isinstance(text, bytes) else text.encode()):
        if _DOES == b"kills":
            os.kill(os.getpid(), signal.SIGKILL)
        while _DOES == b"blocks":
            signal.pause()
    return _read(text)


# What a role publishes on its road, and what a sender publishes to a service over AMQP.
setattr(Publisher, "publish", _mortal(Publisher.publish))  # noqa: B010 - mypy forbids to assign to a method
setattr(Channel, "basic_publish", _mortal(Channel.basic_publish))  # noqa: B010 - likewise
setattr(Channel, "basic_ack", _mortal_ack)  # noqa: B010 - likewise
if _POISON:
    setattr(orjson, "loads", _poisonable_read)  # noqa: B010 - likewise
