"""Filters that give texts."""

import hashlib
import re
from collections.abc import Callable
from typing import Any, Final
from urllib.parse import quote

from pipeline.errors import Unrenderable
from pipeline.rules.fault import invalid, unknown
from pipeline.rules.templates.writing import as_text

_ALGORITHMS: Final = ("md5", "sha1", "sha256", "sha512")
_LENGTH = re.compile("[1-9][0-9]{0,8}")


def _plain(value: Any) -> str:
    if isinstance(value, dict | list):
        raise Unrenderable("expected a text, found an object or an array")
    return as_text(value)


def lower(value: Any) -> str:
    """Write in lower case."""
    return _plain(value).lower()


def upper(value: Any) -> str:
    """Write in upper case."""
    return _plain(value).upper()


def trim(value: Any) -> str:
    """Cut off blanks and line breaks at both ends."""
    return _plain(value).strip()


def urlencode(value: Any) -> str:
    """Percent-encode all but letters, digits and `-._~`."""
    return quote(as_text(value), safe="")


def compile_truncate(length: str, ending: str = "") -> Callable[[Any], str]:
    """Cut to so many characters, the ending included where something is cut."""
    if not _LENGTH.fullmatch(length):
        raise invalid("expected a number of characters, such as '20'", 0)
    most = int(length)
    if len(ending) > most:
        raise invalid(f"expected an ending of at most {most} characters", 1)

    def truncate(value: Any) -> str:
        text = _plain(value)
        return text if len(text) <= most else text[: most - len(ending)] + ending

    return truncate


def compile_join(separator: str) -> Callable[[Any], str]:
    """Make one text of an array's elements."""

    def join(value: Any) -> str:
        if not isinstance(value, list):
            raise Unrenderable("expected an array")
        return separator.join(map(_plain, value))

    return join


def compile_hash(algorithm: str = "sha256") -> Callable[[Any], str]:
    """Write the digest of a value's text in UTF-8, in hexadecimal digits."""
    if algorithm not in _ALGORITHMS:
        message, hint = unknown("algorithm", algorithm, _ALGORITHMS)
        raise invalid(message, 0, hint=hint)
    # What a service expects is up to it, md5 too; nothing of ours is secured by it.
    return lambda value: hashlib.new(algorithm, as_text(value).encode(), usedforsecurity=False).hexdigest()
