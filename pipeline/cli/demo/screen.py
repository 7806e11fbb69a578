"""What a person sees while the demo runs: one calm picture, or plain lines where there is no terminal.

Nothing is counted here; every number comes from the account.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import monotonic

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.panel import Panel
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from pipeline.cli.demo.account import Account, ServiceAccount
from pipeline.cli.demo.evidence import CLOSED
from pipeline.cli.demo.scene import Scene

#: Takes the account so far, by service the last request that it accepted, and what happens now.
Draw = Callable[[Account, Mapping[str, str], Scene], None]

#: Characters: the picture fits a terminal of 80, and does not grow beyond what is read at a glance. At its right there
#: is room for the ^C of a person who ends it, which would otherwise break the line.
_WIDTH = 98
_MARGIN = 2
_FIRST_COLUMN = 10
_BAR = 12
#: Narrower in the table of services, which has more to show.
_SHORT_BAR = 8
#: Narrower than this, the last request has no column: it would show nothing of it.
_ROOM_FOR_REQUESTS = 92
#: Seconds between two lines where there is no terminal.
_LINE_EVERY_S = 2.0


@contextmanager
def drawing(console: Console) -> Iterator[Draw]:
    """Give what draws: a picture that changes in its place, or a line now and then."""
    if not console.is_terminal:
        yield _Lines(console)
        return
    with Live(console=console, auto_refresh=False) as live:
        width = min(_WIDTH, console.width - _MARGIN)
        yield lambda *now: live.update(picture(*now, width=width), refresh=True)


class _Lines:
    """Prints each scene, and a line when some seconds have passed and something has changed."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._said = ""
        self._next = 0.0
        self._scene: Scene | None = None

    def __call__(self, account: Account, _: Mapping[str, str], scene: Scene) -> None:
        if scene is not self._scene:
            self._console.print(scene.value, highlight=False, soft_wrap=True)
            self._scene = scene
        line = _line(account)
        if monotonic() >= self._next and line != self._said:
            self._console.print(line, highlight=False, soft_wrap=True)
            self._said, self._next = line, monotonic() + _LINE_EVERY_S


def _line(account: Account) -> str:
    return (
        f"{account.published}/{account.planned} published, {account.understood} understood, "
        f"{account.total('delivered')}/{account.total('expected')} delivered, "
        f"{account.total('missing')} waiting, {account.total('dead')} dead"
        + "".join(f", breaker of {one.service} {one.breaker}" for one in account.services if one.breaker != CLOSED)
    )


def picture(account: Account, latest: Mapping[str, str], scene: Scene, *, width: int) -> RenderableType:
    """The road at this moment, in its order: published, what ingest and router made of it, and who has got it."""
    shown = latest if width >= _ROOM_FOR_REQUESTS else None
    now = "all is settled" if account.agrees else scene.value
    parts = (_road(account), "", _services(account, shown), "", _dead(account), Text(now, style="bold"))
    return Panel(Group(*parts), title="mih demo", title_align="left", border_style="dim", padding=(1, 2), width=width)


def _road(account: Account) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(width=_FIRST_COLUMN, style="bold")
    for _ in range(3):
        table.add_column(min_width=_BAR + 6, no_wrap=True)
    table.add_row("published", _bar(account.published, account.planned), f"{account.published:>3} of {account.planned}")
    ingested = _count(account.understood, "understood", "green"), _count(account.repeats, "repeats dropped")
    table.add_row("ingest", *ingested, _count(account.unreadable, "unreadable"))
    table.add_row("router", _count(account.wanted, "wanted by rules", "green"), _count(account.unwanted, "by none"))
    return table


def _services(account: Account, latest: Mapping[str, str] | None) -> Table:
    table = Table(box=None, header_style="bold", pad_edge=False, padding=(0, 2, 0, 0), expand=True)
    table.add_column("sender", width=_FIRST_COLUMN)
    table.add_column("by", width=len("rest"))
    table.add_column("", width=_SHORT_BAR)
    for name in ("asked", "delivered", "waiting", "dead"):
        table.add_column(name, justify="right", width=len(name))
    table.add_column("breaker", width=len("half-open"))
    if latest is not None:
        table.add_column("last request", no_wrap=True, overflow="ellipsis", ratio=1)
    for service in account.services:
        last = [] if latest is None else [Text(latest.get(service.service, ""), style="dim")]
        table.add_row(*_row(service), *last)
    return table


def _row(service: ServiceAccount) -> tuple[RenderableType, ...]:
    return (
        service.service,
        Text(service.transport, style="dim"),
        _bar(service.delivered, service.expected, width=_SHORT_BAR),
        _number(service.asked),
        _number(service.delivered, "green"),
        _number(service.missing, "yellow"),
        _number(service.dead, "bold red"),
        Text(service.breaker, style="dim" if service.breaker == CLOSED else "bold yellow"),
    )


def _bar(done: int, total: int, width: int = _BAR) -> ProgressBar:
    return ProgressBar(total=max(total, 1), completed=done, width=width)


def _count(number: int, what: str, style: str = "") -> Text:
    return Text.assemble(_number(number, style), (f" {what}", "dim"))


def _number(number: int, style: str = "") -> Text:
    return Text(f"{number:>3}", style=style if number else "dim")


def _dead(account: Account) -> Text:
    """What is dead by cause, as `mih dlq list` tells it; an empty line where nothing is, so that the picture stays."""
    told = (f"{one.letters} dead: {one.service}, {one.reason}, fingerprint {one.fingerprint}" for one in account.causes)
    return Text("\n".join(told), style="red")
