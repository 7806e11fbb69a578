"""YAML's own errors in words of this field, with what to do about the traps that people fall into."""

from yaml import MarkedYAMLError, YAMLError
from yaml.reader import ReaderError

ESCAPE = (
    "found a backslash in double quotes, which starts an escape;"
    r" write the name without quotes or in single quotes: '\core\event\…'"
)
STAR = "found a * without quotes, which YAML reads as an alias (not supported here); write it in quotes: '*'"
ANCHOR = "found an & without quotes, which YAML reads as an anchor (not supported here); write it in quotes"
MERGE = "found a merge key (<<), which is not supported here; write what services share under defaults"
TAG = "found a ! without quotes, which YAML reads as a tag (not supported here); write it in quotes"
TEMPLATE = "found {{ without quotes, which YAML reads as a mapping; write the text in quotes or as a block (|)"
SECOND_DOCUMENT = "found a second document (---), expected one per file"
SURROGATE = "found half of a surrogate pair, expected whole characters"
TOO_DEEP = "found more than 50 levels of nesting"

_INDENTED = "a line that does not fit the lines above, expected the same indentation as its neighbours"
#: What PyYAML's own scanner and parser say (their context, their problem), and what we say. The first that fits.
_SAID = (
    ("double-quoted", "escape", ESCAPE),
    ("scanning an alias", "", STAR),
    ("scanning an anchor", "", ANCHOR),
    ("", "character '\\t' that cannot start any token", "found a tab, expected spaces"),
    ("", "cannot start any token", "found a text that starts with {found}, expected it in quotes"),
    (
        "",
        "mapping values are not allowed",
        "found a second ': ', expected quotes around a text that holds it; or found " + _INDENTED,
    ),
    ("", "but got '{'", TEMPLATE),
    ("quoted scalar", "unexpected end of stream", "found no end of the quotes that start in line {started}"),
    ("", "found '<scalar>'", "found text behind a closing quote; inside single quotes a quote is written twice"),
    ("", "could not find expected ':'", "found a line without a key, expected `key: value`; or found " + _INDENTED),
    ("", "<block end>", "found " + _INDENTED),
    ("", "<document start>", "found " + _INDENTED),
    (
        "flow",
        "expected ','",
        "found no end of the brackets that start in line {started}, expected , or the closing one",
    ),
)


def explain(problem: YAMLError, text: str) -> tuple[int, str]:
    """The line of a YAML error, and the error in our words."""
    if isinstance(problem, ReaderError):
        return text.count("\n", 0, problem.position) + 1, f"found the control character U+{problem.character:04X}"
    if isinstance(problem, MarkedYAMLError) and (mark := problem.problem_mark):
        return mark.line + 1, _words(problem, text[mark.index :][:1])
    return 1, f"cannot be read as YAML: {problem}".splitlines()[0]


def _words(problem: MarkedYAMLError, found: str) -> str:
    context, said = problem.context or "", problem.problem or ""
    started = problem.context_mark.line + 1 if problem.context_mark else 1
    for in_context, in_said, words in _SAID:
        if in_context in context and in_said in said:
            return words.replace("{found}", found).replace("{started}", str(started))
    return f"cannot be read as YAML: {said} {context}".rstrip()
