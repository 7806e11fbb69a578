"""What the environment says: every `MIH_…` setting, its default, and where its value came from.

Three sources, the first that speaks wins: the environment; the hub that `mih up` runs on this machine
(it leaves `hub.json` in the state folder, so that `mih status` in a second terminal finds it); the default.
"""

import json
import os
import re
from collections.abc import Mapping
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_interface
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import unquote, urlsplit

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from pipeline.duration import Duration, format_duration, parse_duration
from pipeline.errors import Misconfigured
from pipeline.secret_keys import read_keys
from topology.addresses import addresses_of

PREFIX = "MIH_"
#: Written by `mih up` into the state folder: the addresses of its private RabbitMQ and Redis.
HUB_FILE = "hub.json"

Source = Literal["environment", "running hub", "default"]


def _networks(value: Any) -> Any:
    """Read networks separated by commas; every entry that is none is told in a line of its own."""
    if not isinstance(value, str):
        return value
    entries = [entry.strip() for entry in value.split(",") if entry.strip()]
    if bad := [told for entry in entries if (told := _no_network(entry))]:
        raise ValueError("\n".join(bad))
    return entries


def _no_network(entry: str) -> str:
    """Say why an entry is no network; one with host bits is not guessed at, for it opens a door."""
    try:
        meant = ip_interface(entry)
    except ValueError:
        return f"expected a network such as 10.0.0.0/8, found {entry!r}"
    if meant.ip == meant.network.network_address:
        return ""
    return f"expected {meant.network} (the network) or {meant.ip} (the address), found {entry!r}"


#: Per setting the schemes that it may have; the first is the one to suggest.
_SCHEMES = {
    "amqp_url": ("amqp", "amqps"),
    "redis_url": ("redis", "rediss", "unix"),
    "management_url": ("http", "https"),
    "database_url": ("postgresql", "postgres", "postgresql+asyncpg", "sqlite", "sqlite+aiosqlite"),
}
_NEEDS_HOST = ("amqp_url", "management_url")
#: A cluster's nodes.
_MAY_BE_SEVERAL = ("amqp_url", "management_url")
_ASYNC_DRIVERS = {
    "postgresql": "postgresql+asyncpg",
    "postgres": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
}

_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*)://")
#: Stricter than the libraries, which disagree on where a password with an unencoded @ / ? or # ends.
_ADDRESS = re.compile(
    r"""(?P<scheme>[a-z][a-z0-9+.-]*)://
        (?P<login>(?P<user>[^\s:@/?#\[\]]*)(?P<password>:[^\s@/?#\[\]]*)?@)?
        (?P<place>(?P<host>\[[^\s@/?#\[\]]*\]|[^\s:@/?#\[\]]*)(?P<port>:[^\s:@/?#\[\]]*)?(?P<path>/[^\s@?#]*)?)
        (?P<query>\?[^\s@#]*)?""",
    re.VERBOSE,
)
_HOST = re.compile(r"[\w.-]*")
_PORT = re.compile(r":[1-9][0-9]{0,4}")
LAST_PORT = 65_535
#: A busy machine must not look like a blocked loop.
_LEAST_WATCHDOG = timedelta(seconds=10)
_LISTENED = re.compile(r"[0-9]{1,5}", re.ASCII)
#: SQLite's path is the name of a file, in which any character may be.
_FILE = re.compile(r"(?P<shown>sqlite(?:\+\w+)?://(?:/[^?]*)?)(?:\?.*)?", re.DOTALL)


def _check_address(url: str, field: str) -> None:
    """Refuse what no library can read, and never repeat it: it may hold a password."""
    scheme = _SCHEME.match(url)
    if scheme is None or scheme[1] not in _SCHEMES[field]:
        raise ValueError(_expected(field, scheme and scheme[1]))
    if scheme[1].startswith("sqlite"):
        if not _FILE.fullmatch(url):
            raise ValueError("expected sqlite:///…, with three slashes before the file")
        return
    parts = _ADDRESS.fullmatch(url)
    if parts is None:
        raise ValueError(
            "expected scheme://user:password@host:port/…; in a user, password or path, "
            "each of @ / ? # [ ] and space must be percent-encoded (@ as %40, / as %2F, ? as %3F, # as %23)"
        )
    if not _is_port(parts["port"]):
        raise ValueError(
            "expected a port from 1 to 65535 after the host; in a password, / ? and # must be percent-encoded"
        )
    if not _is_host(parts["host"]):
        raise ValueError("expected a host name, an IPv4 address, or an IPv6 address in brackets")
    if field in _NEEDS_HOST and not parts["host"]:
        raise ValueError("names no host")


