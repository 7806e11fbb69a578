"""`mih …`: one file per command; only the one that was asked for is imported."""

import sys
from importlib import import_module

import typer

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
    "suspect",
    "plan",
    "apply",
    "export",
    "schema",
    "publish",
    "status",
    "dlq",
    "topology",
    "settings",
)


def main() -> None:
    """Run the command line; every error that is not a bug is one clear line and an exit code."""
    try:
        _app(sys.argv[1] if len(sys.argv) > 1 else "")()
    except (Unavailable, BrokerAway, ManagementAway) as away:
        complain(str(away))
        sys.exit(AWAY)
    except (MihError, TopologyError) as wrong:
        complain(str(wrong))
        sys.exit(WRONG)


def _app(asked: str) -> typer.Typer:
    app = typer.Typer(
        help="An integration hub on RabbitMQ: carries what happened in one system to every other that must know.",
        no_args_is_help=True,
        pretty_exceptions_show_locals=False,
        rich_markup_mode="rich",
    )
    app.callback()(lambda: None)
    for name in [asked] if asked in _COMMANDS else _COMMANDS:
        import_module(f"pipeline.cli.{name}").register(app)
    return app
