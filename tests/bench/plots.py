"""Plots of a comparison: what each side carries and costs, and how long an event takes."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from comparison import Result
from figures import middle

_FOLDER = Path(__file__).parents[2] / "docs" / "performance"
_PACKAGES = Path(__file__).parents[2] / ".bench"


def write_plots(results: Sequence[Result]) -> list[Path]:
    """Draw them; where they lie."""
    # Behind all others: what MIH runs on is what its own lock says.
    sys.path.append(str(_PACKAGES))
    import matplotlib as mpl  # type: ignore[import-not-found] # noqa: PLC0415 - it lies where only now is looked

    mpl.use("Agg")
    import matplotlib.pyplot as plt  # type: ignore[import-not-found] # noqa: PLC0415 - after its backend is chosen

    _FOLDER.mkdir(exist_ok=True)
    figure, (carried, taken) = plt.subplots(1, 2, figsize=(12, 4), layout="constrained")
    _draw_carried(carried, results)
    _draw_taken(taken, results)
    file = _FOLDER / "comparison.png"
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
        points = [(share * 100, middle(rounds).p99 * 1000) for share, rounds in one.latencies.items() if rounds]
        if points:
            axes.plot(*zip(*points, strict=True), marker="o", label=one.side.name)
    axes.set(title="p99 from publish to arrival", xlabel="% of its own maximum", ylabel="ms", yscale="log")
    axes.legend()
