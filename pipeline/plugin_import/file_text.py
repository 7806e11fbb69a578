"""What was imported as the text of a registry file: the entries, and beside each in comments what is to be known."""

import textwrap
from collections.abc import Iterable, Iterator
from itertools import chain

from pipeline.plugin_import.convert import Imported
from pipeline.plugin_import.entry import Difference, Entry, Section
from pipeline.registry import to_yaml

_WIDTH = 116


def file_text(imported: Imported) -> str:
    """Write the file; read back, it is the document."""
    sections: tuple[Section, ...] = ("services", "rules")
    lines = [
        *_comment("", f"Made by mih import plugin from {', '.join(imported.files)}."),
        *_comment("", "What is in comments is not in force; its reason stands above it. Without the # it is."),
        *_variables(imported),
        "#",
        *_comment("", "What is other than in the plugin, for all:"),
        *chain.from_iterable(_comment("", f"- {told(one)}") for one in imported.general),
        "version: 1",
        *chain.from_iterable(_section(imported, section) for section in sections),
    ]
    return "\n".join(lines) + "\n"


def told(difference: Difference) -> str:
    """A difference as one line of words."""
    what = difference.column or str(difference.place or "")
    return f"{what}: in the plugin {difference.there}; here {difference.here}"


def _variables(imported: Imported) -> Iterator[str]:
    if imported.variables:
        yield from _comment("", "Variables to be set, and where the export holds their values:")
    for one in imported.variables:
        yield from _comment("", f"- {one.name}: {one.place}, column {one.column}")


def _section(imported: Imported, section: Section) -> Iterator[str]:
    entries = imported.of(section)
    if entries:
        yield f"{section}:" if any(not entry.out for entry in entries) else f"# {section}:"
    for entry in entries:
        yield from _entry(entry)


def _entry(entry: Entry) -> Iterator[str]:
    yield from _comment("  ", str(entry.place))
    for difference in entry.differences:
        yield from _comment("  ", f"- {told(difference)}")
    for reason in entry.out:
        yield from _comment("  ", f"Not in force: {reason}")
    lines = _yaml_lines(entry.section, {entry.name: dict(entry.keys)})
    beside = map(_hidden, _yaml_lines(entry.section, {entry.name: dict(entry.beside)})[1:] if entry.beside else ())
    yield from (*map(_hidden, lines), *beside) if entry.out else (*lines, *beside)


def _yaml_lines(section: Section, entries: dict[str, object]) -> list[str]:
    # Split at line feeds alone: that is what ends a line in YAML as it is written here.
    return to_yaml({section: entries}).removesuffix("\n").split("\n")[1:]


def _hidden(line: str) -> str:
    return f"  # {line[2:]}" if line else "  #"


def _comment(indent: str, text: str) -> Iterable[str]:
    printable = "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in text)
    return textwrap.wrap(
        printable,
        _WIDTH,
        initial_indent=f"{indent}# ",
        subsequent_indent=f"{indent}#   ",
        break_long_words=False,
        break_on_hyphens=False,
    )
