"""The keys that a command needs and cannot do without."""

from pipeline.errors import Misconfigured
from pipeline.registry.references import secret_keys
from pipeline.secret_keys import SecretKeys
from pipeline.settings import load_settings


def keys_at_hand() -> SecretKeys:
    """The keys of MIH_SECRET_KEYS.

    Raises Misconfigured where there are none.
    """
    keys = secret_keys(load_settings().secret_keys.get_secret_value())
    if not keys:
        raise Misconfigured("MIH_SECRET_KEYS: is not set, expected keys; `mih secrets key` makes one")
    return keys
