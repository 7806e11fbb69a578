"""Sealed secrets: how a secret stands in the registry itself, readable only with a key of MIH_SECRET_KEYS.

    sealed:v1:<key id>:<nonce and ciphertext, base64url>

It is AES-GCM, and the place it was sealed for (`services/erp/auth/token`) is its associated data: moved to another
place it does not open. So where a stored document is read, each sealed text gets the place that it was found at, behind
an @, and whoever resolves it later need not know where it stood.
"""

import re
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterator, Mapping
from typing import Any

from cryptography.exceptions import InvalidTag

from pipeline.errors import Misconfigured
from pipeline.registry.findings import Path
from pipeline.secret_keys import KEY_ID, SecretKeys

#: As a regular expression that editors know too.
SEALED = rf"sealed:v1:{KEY_ID}:[A-Za-z0-9_-]+"
#: What GCM asks for.
_NONCE_BYTES = 12


def seal(secret: str, place: str, keys: SecretKeys) -> str:
    """Seal a secret for its place with the newest key."""
    newest = next(iter(keys))
    nonce = secrets.token_bytes(_NONCE_BYTES)
    sealed = nonce + keys[newest].encrypt(nonce, secret.encode(), place.encode())
    return f"sealed:v1:{newest}:{urlsafe_b64encode(sealed).decode().rstrip('=')}"


def unseal(text: str, place: str, keys: SecretKeys) -> str:
    """Open what was sealed for this place.

    Raises Misconfigured naming the place and the key.
    """
    _, _, key_id, encoded = text.split(":")
    if key_id not in keys:
        known = (
            f"which MIH_SECRET_KEYS does not hold, only {', '.join(keys)}" if keys else "and no MIH_SECRET_KEYS is set"
        )
        raise Misconfigured(f"{place} is sealed with the key {key_id}, {known}")
    try:
        sealed = urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        return keys[key_id].decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode()).decode()
    except (InvalidTag, ValueError):
        raise Misconfigured(
            f"{place} does not open with the key {key_id}: it was sealed for another place or with another key of that"
            " id, or is damaged; write the secret itself, and it is sealed anew"
        ) from None


def is_sealed(value: Any) -> bool:
    """Whether a value is a sealed secret as a document holds it."""
    return isinstance(value, str) and re.fullmatch(SEALED, value) is not None


def key_of(text: str) -> str:
    """The id of the key that a sealed secret was sealed with."""
    return text.split(":", 3)[2]


def place_of(path: Path) -> str:
    """Write a path as what is sealed at it is bound to.

    A secret's position in a list is no part of it: older ones move down when a newer one comes.
    """
    return "/".join(map(str, path[:-1] if isinstance(path[-1], int) else path))


def placed(value: Any, path: Path) -> Any:
    """The same part of a document, each sealed text with the place that it stands at."""
    if isinstance(value, Mapping):
        return {key: placed(item, (*path, key)) for key, item in value.items()}
    if isinstance(value, list):
        return [placed(item, (*path, index)) for index, item in enumerate(value)]
    # A place that somebody wrote behind it himself is not believed: it becomes part of a place that nothing fits.
    is_text = isinstance(value, str) and value.startswith("sealed:v1:")
    return f"{value}@{place_of(path)}" if is_text else value


def parted(text: str) -> tuple[str, str]:
    """Part a placed text into what is sealed and its place, which is empty where there is none."""
    sealed, _, place = text.partition("@")
    return sealed, place


def texts(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    """Every text in a part of a document, with its path."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from texts(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, (*path, index))
    elif isinstance(value, str):
        yield path, value
