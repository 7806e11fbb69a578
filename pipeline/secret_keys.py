"""The keys of MIH_SECRET_KEYS, newest first: what secrets in the registry are sealed with, each key under its id."""

import re
import secrets
from base64 import b64decode, b64encode
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

#: It stands in clear beside what its key sealed.
KEY_ID = r"[A-Za-z0-9_.-]{1,40}"
#: AES-256.
_KEY_BYTES = 32
_EXPECTED = f"expected id:base64 of {_KEY_BYTES} bytes, as `mih secrets key` makes one"

#: By id, the newest first.
SecretKeys = Mapping[str, AESGCM]


@lru_cache(maxsize=4)
def read_keys(text: str) -> SecretKeys:
    """Read keys separated by commas or lines; none is said by an empty text.

    Raises ValueError that counts the entries and repeats none of them.
    """
    keys: dict[str, AESGCM] = {}
    for number, entry in enumerate(filter(None, re.split(r"[,\s]+", text)), start=1):
        key_id, key = _read_key(entry, number)
        if key_id in keys:
            raise ValueError(f"entry {number} has the id of an earlier one, expected another id for each key")
        keys[key_id] = key
    return MappingProxyType(keys)


def new_key(key_id: str) -> str:
    """Make a key, as one entry of MIH_SECRET_KEYS.

    Raises ValueError for what is no id.
    """
    if not re.fullmatch(KEY_ID, key_id):
        raise ValueError("expected an id of 1 to 40 letters, digits and . _ -")
    return f"{key_id}:{b64encode(secrets.token_bytes(_KEY_BYTES)).decode()}"


def _read_key(entry: str, number: int) -> tuple[str, AESGCM]:
    key_id, _, encoded = entry.partition(":")
    # Not even what seems to be the id is repeated: who writes it the wrong way round has the key there.
    if not re.fullmatch(KEY_ID, key_id) or not encoded:
        raise ValueError(f"entry {number} is no key, {_EXPECTED}")
    try:
        key = b64decode(encoded, validate=True)
    except ValueError:
        raise ValueError(f"entry {number} holds what is no base64, {_EXPECTED}") from None
    if len(key) != _KEY_BYTES:
        raise ValueError(f"entry {number} holds {len(key)} bytes, {_EXPECTED}")
    return key_id, AESGCM(key)
