"""What a person reads at the end: where every event is, as sums that can be followed, and what to do next."""

from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pipeline.cli.demo.account import Account, ServiceAccount

_GOOD, _BAD = Text("✓", style="bold green"), Text("✗", style="bold red")
#: Lost events that are named; more of them say nothing new.
_NAMED = 10


def tell(console: Console, account: Account, log: Path | None) -> None:
    """Print the sums, whether they agree, and where to go from here."""
    console.print()
    console.print(_sums(account))
    for line in _troubles(account):
        console.print(line, style="dim", highlight=False, soft_wrap=True)
    if account.agrees:
        once = "" if account.total("again") else ", once"
        console.print(_GOOD, f"[bold]Every event is accounted for, and every delivery arrived{once}.[/]")
        _tell_next(console)
        return
    console.print(_BAD, "[bold]The sums do not agree.[/]")
    for line in _wrong(account):
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    console.print(f"  What the stages said: {log}", markup=False, highlight=False, soft_wrap=True)


def _sums(account: Account) -> Table:
    table = Table(box=None, show_header=False, pad_edge=False)
    table.add_column(justify="right", style="bold")
    for what, total, parts, is_good in _rows(account):
        told = " + ".join(f"{number} {name}" for name, number in parts.items())
        table.add_row(str(total), what, f"= {told}", _GOOD if is_good else _BAD)
    return table


def _rows(account: Account) -> Iterator[tuple[str, int, Mapping[str, int], bool]]:
    ingested = {"understood": account.understood, "repeats": account.repeats, "unreadable": account.unreadable}
    yield "events published", account.published, ingested, account.events_agree
    asked_for = {"wanted by rules": account.wanted, "wanted by none": account.unwanted}
    yield "events understood", account.understood, asked_for, True
    ended = {end: account.total(end) for end in ("delivered", "dead", "missing")}
    yield "deliveries expected", account.total("expected"), ended, account.is_delivered
    letters = {"replayed": account.replayed, "left": account.total("dead")}
    yield "dead letters", account.total("died"), letters, account.is_replayed


def _troubles(account: Account) -> Iterator[str]:
    yield ""
    yield f"{_by_transport(account)} were delivered."
    for service in account.services:
        if service.opened:
            times = "once" if service.opened == 1 else f"{service.opened} times"
            yield f"{service.service} was down for a while: its breaker opened {times}, its deliveries waited."
        if service.died:
            yield f"{service.service} refused {service.died} deliveries until it was mended; they were replayed."
    yield f"{account.failed_attempts} attempts failed, and were made again."
    if again := account.total("again"):
        yield f"{again} came twice, as may happen in a crash; the services knew the Idempotency-Key."


def _by_transport(account: Account) -> str:
    delivered: Counter[str] = Counter()
    for service in account.services:
        delivered[service.transport] += service.delivered
    return ", ".join(f"{number} by {transport.upper()}" for transport, number in delivered.items())


def _wrong(account: Account) -> Iterator[str]:
    if account.published != account.planned:
        yield f"{account.planned - account.published} events could not be published"
    for name in account.lost[:_NAMED]:
        yield f"published and never understood: {name}"
    if len(account.lost) > _NAMED:
        yield f"and {len(account.lost) - _NAMED} more that were never understood"
    for service in account.services:
        yield from _wrong_at(service)
    if not account.total("opened"):
        yield "no breaker was seen to open"
    if not account.total("died"):
        yield "no dead letter was seen"
    for cause in account.causes:
        yield f"{cause.service}: {cause.letters} still in the index of dead letters, {cause.reason}"


def _wrong_at(service: ServiceAccount) -> Iterator[str]:
    told = {
        "did not arrive": service.missing,
        "died": service.dead,
        "arrived that should not have": service.surplus,
    }
    for what, number in told.items():
        if number:
            yield f"{service.service}: {number} {what}"


def _tell_next(console: Console) -> None:
    registry = files(__package__) / "registry.yaml"
    console.print(f"\nThe rules that did this   {registry}", markup=False, highlight=False, soft_wrap=True)
    console.print("Your own first rule       README.md; then: mih up FILE", highlight=False, soft_wrap=True)
