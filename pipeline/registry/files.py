"""Files and folders to texts."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from pipeline.registry.findings import Finding

_SUFFIXES = (".yaml", ".yml")


def texts_of(paths: Iterable[Path], findings: list[Finding]) -> Iterator[tuple[str, str]]:
    """The name and the text of each file, and of each `*.yaml` and `*.yml` in a folder; notes what cannot be read."""
    for file in (file for path in paths for file in _files(path, findings)):
        try:
            yield str(file), file.read_bytes().decode("utf-8-sig")
        except OSError as failed:
            findings.append(Finding(str(file), 0, (), f"cannot be read: {failed.strerror}"))
        except UnicodeDecodeError as broken:
            line = broken.object.count(b"\n", 0, broken.start) + 1
            findings.append(Finding(str(file), line, (), "found bytes that are no UTF-8 text"))


def _files(path: Path, findings: list[Finding]) -> Sequence[Path]:
    if not path.is_dir():
        return [path]
    try:
        # Names with a dot in front are what editors leave behind.
        files = sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES and not file.name.startswith("."))
    except OSError as failed:
        findings.append(Finding(str(path), 0, (), f"cannot be read: {failed.strerror}"))
        return []
    if not files:
        findings.append(Finding(str(path), 0, (), "found no *.yaml or *.yml in this folder"))
    return files
