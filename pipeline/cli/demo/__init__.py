"""`mih demo`: the whole hub for half a minute: real Moodle events, all transports, two troubles, and an account of it.

    run           a folder, RabbitMQ and Redis, the services, the registry; then the performance
    performance   the stages run, the story is told, and all of it is watched
    story         three acts: everything flows, a service fails for a while, another refuses and is mended
    scene         the scenes of it, in words; pure
    replaying     `mih dlq replay`, as an operator runs it
    surroundings  settings and an environment that no other hub shares
    broker        does a hub work there already, who consumes, and to leave nothing behind
    events        what is published: captured events, some of them twice, some that nobody can read
    publishing    the events on their way, at a pace that can be watched
    services      four services of the demo's own, two of which can be in trouble:
                  rest_service, soap_service (people.wsdl is its own), amqp_service; serving, for those of HTTP
    calls         what each delivery must look like at its service, by transport; pure
    listening     what is seen on the road, kept as evidence
    watching      what the hub knows of its services: breakers, and the index of dead letters
    evidence      what was seen; pure
    account       from the evidence to sums, and whether they agree; pure
    screen        the account as a picture while it runs
    summary       the account as sums at the end

The example registry (`registry.yaml`) and the captured events (`captured/`) lie beside these files.
"""

import signal
from dataclasses import asdict
from typing import Any

import typer
from rich.console import Console

from pipeline.cli.demo.run import Played, play
from pipeline.cli.demo.summary import tell
from pipeline.cli.output import AsJson, console, print_json

#: What a shell says of a program that Ctrl-C ended.
_INTERRUPTED = 130


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("demo", rich_help_panel="Run")(demo)


def demo(*, as_json: AsJson = False) -> None:
    """See the whole hub work for half a minute, on a RabbitMQ and Redis of its own where none is named.

    Publishes captured Moodle events and delivers them by REST, SOAP and AMQP to services of its own, one of which fails
    for a while, and one of which refuses until it is mended. Accounts for every event: exits with 0 only if the sums
    agree.
    """
    # Whoever ends it, it ends in order.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        played = play(Console(quiet=True) if as_json else console)
    except KeyboardInterrupt:
        raise typer.Exit(_INTERRUPTED) from None
    if as_json:
        print_json(_as_mapping(played))
    else:
        tell(console, played.account, played.log)
    raise typer.Exit(0 if played.account.agrees else 1)


def _as_mapping(played: Played) -> dict[str, Any]:
    return {"agrees": played.account.agrees, **asdict(played.account), "log": played.log}
