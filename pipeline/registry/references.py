"""References, `env:NAME`, `file:/path` and `sealed:…`: what stands in the registry where the value itself must not.

A revision holds the reference only; the value is read by the process that uses it, when it uses it.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, SecretStr

from pipeline.bounded_file import read_bounded
from pipeline.errors import Misconfigured
from pipeline.registry.sealed import SEALED, parted, unseal
from pipeline.rules.fault import kind
from pipeline.secret_keys import SecretKeys, read_keys

PATTERN = rf"^(env:[A-Za-z_][A-Za-z0-9_]*|file:/.+|{SEALED}(@[^@]+)?)$"
#: A token or a key is a line; more than this is the wrong file.
MAX_FILE_BYTES = 65_536


def is_reference(text: str) -> bool:
    """Whether a text stands for another."""
    return re.fullmatch(PATTERN, text) is not None


#: Said of a text where a secret belongs, and by this known as one that can be sealed: which places those are, only
#: the transports' own types know.
IN_CLEAR = "expected env:NAME or file:/path; the secret itself may stand here if MIH_SECRET_KEYS is set, which seals it"


def _reference(value: Any) -> Any:
    # No value is repeated: what stands here by mistake is a secret.
    if not isinstance(value, str) or not value:
        found = "an empty text" if value == "" else kind(value)
        raise ValueError(f"found {found}, expected a text in quotes, such as env:NAME or file:/path")
    if is_reference(value):
        return value
    if re.match(r"(env|file|sealed):", value, re.IGNORECASE):
        raise ValueError("found what begins like a reference and is none, expected env:NAME or file:/path")
    raise ValueError(IN_CLEAR)


#: A token, password or key in the registry: a reference, never the secret itself.
SecretReference = Annotated[str, BeforeValidator(_reference), Field(json_schema_extra={"pattern": PATTERN})]


def resolve(text: str, environ: Mapping[str, str]) -> str:
    """The value that a reference stands for; any other text stands for itself.

    Raises Misconfigured naming the variable or the file, never what it holds.
    """
    if not is_reference(text):
        return text
    scheme, _, name = text.partition(":")
    if scheme == "sealed":
        return unseal(*parted(text), secret_keys(environ.get("MIH_SECRET_KEYS", "")))
    value = _variable(name, environ) if scheme == "env" else _file(Path(name))
    if not value:
        raise Misconfigured(f"{text} is empty")
    return value


def resolve_secret(reference: str, environ: Mapping[str, str]) -> SecretStr:
    """The same, as a value that does not print."""
    return SecretStr(resolve(reference, environ))


def named(reference: str) -> str:
    """A reference as people are told of it: a sealed one by the place that it stands at."""
    sealed, place = parted(reference)
    return f"the sealed secret {place}" if sealed.startswith("sealed:") else reference


def secret_keys(text: str) -> SecretKeys:
    """The keys that MIH_SECRET_KEYS holds, or the file that it names; none where it is empty.

    Raises Misconfigured, which repeats nothing of them.
    """
    try:
        return read_keys(_file(Path(text.removeprefix("file:"))) if text.startswith("file:") else text)
    except (Misconfigured, ValueError) as wrong:
        raise Misconfigured(f"MIH_SECRET_KEYS: {wrong}") from None


def _variable(name: str, environ: Mapping[str, str]) -> str:
    if name not in environ:
        raise Misconfigured(f"env:{name}: the environment variable {name} is not set")
    value = environ[name]
    if not value.isascii() and re.search(r"[\ud800-\udfff]", value):
        # How Python holds bytes of the environment that it cannot decode.
        raise Misconfigured(f"env:{name} is not UTF-8 text")
    return value


def _file(path: Path) -> str:
    try:
        return read_bounded(path, MAX_FILE_BYTES).decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise Misconfigured(f"file:{path} is not UTF-8 text") from None
    except ValueError as wrong:
        raise Misconfigured(f"file:{wrong}") from None
