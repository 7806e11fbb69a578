"""Plots: what each side carries and how long its events take, and what a hub carries as it grows."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from comparison import Result
from figures import middle
from sheet import Sheet

_FOLDER = Path(__file__).parents[2] / "docs" / "performance"
_PACKAGES = Path(__file__).parents[2] / ".bench"


def write_plots(results: Sequence[Result]) -> list[Path]:
    """Draw what each side carries and how long its events take; where the drawing lies."""
    figure, (carried, taken) = _pyplot().subplots(1, 2, figsize=(12, 4), layout="constrained")
    _draw_carried(carried, results)
    _draw_taken(taken, results)
    return _saved(figure, "comparison")


def write_scaling_plots(sheets: Sequence[Sheet]) -> list[Path]:
    """Draw what a hub carries at each point of each series."""
    figure, all_axes = _pyplot().subplots(2, -(-len(sheets) // 2), figsize=(12, 6), layout="constrained")
    for axes, sheet in zip(all_axes.flat, sheets, strict=False):
        bars = axes.bar([str(row[sheet.columns[0]]) for row in sheet.rows], [row["events/s"] for row in sheet.rows])
        axes.bar_label(bars, fmt="{:,.0f}")
        axes.margins(y=0.15)
        axes.set(title=sheet.title, ylabel="events per second")
        axes.tick_params("x", labelrotation=12)
    return _saved(figure, "scaling")


def _pyplot() -> Any:
    # Behind all others: what MIH runs on is what its own lock says.
    sys.path.append(str(_PACKAGES))
    import matplotlib as mpl  # type: ignore[import-not-found] # noqa: PLC0415 - it lies where only now is looked

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # type: ignore[import-not-found] # noqa: PLC0415 - after its backend is chosen

    return plt


def _saved(figure: Any, name: str) -> list[Path]:
    _FOLDER.mkdir(exist_ok=True)
    file = _FOLDER / f"{name}.png"
    figure.savefig(file, dpi=110)
    return [file]


def _draw_carried(axes: Any, results: Sequence[Result]) -> None:
    names = [one.side.name for one in results][::-1]
    bars = axes.barh(names, [one.rate for one in results][::-1])
    axes.bar_label(bars, fmt="{:,.0f}", padding=3)
    axes.margins(x=0.15)
    axes.set(title="From a backlog", xlabel="events per second")


def _draw_taken(axes: Any, results: Sequence[Result]) -> None:
    for one in results:
        points = [(share * one.rate, middle(rounds).p99 * 1000) for share, rounds in one.latencies.items() if rounds]
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", label=one.side.name)
    axes.set(
        title="p99 from publish to arrival",
        xlabel="events per second, at 10, 50 and 80 % of its own maximum",
        ylabel="ms",
        yscale="log",
    )
    axes.legend()