def _expected(field: str, scheme: str | None) -> str:
    if field == "database_url":
        return f"{f'found {scheme}://, ' if scheme else ''}expected sqlite:///… or postgresql://…"
    return f"expected an address that starts with {_SCHEMES[field][0]}://"


def _is_port(text: str | None) -> bool:
    return text is None or (_PORT.fullmatch(text) is not None and int(text[1:]) <= LAST_PORT)


def _is_host(text: str) -> bool:
    try:
        if text.startswith("["):
            return bool(IPv6Address(text[1:-1]))
        # The way to the resolver: an empty label, or one that is too long, ends there.
        return bool(_HOST.fullmatch(text) and text.encode("idna").isascii())
    except ValueError:
        return False


def host_and_port(address: str) -> tuple[str, int]:
    """Read where to listen: the host (an IPv6 address in brackets) and the port, 0 for any that is free.

    Raises ValueError.
    """
    host, _, port = address.rpartition(":")
    if not (host and _is_host(host) and _LISTENED.fullmatch(port) and int(port) <= LAST_PORT):
        raise ValueError(f"expected host:port such as 127.0.0.1:9464, found {address!r}")
    return host.strip("[]"), int(port)


def default_state_dir(environ: Mapping[str, str]) -> Path:
    """Follow the XDG base directory specification."""
    base = environ.get("XDG_STATE_HOME") or str(Path(environ.get("HOME") or "~").expanduser() / ".local/state")
    return Path(base) / "mih"


class Settings(BaseModel):
    """What is in force; read once at the start of a process and handed on."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    amqp_url: str = Field(
        "amqp://guest:guest@127.0.0.1:5672/",
        description="RabbitMQ: amqp[s]://user:password@host:port/vhost; of a cluster each node, separated by commas",
    )
    redis_url: str = Field("redis://127.0.0.1:6379/0", description="Redis: redis[s]://[user:password@]host:port/db")
    database_url: str = Field("", description="SQLAlchemy URL of the registry; SQLite in the state folder when empty")
    management_url: str = Field(
        "", description="RabbitMQ's management API, of a cluster several; the AMQP hosts' port 15672 when empty"
    )
    state_dir: Path = Field(Path(), description="where `mih up` and SQLite keep their files")
    allowed_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_networks)] = Field(
        (), description="private or loopback destinations that are allowed: CIDRs, separated by commas"
    )
    secret_keys: SecretStr = Field(
        SecretStr(""),
        description="what secrets in the registry are sealed with: id:base64, newest first, separated by commas;"
        " or file:/path",
    )
    repeat_window: Duration = Field(parse_duration("24h"), description="how long an event's own id is remembered")
    moodle_repeat_window: Duration = Field(
        parse_duration("60s"), description="how long the content of an event without an id is remembered"
    )
    body_limit: int = Field(1_048_576, gt=0, description="bytes of an event's body that ingest accepts")
    prefetch: int = Field(200, gt=0, le=65_535, description="messages in hand per process, in ingest and router")
    sender_concurrency: int = Field(
        1000, gt=0, description="requests in flight per sender process, divided among its services"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="debug info warning error")
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto (JSON when no terminal), json or console"
    )
    health_address: str = Field(
        "", description="host:port at which a role answers /healthz, /readyz and /metrics; port 0 takes a free one"
    )
    watchdog: Duration = Field(
        parse_duration("60s"), description="a process whose event loop is blocked for so long ends; 0s lets it be"
    )

    @field_validator(*_SCHEMES)
    @classmethod
    def _can_be_reached(cls, url: str, field: ValidationInfo) -> str:
        name = str(field.field_name)
        addresses = addresses_of(url) if name in _MAY_BE_SEVERAL else [url]
        for address in filter(None, addresses):
            _check_address(address, name)
        if name == "amqp_url" and len({*map(_scheme_and_vhost, addresses)}) > 1:
            raise ValueError("expected one scheme and one virtual host: the addresses are nodes of one cluster")
        return url

    @field_validator("health_address")
    @classmethod
    def _can_be_listened_at(cls, address: str) -> str:
        if address:
            host_and_port(address)
        return address

    @field_validator("watchdog")
    @classmethod
    def _is_patient(cls, limit: timedelta) -> timedelta:
        if timedelta() < limit < _LEAST_WATCHDOG:
            raise ValueError(f"expected at least {format_duration(_LEAST_WATCHDOG)}, or 0s for none")
        return limit

    @field_validator("secret_keys")
    @classmethod
    def _can_be_read(cls, keys: SecretStr) -> SecretStr:
        # A file is read by whoever needs its keys: not every stage may.
        if not keys.get_secret_value().startswith("file:"):
            read_keys(keys.get_secret_value())
        return keys

    def effective_database_url(self) -> str:
        """The registry's database: what is set, with an asyncio driver, or SQLite in the state folder."""
        if not self.database_url:
            return f"sqlite+aiosqlite:///{self.state_dir / 'mih.db'}"
        scheme, _, rest = self.database_url.partition("://")
        return f"{_ASYNC_DRIVERS.get(scheme, scheme)}://{rest}"

    def effective_management_url(self) -> str:
        """RabbitMQ's management API, with the AMQP address's user and password."""
        return self.management_url or ",".join(map(_management_at, addresses_of(self.amqp_url)))


