"""`mih status`: what waits where, at a glance."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import typer
from rich.text import Text

from pipeline.cli.output import AsJson, console, print_json, print_table
from pipeline.settings import load_settings
from topology import names
from topology.connection import vhost_of
from topology.delay import LEVELS
from topology.management import read_broker


@dataclass(frozen=True, slots=True)
class Depth:
    """A queue as RabbitMQ's management API counts it; None where there is no such queue."""

    ready: int | None = None
    in_hand: int | None = None
    consumers: int | None = None


@dataclass(frozen=True, slots=True)
class ServiceDepth:
    """A service's queue and its dead letters."""

    service: str
    ready: int | None
    in_hand: int | None
    dead: int | None
    senders: int | None


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command("status", rich_help_panel="Look")(status)


def status(*, as_json: AsJson = False) -> None:
    """Show the queues by stage and service: ready, in hand, dead, and who consumes them."""
    settings = load_settings()
    queues = read_broker(settings.effective_management_url(), vhost_of(settings.amqp_url)).queues
    road, services = _road(queues), _services(queues)
    if as_json:
        print_json(
            {"road": {what: asdict(depth) for what, depth in road.items()}, "services": list(map(asdict, services))}
        )
        return
    _print_road(road)
    _print_services(services)


def _road(queues: Mapping[str, Mapping[str, Any]]) -> dict[str, Depth]:
    waiting = [_depth(queues, names.delay_level(level)).ready or 0 for level in range(LEVELS)]
    return {
        "ingest": _depth(queues, names.INGEST),
        "router": _depth(queues, names.ROUTER),
        "waiting to be tried again": Depth(ready=sum(waiting)),
        **{f"suspect in {stage}": _depth(queues, names.suspect_queue(stage)) for stage in names.STAGES},
        "invalid": _depth(queues, names.INVALID),
        "unroutable": _depth(queues, names.UNROUTABLE),
    }


def _services(queues: Mapping[str, Mapping[str, Any]]) -> list[ServiceDepth]:
    prefix = names.service_queue("")
    slugs = sorted(name.removeprefix(prefix) for name in queues if name.startswith(prefix))
    return [_service(queues, slug) for slug in slugs]


def _service(queues: Mapping[str, Mapping[str, Any]], slug: str) -> ServiceDepth:
    depth = _depth(queues, names.service_queue(slug))
    return ServiceDepth(
        slug, depth.ready, depth.in_hand, _depth(queues, names.dead_letter_queue(slug)).ready, depth.consumers
    )


def _depth(queues: Mapping[str, Mapping[str, Any]], name: str) -> Depth:
    row = queues.get(name)
    if row is None:
        return Depth()
    return Depth(row.get("messages_ready", 0), row.get("messages_unacknowledged", 0), row.get("consumers", 0))


def _print_road(road: Mapping[str, Depth]) -> None:
    #: Where a message rests that somebody should look at.
    trouble = {"invalid", "unroutable", *(what for what in road if what.startswith("suspect"))}
    consumed = {"ingest", "router"}
    print_table(
        "The road",
        ("", "ready#", "in hand#", "consumers#"),
        [
            (
                what,
                _number(depth.ready, bad=what in trouble and bool(depth.ready)),
                _number(depth.in_hand),
                _number(depth.consumers if what in consumed else None, bad=depth.consumers == 0),
            )
            for what, depth in road.items()
        ],
    )


def _print_services(services: list[ServiceDepth]) -> None:
    if not services:
        console.print("No services yet: `mih apply FILE` adds them.")
        return
    print_table(
        "Services",
        ("service", "ready#", "in hand#", "dead#", "senders#"),
        [
            (
                one.service,
                _number(one.ready),
                _number(one.in_hand),
                _number(one.dead, bad=bool(one.dead)),
                _number(one.senders, bad=one.senders == 0),
            )
            for one in services
        ],
    )


def _number(value: int | None, *, bad: bool = False) -> Text:
    if value is None:
        return Text("-", style="dim")
    return Text(f"{value:,}", style="bold red" if bad else "dim" if value == 0 else "")
