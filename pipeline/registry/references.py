"""References, `env:NAME` and `file:/path`: what stands in the registry where the value itself must not.

A revision holds the reference only; the value is read by the process that uses it, when it uses it.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr

from pipeline.errors import Misconfigured

PATTERN = r"^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+)$"
#: A token or a key is a line; more than this is the wrong file.
MAX_FILE_BYTES = 65_536


def is_reference(text: str) -> bool:
    """Whether a text stands for another."""
    return re.fullmatch(PATTERN, text) is not None


def _reference(value: Any) -> Any:
    if isinstance(value, str) and is_reference(value):
        return value
    # The value is not repeated: what stands here by mistake is a secret.
    raise ValueError("expected env:NAME or file:/path, so that no secret is stored; found something else")


#: A token, password or key in the registry: a reference, never the secret itself.
SecretReference = Annotated[str, BeforeValidator(_reference), Field(json_schema_extra={"pattern": PATTERN})]


def resolve(text: str, environ: Mapping[str, str]) -> str:
    """The value that a reference stands for; any other text stands for itself.

    Raises Misconfigured naming the variable or the file, never what it holds.
    """
    if not is_reference(text):
        return text
    kind, _, name = text.partition(":")
    value = _variable(name, environ) if kind == "env" else _file(Path(name))
    if not value:
        raise Misconfigured(f"{text} is empty")
    return value


def resolve_secret(reference: str, environ: Mapping[str, str]) -> SecretStr:
    """The same, as a value that does not print."""
    return SecretStr(resolve(reference, environ))


def _variable(name: str, environ: Mapping[str, str]) -> str:
    if name not in environ:
        raise Misconfigured(f"env:{name}: the environment variable {name} is not set")
    return environ[name]


def _file(path: Path) -> str:
    try:
        with path.open("rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
    except OSError as failed:
        raise Misconfigured(f"file:{path} cannot be read: {failed.strerror}") from None
    if len(content) > MAX_FILE_BYTES:
        raise Misconfigured(f"file:{path} is larger than {MAX_FILE_BYTES} bytes")
    try:
        return content.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise Misconfigured(f"file:{path} is not UTF-8 text") from None
