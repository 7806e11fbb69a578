"""Several programs in one terminal: each line behind the name of who said it."""

from collections.abc import Callable, Sequence
from itertools import cycle

from rich.console import Console
from rich.text import Text

_COLOURS = ("cyan", "magenta", "green", "yellow", "blue", "bright_red")


def prefixed(names: Sequence[str], console: Console) -> Callable[[str, str], None]:
    """A function that prints a name's line behind that name, padded, and in a colour of its own where there are any."""
    width = max(map(len, names), default=0)
    colours = dict(zip(names, cycle(_COLOURS), strict=False))

    def announce(name: str, line: str) -> None:
        prefix = Text(f"{name:<{width}} │ ", style=colours.get(name, ""))
        console.print(prefix + Text.from_ansi(line), soft_wrap=True)

    return announce
