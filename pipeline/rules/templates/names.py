"""Which names of an event's data a template reads."""

from pipeline.rules.templates.envelope import DATA, ENVELOPE
from pipeline.rules.templates.parse import parse, placeholders
from pipeline.rules.templates.path import Path


def names_in(text: str) -> frozenset[str]:
    """Give the names in dots, without the indexes of arrays: `items[0].sku` is `items.sku`, `data.event` is `event`.

    The envelope's names are not among them, nor is the data as a whole. Raises InvalidRule for what is no template.
    """
    return frozenset(name for placeholder in placeholders(parse(text)) if (name := _name(placeholder.path)))


def _name(path: Path) -> str:
    if path.text in ENVELOPE:
        return ""
    steps = path.steps[1:] if path.steps[0] == DATA else path.steps
    return ".".join(step for step in steps if isinstance(step, str))
