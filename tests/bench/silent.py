"""A role of the hub that counts nothing and tells nobody how attempts ended.

    silent.py ROLE…         as `mih ROLE…`

What metrics and outcomes cost is the difference between a hub that has them and one that does not. The hub itself has
no switch for this and shall have none: who would run it blind? So the bench puts it here, where no user comes by it.
"""

from collections.abc import Callable
from runpy import run_module
from typing import Any

from prometheus_client import Counter, Histogram

from pipeline.broker import Outgoing, Session
from topology import names

_publish = Session.publish


async def _unless_outcome(self: Session, message: Outgoing, **how: bool) -> None:
    if message.exchange != names.OUTCOMES:
        await _publish(self, message, **how)


def _itself(metric: Any, *_: object) -> Any:
    return metric


def _silence(owner: type, **methods: Callable[..., Any]) -> None:
    for name, method in methods.items():
        # What has another name by now must not go on speaking unnoticed.
        assert hasattr(owner, name), f"{owner.__name__} has no {name}"
        setattr(owner, name, method)


if __name__ == "__main__":
    _silence(Session, publish=_unless_outcome)
    _silence(Counter, labels=_itself, inc=_itself)
    _silence(Histogram, labels=_itself, observe=_itself)
    run_module("pipeline.cli", run_name="__main__", alter_sys=True)
