r"""The plugin's payload templates to ours, so that the JSON value stays the same.

It replaced sixteen exact `{{key}}` and nothing else: `{{ userid }}`, `{{username}}` and `{{other.x}}` went out as they
stand. Here they would be placeholders, so inside quotes their braces become `\u007b`, which is the same JSON text. The
rest of a template is left as it is; one that was no JSON with values in it was never sent.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import cycle
from typing import Final

from pipeline import exact_json

#: The keys of Moodle's event data that hold a number or null, and those that hold a text.
_NUMBERS: Final = (
    "objectid",
    "edulevel",
    "contextid",
    "contextlevel",
    "contextinstanceid",
    "userid",
    "courseid",
    "relateduserid",
    "anonymous",
    "timecreated",
)
_TEXTS: Final = ("eventname", "component", "action", "target", "objecttable", "crud")
KEYS: Final = (*_TEXTS, *_NUMBERS)
_PLACEHOLDER = re.compile(rf"\{{\{{({'|'.join(KEYS)})\}}\}}")
_LEFT_ALONE = re.compile(r"\{\{[^{}\"\\]{0,60}\}\}")
#: Where our templates would see the beginning of a placeholder or of another language's tag.
_OPENING = re.compile(r"\{(?=[{%]|\Z)")
#: A quote, or all up to the next one.
_PARTS = re.compile(r'"|(?:[^"\\]|\\.)+', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Converted:
    """A template in our language, what in it the plugin never replaced, and whether it was ever sent."""

    text: str
    left_alone: tuple[str, ...]
    was_sent: bool


def convert_template(template: str) -> Converted:
    """Convert a template; one that was never sent stays as it is written."""
    text = template.replace("\r\n", "\n").replace("\r", "\n")
    pieces = _PLACEHOLDER.split(text)
    left = tuple(dict.fromkeys(found for literal in pieces[::2] for found in _LEFT_ALONE.findall(literal)))
    was_sent = _is_json("".join(_sample(piece, is_key=is_key) for piece, is_key in _turns(pieces)))
    return Converted(_written(pieces) if was_sent else text, left, was_sent)


def _turns(pieces: Iterable[str]) -> Iterator[tuple[str, bool]]:
    return zip(pieces, cycle((False, True)), strict=False)


def _sample(piece: str, *, is_key: bool) -> str:
    """A text's value was put in without quotes: it fits only between those of the template."""
    return piece if not is_key else "1" if piece in _NUMBERS else "x"


def _is_json(text: str) -> bool:
    try:
        exact_json.loads(text)
    except ValueError:
        return False
    return True


def _written(pieces: list[str]) -> str:
    written: list[str] = []
    is_quoted = False
    for piece, is_key in _turns(pieces):
        for part in [f"{{{{{piece}}}}}"] if is_key else _PARTS.findall(piece):
            is_quoted ^= part == '"'
            written.append(_OPENING.sub(r"\\u007b", part) if is_quoted and not is_key else part)
    return "".join(written)
