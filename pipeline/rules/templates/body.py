"""Bodies by content type: one file each, which knows how values are escaped there."""

import re
from collections.abc import Mapping
from typing import Final, Protocol

from pipeline.rules.fault import invalid, unknown
from pipeline.rules.templates.form_body import compile_form
from pipeline.rules.templates.json_body import compile_json
from pipeline.rules.templates.slot import Write
from pipeline.rules.templates.text_body import compile_plain
from pipeline.rules.templates.xml_body import compile_xml


class Compile(Protocol):
    """Compiles a body's template, or raises InvalidRule."""

    def __call__(self, text: str, *, strict: bool) -> Write: ...  # noqa: D102  said above


_KINDS: Final[Mapping[str, Compile]] = {
    "application/json": compile_json,
    "*+json": compile_json,
    "application/x-www-form-urlencoded": compile_form,
    "text/plain": compile_plain,
    "application/xml": compile_xml,
    "text/xml": compile_xml,
    "*+xml": compile_xml,
}
_WORD = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_PARAMETER = rf"""[ \t]*;[ \t]*(?P<name>{_WORD})=(?:"(?P<quoted>[ !#-\[\]-~]*)"|(?P<plain>{_WORD}))"""
#: A media type with parameters as HTTP writes them (RFC 9110, 8.3.1), in which nothing needs an escape.
_CONTENT_TYPE = re.compile(rf"(?P<media>{_WORD}/{_WORD})(?P<parameters>(?:{_PARAMETER})*)")
_PARAMETERS = re.compile(_PARAMETER)


def compile_body(text: str, content_type: str, *, strict: bool) -> Write:
    """Compile a body's template; of a content type that is not known, its placeholders only are checked.

    Raises InvalidRule with everything that is wrong, by line and column.
    """
    return _KINDS.get(_kind(content_type), compile_plain)(text, strict=strict)


def is_json(content_type: str) -> bool:
    """Whether a body of this type is JSON."""
    return _KINDS.get(_kind(content_type)) is compile_json


def check_content_type(content_type: str) -> None:
    """Raise InvalidRule for a content type that no body can be escaped for, or another charset than UTF-8."""
    found = _CONTENT_TYPE.fullmatch(content_type)
    if found is None:
        raise invalid(
            f"expected a content type such as text/plain or text/xml; charset=utf-8, found {content_type!r:.80}"
        )
    if _kind(content_type) not in _KINDS:
        message, hint = unknown("content type", found["media"], _KINDS)
        raise invalid(message, hint=hint)
    for parameter in _PARAMETERS.finditer(found["parameters"]):
        charset = parameter["plain"] or parameter["quoted"]
        if parameter["name"].lower() == "charset" and charset.lower() != "utf-8":
            raise invalid(f"expected charset=utf-8, found charset={charset[:40]}")


def _kind(content_type: str) -> str:
    media = content_type.partition(";")[0].strip().lower()
    return media if media in _KINDS else f"*+{media.rpartition('+')[2]}" if "+" in media else media
