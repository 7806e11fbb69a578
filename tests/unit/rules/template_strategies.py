"""Strategies for templates and what is rendered with them: sound templates with their meaning, and damaged ones.

A sound template is a tree, which is written as a person would, and whose meaning for an event is told without any text
in between: `meant` for JSON, `form_pairs` for forms, `xml_tree` for XML.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from xml.sax.saxutils import escape

from hypothesis import strategies as st

from pipeline import exact_json
from pipeline.event import Event
from pipeline.rules.templates import Scope

#: What a value would say to break out of its place.
HOSTILE = st.sampled_from(
    [
        *('"', "\\", '\\"', '","admin":true,"x":"', "{{a}}", "}}", "{{", "\r\n", "\0", "/", "..", ".", "?", "#"),
        *("&a=1", "%2F", "\u2028", "\x85", "\ufffe", "\U0001f600", "<b>", "</a>", "]]>", "-->", "&amp;", "&#0;", "'>"),
        *("\t", "\n", " ", "+", "=", "é", "ß", "ﬁ", "1e999", "87.50000", "1" * 40, "1e-400"),
    ]
)
TEXTS = st.text() | HOSTILE | st.lists(HOSTILE | st.text(max_size=3), max_size=4).map("".join)
#: Numbers that neither 64 bits nor a double can hold.
DECIMALS = st.integers(2**64, 2**200).map(Decimal) | st.sampled_from(
    [Decimal(spelt) for spelt in ("0.12345678901234567", "1E-400", "-1.5E-999999", "9007199254740993.5")]
)
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | DECIMALS
    | TEXTS
)
NAMES = st.sampled_from("abcd")
VALUES = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES | TEXTS, inner, max_size=3)
)
DATA = st.dictionaries(NAMES, VALUES)
#: With halves of characters, which no UTF-8 holds, and deeper than JSON is written.
RUDE_DATA = DATA | st.dictionaries(
    NAMES, VALUES | st.text(st.characters(categories=["Cs", "Cc", "L"])) | st.just("\ud800")
)


def scope(data: Any) -> Scope:
    return Scope(Event(id="e", source="s", type="t", data=data), "d", datetime(2026, 11, 20, tzinfo=UTC))


@dataclass(frozen=True)
class Bare:
    steps: tuple[str | int, ...]


@dataclass(frozen=True)
class Omitted(Bare):
    pass


@dataclass(frozen=True)
class Filtered:
    """A placeholder with filters, as written; what it means is for the tests of the filters."""

    text: str


@dataclass(frozen=True)
class Quoted:
    parts: tuple[Any, ...]


PATHS = st.tuples(NAMES, st.lists(NAMES | st.integers(0, 2), max_size=2)).map(lambda path: (path[0], *path[1]))
#: A brace of the template's own beside a placeholder would read as part of it.
OWN_TEXTS = TEXTS.map(lambda text: text.replace("{", "("))


def spelt(part: Bare | Filtered) -> str:
    if isinstance(part, Filtered):
        return part.text
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in part.steps)
    return f"{{{{ {path.removeprefix('.')}{' | omit' if isinstance(part, Omitted) else ''} }}}}"


def value_at(bare: Bare, data: Any) -> Any:
    for step in bare.steps:
        if isinstance(data, dict) and isinstance(step, str):
            data = data.get(step)
        elif isinstance(data, list) and isinstance(step, int) and step < len(data):
            data = data[step]
        else:
            return None
    return data


def as_text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "" if value is None else exact_json.dumps(value).decode()


def is_left_out(node: Any, data: Any) -> bool:
    return isinstance(node, Omitted) and value_at(node, data) is None


def filled(parts: tuple[Any, ...], data: Any) -> str:
    """What parts of text and placeholders mean."""
    return "".join(as_text(value_at(part, data)) if isinstance(part, Bare) else part for part in parts)


# Filters

_SOUND_CALLS = st.sampled_from(
    [
        *("default('x')", "upper", "lower", "trim", "truncate('2')", "truncate('4', '…')", "json", "string", "number"),
        *("int", "date('%Y-%m-%dT%H:%M:%S')", "date('%d %b', 'Europe/Madrid')", "join(', ')", "map('a', 'b', '<')"),
        *("map('5', '\"', '87.5', '&')", "hash", "hash('md5')", "urlencode"),
    ]
)
_ARGUMENTS = st.sampled_from(
    [
        *("", "n/a", "5", "20", "…", ", ", "'", "\\", '"', "}}", "<", "&", "\r\n", "%Y-%m-%d", "%H:%M %Z", "%Q", "%"),
        *("UTC", "Europe/Madrid", "Europe", "../etc", "/etc", "sha1", "sha265", "student", "\ud800", "\0", "0"),
    ]
)
_FILTERS = st.sampled_from(["default", "truncate", "date", "join", "map", "hash", "upper", "json", "omit", "uper"])


def _call_written(name: str, arguments: list[str]) -> str:
    quoted = [argument.replace("\\", "\\\\").replace("'", "\\'") for argument in arguments]
    return f"{name}('" + "', '".join(quoted) + "')" if quoted else name


_CALLS = _SOUND_CALLS | st.builds(_call_written, _FILTERS, st.lists(_ARGUMENTS, max_size=3))
_READ = PATHS.map(lambda steps: spelt(Bare(steps))[2:-2]) | st.sampled_from(
    ["event", "data", "event.id", "now", "data.a"]
)


def filtered(calls: st.SearchStrategy[str], *last: str) -> st.SearchStrategy[Filtered]:
    """Placeholders with filters, the last of which are given."""
    return st.tuples(_READ, st.lists(calls, max_size=3, unique=True)).map(
        lambda drawn: Filtered(f"{{{{{' | '.join((drawn[0], *drawn[1], *last))}}}}}")
    )


#: With arguments that can be meant, and nothing that is left out.
SOUND = filtered(_SOUND_CALLS)
SOUND_OMITTED = filtered(_SOUND_CALLS, "omit")
FILTERED = filtered(_CALLS)

# JSON


def json_trees(placeholders: st.SearchStrategy[Any], omitted: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Templates of JSON with these placeholders."""
    parts = st.lists(placeholders | OWN_TEXTS, max_size=4).map(lambda parts: Quoted(tuple(parts)))
    leaves = placeholders | parts | SCALARS.filter(lambda value: not isinstance(value, str))
    return st.recursive(
        leaves,
        lambda inner: st.lists(inner | omitted, max_size=4) | st.dictionaries(OWN_TEXTS, inner | omitted, max_size=4),
    )