def _scheme_and_vhost(amqp_url: str) -> tuple[str, str]:
    parts = urlsplit(amqp_url)
    return parts.scheme, unquote(parts.path[1:]) or "/"


def _management_at(amqp_url: str) -> str:
    amqp = urlsplit(amqp_url)
    user, at, _ = amqp.netloc.rpartition("@")
    host = amqp.hostname or "127.0.0.1"
    return f"http://{user}{at}{f'[{host}]' if ':' in host else host}:15672"


def variable(field: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + field.upper()


def redacted(url: str) -> str:
    """An address that can be shown: without its query, its password replaced; of what is no address, the scheme."""
    return ", ".join(map(_redacted, addresses_of(url)))


def _redacted(url: str) -> str:
    if file := _FILE.fullmatch(url):
        return file["shown"]
    parts = _ADDRESS.fullmatch(url)
    if parts is None or not _is_port(parts["port"]):
        scheme = _SCHEME.match(url)
        return f"{scheme[0] if scheme else ''}***"
    login = f"{parts['user']}:***@" if parts["password"] else parts["login"] or ""
    return f"{parts['scheme']}://{login}{parts['place']}"


def load_settings(environ: Mapping[str, str] | None = None) -> Settings:
    """Read the settings in force.

    Raises Misconfigured, naming each variable that is wrong.
    """
    return load_settings_with_sources(environ)[0]


def load_settings_with_sources(
    environ: Mapping[str, str] | None = None,
) -> tuple[Settings, dict[str, Source]]:
    """Read the settings in force and, per field, where its value came from."""
    environ = os.environ if environ is None else environ
    state_dir = Path(environ.get("MIH_STATE_DIR") or default_state_dir(environ))
    hub = _running_hub(state_dir)
    values: dict[str, Any] = {"state_dir": state_dir}
    sources: dict[str, Source] = {}
    for field in Settings.model_fields:
        if environ.get(variable(field)):
            values[field], sources[field] = environ[variable(field)], "environment"
        elif field in hub:
            values[field], sources[field] = hub[field], "running hub"
        else:
            sources[field] = "default"
    try:
        return Settings(**values), sources
    except ValidationError as refused:
        raise Misconfigured("\n".join(_told(error) for error in refused.errors(include_input=False))) from None


def _running_hub(state_dir: Path) -> dict[str, str]:
    try:
        hub = json.loads((state_dir / HUB_FILE).read_text())
        os.kill(int(hub.pop("pid")), 0)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}
    return {key: str(value) for key, value in hub.items() if key in Settings.model_fields}


def _told(error: Any) -> str:
    name = variable(str(error["loc"][0])) + ": " if error["loc"] else ""
    return "\n".join(name + line for line in str(error["msg"]).removeprefix("Value error, ").splitlines())
