"""Where a service's broker is, and whom it knows us as."""

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import SplitResult, unquote, urlsplit

from pydantic import Field, SecretStr

from pipeline.attempt.credentials import BasicAuth, NoAuth
from pipeline.attempt.means import Means
from pipeline.errors import Misconfigured
from pipeline.registry.references import resolve, resolve_secret

_PORTS = {"amqp": 5672, "amqps": 5671}
#: What every broker knows those as who do not say who they are.
_GUEST = "guest"

AmqpAuth = Annotated[NoAuth | BasicAuth, Field(discriminator="type")]


@dataclass(frozen=True, slots=True)
class AmqpAddress:
    """A virtual host of a broker, and credentials for it."""

    host: str
    port: int
    is_tls: bool
    vhost: str
    username: str
    password: SecretStr


def checked_amqp_url(url: str) -> str:
    """The address as a file has it, if it is one.

    Raises ValueError.
    """
    if "@" in _split(url).netloc:
        raise ValueError("expected no user or password in the address: auth is the place for them")
    return url


def opened_address(written: str, auth: AmqpAuth, means: Means) -> AmqpAddress:
    """The address that stands under `url`, or that its reference stands for, and the credentials of `auth`.

    Raises Misconfigured where it is none, or none that may be connected to.
    """
    url = resolve(written, means.environ)
    try:
        parts = _split(url)
        username, password = _credentials(parts, auth, means)
    except ValueError as wrong:
        raise Misconfigured(f"url {written}: {wrong}") from None
    if refused := means.guard.check_written(url):
        raise Misconfigured(f"url {written}: {refused}")
    return AmqpAddress(
        host=parts.hostname or "",
        port=parts.port or _PORTS[parts.scheme],
        is_tls=parts.scheme == "amqps",
        vhost=unquote(parts.path[1:]) or "/",
        username=username,
        password=password,
    )


def _split(url: str) -> SplitResult:
    """Take an address apart.

    Raises ValueError in words that hold nothing of it.
    """
    try:
        parts = urlsplit(url)
        is_whole = url.isprintable() and " " not in url and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_whole = False
    if not is_whole:
        raise ValueError("expected an address with a host and a port that can be")
    if parts.scheme not in _PORTS:
        raise ValueError("expected an address that starts with amqp:// or amqps://")
    if "/" in parts.path[1:] or parts.query or parts.fragment:
        raise ValueError("expected one name after the host, the virtual host's: in it / is %2F, ? is %3F and # is %23")
    return parts


def _credentials(parts: SplitResult, auth: AmqpAuth, means: Means) -> tuple[str, SecretStr]:
    if "@" not in parts.netloc:
        if isinstance(auth, NoAuth):
            return _GUEST, SecretStr(_GUEST)
        username, password = resolve(auth.username, means.environ), resolve_secret(auth.password, means.environ)
    elif isinstance(auth, BasicAuth):
        raise ValueError("expected no user or password in the address beside auth")
    else:
        username, password = unquote(parts.username or ""), SecretStr(unquote(parts.password or ""))
    if not (username and password) or "\x00" in username + password.get_secret_value():
        raise ValueError("expected a user and a password, without NUL")
    return username, password