JSON_TREES = json_trees(PATHS.map(Bare), PATHS.map(Omitted))


def json_written(node: Any) -> str:
    match node:
        case Bare() | Filtered():
            return spelt(node)
        case Quoted():
            texts = (
                spelt(part) if not isinstance(part, str) else exact_json.dumps(part)[1:-1].decode()
                for part in node.parts
            )
            return f'"{"".join(texts)}"'
        case list():
            return f"[ {', '.join(map(json_written, node))} ]"
        case dict():
            members = (f"{exact_json.dumps(key).decode()}: {json_written(value)}" for key, value in node.items())
            return f"{{\n  {', '.join(members)}\n}}"
    return exact_json.dumps(node).decode()


def meant(node: Any, data: Any) -> Any:
    match node:
        case Bare():
            return value_at(node, data)
        case Quoted():
            return filled(node.parts, data)
        case list():
            return [meant(inner, data) for inner in node if not is_left_out(inner, data)]
        case dict():
            return {key: meant(inner, data) for key, inner in node.items() if not is_left_out(inner, data)}
    return node


# Forms: a list of (key, parts)

_FORM_OWN = st.text(st.sampled_from("ab1-._~[]/:@"), max_size=3)


def form_trees(placeholders: st.SearchStrategy[Any], omitted: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """Templates of forms with these placeholders."""
    value = st.lists(placeholders | _FORM_OWN, max_size=3).map(tuple) | omitted.map(lambda part: (part,))
    return st.lists(st.tuples(st.sampled_from(["k", "key[0]", "users[0][name]", "%41"]), value), max_size=4)


FORM_TREES = form_trees(PATHS.map(Bare), PATHS.map(Omitted))


def form_written(pairs: Any) -> str:
    return "\n&".join(f"{key}={_spelt_all(parts)}" for key, parts in pairs) + "\n"


def _spelt_all(parts: tuple[Any, ...], own: Callable[[str], str] = str) -> str:
    return "".join(own(part) if isinstance(part, str) else spelt(part) for part in parts)


def form_pairs(pairs: Any, data: Any) -> list[tuple[str, str]]:
    return [
        (key.replace("%41", "A"), filled(parts, data))
        for key, parts in pairs
        if not (parts and is_left_out(parts[0], data))
    ]


# XML


@dataclass(frozen=True)
class Element:
    name: str
    attributes: tuple[tuple[str, tuple[Any, ...]], ...]
    content: tuple[Any, ...]


_XML_TEXTS = st.text(
    st.characters(codec="utf-8", categories=["L", "N", "P", "Zs", "S"], exclude_characters="{"), max_size=4
)


def xml_trees(placeholders: st.SearchStrategy[Any], omitted: st.SearchStrategy[Any]) -> st.SearchStrategy[Element]:
    """Templates of XML with these placeholders, all below a root."""
    parts = st.lists(placeholders | _XML_TEXTS, max_size=3).map(tuple)
    names = st.sampled_from(["a", "b-c", "ñ", "x.1"])
    attributes = st.dictionaries(names, parts | omitted.map(lambda part: (part,)), max_size=2).map(
        lambda found: tuple(found.items())
    )
    leaves = parts | omitted.map(lambda part: (part,))

    def element(content: st.SearchStrategy[Any]) -> st.SearchStrategy[Element]:
        return st.builds(Element, names, attributes, content)

    inner = st.recursive(
        element(leaves),
        lambda below: element(st.lists(below | _XML_TEXTS | placeholders, max_size=3).map(tuple)),
        max_leaves=6,
    )
    return element(st.lists(inner | _XML_TEXTS, max_size=3).map(tuple))


XML_TREES = xml_trees(PATHS.map(Bare), PATHS.map(Omitted))


def xml_written(node: Any) -> str:
    if not isinstance(node, Element):
        return _xml_own(node) if isinstance(node, str) else spelt(node)
    attributes = "".join(f" {name} = {_spelt_attribute(parts)}" for name, parts in node.attributes)
    return f"<{node.name}{attributes}>{''.join(map(xml_written, node.content))}</{node.name} >"


def _xml_own(text: str) -> str:
    return escape(text, {'"': "&quot;"})


def _spelt_attribute(parts: tuple[Any, ...]) -> str:
    return f'"{_spelt_all(parts, _xml_own)}"'


def xml_tree(node: Element, data: Any) -> Any:
    """The name, attributes, and content of an element: texts, joined where they meet, and elements."""
    attributes = {
        name: filled(parts, data) for name, parts in node.attributes if not (parts and is_left_out(parts[0], data))
    }
    content: list[Any] = [""]
    for inner in node.content:
        if not isinstance(inner, Element):
            content[-1] += filled((inner,), data)
        elif not (len(inner.content) == 1 and is_left_out(inner.content[0], data)):
            content += [xml_tree(inner, data), ""]
    return node.name, attributes, content


# Damage

FRAGMENTS = st.sampled_from(
    [
        *("{{", "}}", "{{a}}", '"{{a}}"', '"{{a|omit}}"', "{{a|omit}}", "{{a|number}}", "{{event}}", "{{d|upper}}"),
        *("{", "}", "[", "]", ",", ":", '"', "'", "|", ".", "(", ")", "\\", "\\u", "\n", " ", "%", "&", "=", "\r\n"),
        *("a", "1", "-", "null", "default('", "\ud800", '{"a":', '{"{{b}}":', "{% if a %}", "{{#each a}}", "{{{", "\0"),
        *(
            "<a>",
            "</a>",
            "<a b='{{a}}'/>",
            "<!--",
            "-->",
            "<![CDATA[",
            "]]>",
            "<?p ",
            "?>",
            "&lt;",
            "&#",
            "&x;",
            "xmlns=",
        ),
        *('<?xml version="1.0"?>', "<!DOCTYPE a>", "%2", "&amp;", "\ufeff", ">", "/>", "<", "<{{a}}>", " {{a}}='b'"),
    ]
)


@st.composite
def damaged(draw: st.DrawFn, sound: st.SearchStrategy[str]) -> str:
    """A template with something cut out of it and something else put there."""
    template = draw(sound)
    at = draw(st.integers(0, len(template)))
    return template[:at] + draw(FRAGMENTS | st.just("")) + template[at + draw(st.integers(0, 3)) :]


RUBBISH = st.lists(FRAGMENTS | FILTERED.map(spelt), max_size=14).map("".join) | st.text()
#: By content type: sound templates with filters of all kinds.
SOUND_BODIES: dict[str, st.SearchStrategy[str]] = {
    "application/json": json_trees(SOUND, SOUND_OMITTED).map(json_written),
    "application/x-www-form-urlencoded": form_trees(SOUND, SOUND_OMITTED).map(form_written),
    "application/xml": xml_trees(SOUND, SOUND_OMITTED).map(xml_written),
    "text/plain": st.lists(SOUND.map(spelt) | OWN_TEXTS).map("".join),
}
#: By content type: the same, damaged templates, and rubbish.
BODIES = {kind: sound | damaged(sound) | damaged(damaged(sound)) | RUBBISH for kind, sound in SOUND_BODIES.items()}
#: Of a form: what a body may hold at all.
FORM = re.compile(r"(?:[^&=\s]+=[!-%'-<>-~]*(?:&[^&=\s]+=[!-%'-<>-~]*)*)?")
