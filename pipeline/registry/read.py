"""Files and folders to one registry: read, merged, examined, with every error at its file and line."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path as FilePath
from typing import Any

from pipeline.registry.examine import CheckDestination, Transports, check_rules, examine
from pipeline.registry.files import texts_of
from pipeline.registry.findings import Finding, Path, RegistryErrors
from pipeline.registry.merge import merge
from pipeline.registry.registry import Registry, assemble
from pipeline.registry.sealing import Sealing
from pipeline.registry.trials import SECTION, examine_trials
from pipeline.registry.warnings import warnings
from pipeline.registry.yaml_text import Place, YamlText, read_yaml
from pipeline.rules.fault import kind
from pipeline.rules.trial import Trial


@dataclass(frozen=True, slots=True)
class Reading:
    """What the files say: the document as written, what it compiles to (revision 0), and what looks odd in it.

    The document is what is applied: the tests that stand beside the rules are no part of it.
    """

    document: Mapping[str, Any]
    registry: Registry
    warnings: tuple[Finding, ...]
    #: Where a path of the document is written.
    place: Callable[[Path], Place]
    tests: tuple[Trial, ...] = ()


def read_paths(
    paths: Iterable[FilePath],
    transports: Transports,
    *,
    check_destination: CheckDestination = lambda _: None,
    sealing: Sealing | None = None,
) -> Reading:
    """Read files and folders (their `*.yaml` and `*.yml`) as one document.

    Raises RegistryErrors with everything that is wrong, in all files.
    """
    unreadable: list[Finding] = []
    texts = dict(texts_of(paths, unreadable))
    return read_texts(texts, transports, check_destination=check_destination, unreadable=unreadable, sealing=sealing)


def read_texts(
    texts: Mapping[str, str],
    transports: Transports,
    *,
    check_destination: CheckDestination = lambda _: None,
    unreadable: Iterable[Finding] = (),
    sealing: Sealing | None = None,
) -> Reading:
    """Read the texts of files, by name, as one document; `unreadable` is what is known to be wrong already.

    With `sealing` the document's secrets are sealed, and those that were must open; without, none may stand in clear.

    Raises RegistryErrors with everything that is wrong, in all texts.
    """
    read = [read_yaml(text, file) for file, text in texts.items()]
    findings = [*unreadable, *(_no_mapping(text) for text in read if not text.is_broken and not _is_mapping(text))]
    is_partial = bool(findings) or any(text.is_broken for text in read)
    findings += (finding for text in read for finding in text.findings)
    if is_partial:
        # What is missing here may stand where nothing could be read.
        raise RegistryErrors(findings)
    merged = merge(read)
    closed = sealing.seal(merged.document, transports) if sealing else []
    examined = examine(merged.document, transports, check_destination=check_destination)
    examined.faults += closed
    examined.faults += check_rules(merged.document, transports, examined)
    tests = examine_trials(merged, transports, examined)
    for fault in examined.faults:
        merged.find(fault)
    # Where YAML itself was misunderstood, what follows from it is noise.
    misread = {(finding.file, finding.line) for finding in findings}
    findings += (finding for finding in merged.findings if (finding.file, finding.line) not in misread)
    if findings:
        raise RegistryErrors(dict.fromkeys(findings))
    applied = {section: value for section, value in merged.document.items() if section != SECTION}
    return Reading(applied, assemble(examined, 0), tuple(warnings(merged, examined.rules)), merged.place, tests)


def _is_mapping(text: YamlText) -> bool:
    return isinstance(text.data, dict)


def _no_mapping(text: YamlText) -> Finding:
    return Finding(text.places[()].file, 1, (), f"found {kind(text.data)}, expected version, services and rules")
