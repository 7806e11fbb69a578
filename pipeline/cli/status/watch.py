"""`mih status --watch`: the same again and again, in place on a terminal, until somebody ends it."""

import time
from collections.abc import Callable

from rich.console import RenderableType
from rich.live import Live

from pipeline.cli.output import console


def in_place(look: Callable[[], RenderableType], every_s: float) -> None:
    """Fill the terminal with what a look finds, then look again; ends with Ctrl-C."""
    try:
        with Live(look(), console=console, screen=True, auto_refresh=False) as live:
            while True:
                time.sleep(every_s)  # the pause that was asked for; Ctrl-C ends it
                live.update(look(), refresh=True)
    except KeyboardInterrupt:
        return


def one_below_the_other(tell: Callable[[], object], every_s: float) -> None:
    """Tell, then tell again; ends with Ctrl-C."""
    try:
        while True:
            tell()
            time.sleep(every_s)  # the pause that was asked for; Ctrl-C ends it
    except KeyboardInterrupt:
        return
