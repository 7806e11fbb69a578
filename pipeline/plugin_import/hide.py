"""Secrets of an export that stand where nobody expects one: such an entry is commented out, and they are blanked."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from pipeline.plugin_import.address import secrets_in
from pipeline.plugin_import.entry import Entry
from pipeline.plugin_import.rows import PluginRule, PluginService

#: Shorter ones are words that stand anywhere.
_MIN_LENGTH = 6
_BLANK = "***"


def secrets_of(services: Iterable[PluginService], rules: Iterable[PluginRule]) -> list[str]:
    """Give the secrets of an export, the longest first, so that none is left of which another is a part."""
    known = [service.auth_token for service in services]
    known += (secret for service in services for secret in secrets_in(service.base_url))
    known += (secret for rule in rules for secret in secrets_in(f"//host/{rule.endpoint.lstrip('/')}"))
    return sorted({secret for secret in known if len(secret) >= _MIN_LENGTH}, key=lambda secret: (-len(secret), secret))


def without_secrets(entry: Entry, secrets: Iterable[str]) -> Entry:
    """Blank the secrets in an entry; one whose keys held some cannot be in force."""
    keys, beside = blanked(entry.keys, secrets), blanked(entry.beside, secrets)
    differences = tuple(
        replace(one, there=blanked(one.there, secrets), here=blanked(one.here, secrets)) for one in entry.differences
    )
    out = tuple(blanked(reason, secrets) for reason in entry.out)
    if (keys, beside) != (entry.keys, entry.beside):
        out += (f"it held a secret, here {_BLANK}: give the service an auth or a url by reference instead",)
    return replace(entry, keys=keys, beside=beside, differences=differences, out=out)


def blanked(value: Any, secrets: Iterable[str]) -> Any:
    """Blank the secrets in a text, or in all texts of a mapping."""
    if isinstance(value, Mapping):
        return {blanked(key, secrets): blanked(item, secrets) for key, item in value.items()}
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, _BLANK)
    return value
