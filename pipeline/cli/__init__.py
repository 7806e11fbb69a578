"""`mih …`: one file per command; only the one that was asked for is imported."""

import gc
import logging
import sys
from importlib import import_module

import typer

from pipeline.cli.leaving import leave_when_told
from pipeline.cli.output import complain
from pipeline.errors import MihError, Unavailable
from topology.errors import BrokerAway, ManagementAway, TopologyError

#: Exit codes: 0 done, 1 something is not as it should be, 2 wrong use or settings, 3 something needed is away.
WRONG, AWAY = 2, 3

#: In the order of `mih --help`: run, registry, events, look, mend.
_COMMANDS = (
    "up",
    "demo",
    "ingest",
    "router",
    "sender",
    "recorder",
    "suspect",
    "canary",
    "plan",
    "apply",
    "export",
    "import",
    "schema",
    "secrets",
    "rules",
    "publish",
    "events",
    "status",
    "pause",
    "resume",
    "rule",
    "breaker",
    "dlq",
    "topology",
    "settings",
)
#: What Python keeps its word for.
_MODULES = {"import": "import_plugin"}


def main() -> None:
    """Run the command line; every error that is not a bug is one clear line and an exit code."""
    leave_when_told(sys.argv[1:])
    # What they log of a failure, the command tells in its own words; a stage sets up its logs by itself.
    for chatty in ("aio_pika", "aiormq"):
        logging.getLogger(chatty).setLevel(logging.CRITICAL)
    failed: BaseException | None = None
    try:
        app = _app(sys.argv[1] if len(sys.argv) > 1 else "")
        gc.freeze()
        app()
    except* (MihError, TopologyError, OSError) as group:
        failed = _first(group)
    if failed:
        complain(_told(failed))
        sys.exit(AWAY if isinstance(failed, (Unavailable, BrokerAway, ManagementAway)) else WRONG)


def _first(failed: BaseException) -> BaseException:
    """The error that came first: where tasks fail together, the others follow from it."""
    while isinstance(failed, BaseExceptionGroup):
        failed = failed.exceptions[0]
    return failed


def _told(failed: BaseException) -> str:
    if isinstance(failed, OSError) and failed.filename is not None:
        return f"{failed.filename}: {failed.strerror}"
    return str(failed) or type(failed).__name__


def _app(asked: str) -> typer.Typer:
    app = typer.Typer(
        help="An integration hub on RabbitMQ: carries what happened in one system to every other that must know.",
        no_args_is_help=True,
        pretty_exceptions_show_locals=False,
        rich_markup_mode="rich",
    )
    app.callback()(lambda: None)
    # What is imported stays. To look through it for garbage, now and ever after, is a fifth of what a start costs.
    gc.disable()
    try:
        for name in [asked] if asked in _COMMANDS else _COMMANDS:
            import_module(f"pipeline.cli.{_MODULES.get(name, name)}").register(app)
    finally:
        gc.enable()
    return app
