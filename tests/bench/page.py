"""What a run leaves behind besides its tables on the screen: docs/performance.md, plots, and a file for programs."""

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from ground import Ground
from sheet import Sheet, markdown

_ROOT = Path(__file__).parents[2]
_PAGE = _ROOT / "docs" / "performance.md"
_LIBRARIES = ("aiormq", "aiohttp", "redis", "orjson")


def surroundings(ground: Ground) -> dict[str, str]:
    """What the figures hold for: the machine, the versions, the commit."""
    return {
        "commit": _commit(),
        "made": datetime.now(UTC).date().isoformat(),
        "machine": f"{_processor()}, {os.cpu_count()} cores, {_memory_gib()} GiB",
        "system": f"{platform.system()} {platform.release()}, Python {platform.python_version()}",
        "RabbitMQ": ground.rabbit.version,
        "Redis": ground.redis.version,
        **{name: version(name) for name in _LIBRARIES},
    }


def write_json(file: Path, told: dict[str, str], sheets: Sequence[Sheet]) -> None:
    """For programs."""
    found = {"surroundings": told, "tables": {sheet.title: [dict(row) for row in sheet.rows] for sheet in sheets}}
    file.write_text(json.dumps(found, indent=2) + "\n")


def write_page(by: str, told: dict[str, str], sheets: Sequence[Sheet], plots: Sequence[Path]) -> None:
    """Put the tables into the page, with what they hold for, in place of what this command made before."""
    made = "\n".join(_lines(told, sheets, plots))
    generated = re.compile(rf"(<!-- made by {re.escape(by)} -->\n).*?(<!-- end -->)", re.DOTALL)
    _PAGE.write_text(generated.sub(lambda found: f"{found[1]}{made}\n{found[2]}", _PAGE.read_text()))


def _lines(told: dict[str, str], sheets: Sequence[Sheet], plots: Sequence[Path]) -> Iterator[str]:
    yield "; ".join(f"{what} {value}" for what, value in told.items()) + ".\n"
    for plot in plots:
        yield f"![{plot.stem}]({plot.relative_to(_PAGE.parent)})\n"
    yield from markdown(sheets)


def _commit() -> str:
    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=_ROOT, capture_output=True, text=True, check=True).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", "pipeline", "topology")
    return f"`{git('rev-parse', '--short', 'HEAD')}`{' and changes since' if changed else ''}"


def _processor() -> str:
    models = re.findall(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return models[0] if models else platform.machine()


def _memory_gib() -> int:
    return round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30)
