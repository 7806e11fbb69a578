"""Addresses as the plugin stored them: taken apart, with the secrets that people put there kept out of the file."""

import re
from dataclasses import dataclass
from urllib.parse import SplitResult, unquote, urlsplit

#: Names of query parameters that hold secrets, Moodle's own `wstoken` first.
_SECRET_NAME = re.compile(r"token|secret|passw|pwd|api_?-?key|apikey|signature|^key$|^sig$|^code$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Address:
    """A URL without its user; `user` and `password` are as written there, percent-encoded."""

    url: str
    parts: SplitResult
    user: str = ""
    password: str = ""


def read_address(text: str) -> Address | None:
    """Take a URL apart; None for what is none, and which may hold anything."""
    try:
        parts = urlsplit(text)
        _ = parts.port
    except ValueError:
        return None
    if not parts.hostname:
        return None
    user, _, password = parts.netloc.rpartition("@")[0].partition(":")
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    return Address(bare.geturl(), bare, user, password)


def looks_secret(name: str) -> bool:
    """Whether what stands under this name is a secret, more often than not."""
    return _SECRET_NAME.search(name) is not None


def secret_parameters(query: str) -> dict[str, str]:
    """Give the parameters of a query that look like secrets, percent-encoded as they are."""
    pairs = (part.partition("=")[::2] for part in query.split("&"))
    return {name: value for name, value in pairs if value and looks_secret(name)}


def secrets_in(text: str) -> list[str]:
    """Give the secrets of an address: its password, or a name without one, and what parameters hold."""
    address = read_address(text)
    if address is None:
        return []
    written = [address.password or address.user, *secret_parameters(address.parts.query).values()]
    return [*written, *map(unquote, written)]
