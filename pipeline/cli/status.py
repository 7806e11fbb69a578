"""`mih status`: what waits where, at a glance."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

import typer
from rich.text import Text

from pipeline.cli.in_force import slugs_in_force
from pipeline.cli.output import AsJson, console, print_json, print_table
from pipeline.settings import Settings, load_settings
from topology import names
from topology.connection import vhost_of
from topology.delay import LEVELS
from topology.depths import Depth, read_depths
from topology.errors import ManagementAway
from topology.management import read_broker


@dataclass(frozen=True, slots=True)
class Counted:
    """A queue's messages and consumers; None where it is not known, or there is no such queue."""

    ready: int | None = None
    in_hand: int | None = None
    consumers: int | None = None


@dataclass(frozen=True, slots=True)
class ServiceCounted:
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
    in_hand, unknown = _in_hand(settings)
    slugs = sorted({*slugs_in_force(settings), *_slugs_of(in_hand)})
    queues = _Queues(read_depths(settings.amqp_url, _watched(slugs)), in_hand)
    road, services = _road(queues), [_service(queues, slug) for slug in slugs]
    if as_json:
        print_json({"road": {what: asdict(one) for what, one in road.items()}, "services": list(map(asdict, services))})
        return
    _print_road(road)
    _print_services(services)
    if unknown:
        console.print(f"How many are in hand is not known: {unknown}", style="yellow", markup=False)


@dataclass(frozen=True, slots=True)
class _Queues:
    depths: Mapping[str, Depth]
    in_hand: Mapping[str, int]

    def counted(self, name: str) -> Counted:
        """All that is known of a queue."""
        depth = self.depths.get(name)
        return Counted(depth.ready, self.in_hand.get(name), depth.consumers) if depth else Counted()


def _in_hand(settings: Settings) -> tuple[dict[str, int], str]:
    """Messages in hand by queue, which only the management API counts; without it, why they are not known."""
    try:
        found = read_broker(settings.effective_management_url(), vhost_of(settings.amqp_url)).queues
    except ManagementAway as away:
        return {}, str(away)
    return {name: row["messages_unacknowledged"] for name, row in found.items() if "messages_unacknowledged" in row}, ""


def _slugs_of(queues: Iterable[str]) -> list[str]:
    """Services that have a queue, also those that the registry has no more."""
    prefix = names.service_queue("")
    return [name.removeprefix(prefix) for name in queues if name.startswith(prefix)]


def _watched(slugs: Iterable[str]) -> list[str]:
    services = [queue(slug) for slug in slugs for queue in (names.service_queue, names.dead_letter_queue)]
    levels = [names.delay_level(level) for level in range(LEVELS)]
    suspects = [names.suspect_queue(stage) for stage in names.STAGES]
    return [names.INGEST, names.ROUTER, *levels, *suspects, names.INVALID, names.UNROUTABLE, *services]


def _road(queues: _Queues) -> dict[str, Counted]:
    waiting = [queues.counted(names.delay_level(level)).ready or 0 for level in range(LEVELS)]
    return {
        "ingest": queues.counted(names.INGEST),
        "router": queues.counted(names.ROUTER),
        "waiting to be tried again": Counted(ready=sum(waiting)),
        **{f"suspect in {stage}": queues.counted(names.suspect_queue(stage)) for stage in names.STAGES},
        "invalid": queues.counted(names.INVALID),
        "unroutable": queues.counted(names.UNROUTABLE),
    }


def _service(queues: _Queues, slug: str) -> ServiceCounted:
    own, dead = queues.counted(names.service_queue(slug)), queues.counted(names.dead_letter_queue(slug))
    return ServiceCounted(slug, own.ready, own.in_hand, dead.ready, own.consumers)


def _print_road(road: Mapping[str, Counted]) -> None:
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


def _print_services(services: list[ServiceCounted]) -> None:
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
