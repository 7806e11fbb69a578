"""What the environment says: every `MIH_…` setting, its default, and where its value came from.

Three sources, the first that speaks wins: the environment; the hub that `mih up` runs on this machine
(it leaves `hub.json` in the state folder, so that `mih status` in a second terminal finds it); the default.
"""

import json
import os
from collections.abc import Mapping
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from pipeline.duration import Duration, parse_duration
from pipeline.errors import Misconfigured

PREFIX = "MIH_"
#: Written by `mih up` into the state folder: the addresses of its private RabbitMQ and Redis.
HUB_FILE = "hub.json"

Source = Literal["environment", "running hub", "default"]


def _networks(value: Any) -> Any:
    return [part.strip() for part in value.split(",") if part.strip()] if isinstance(value, str) else value


def default_state_dir(environ: Mapping[str, str]) -> Path:
    """Follow the XDG base directory specification."""
    base = environ.get("XDG_STATE_HOME") or str(Path(environ.get("HOME") or "~").expanduser() / ".local/state")
    return Path(base) / "mih"


class Settings(BaseModel):
    """What is in force; read once at the start of a process and handed on."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    amqp_url: str = Field(
        "amqp://guest:guest@127.0.0.1:5672/", description="RabbitMQ: amqp[s]://user:password@host:port/vhost"
    )
    redis_url: str = Field("redis://127.0.0.1:6379/0", description="Redis: redis[s]://[user:password@]host:port/db")
    database_url: str = Field("", description="SQLAlchemy URL of the registry; SQLite in the state folder when empty")
    management_url: str = Field("", description="RabbitMQ's management API; the AMQP host's port 15672 when empty")
    state_dir: Path = Field(Path(), description="where `mih up` and SQLite keep their files")
    allowed_networks: Annotated[tuple[IPv4Network | IPv6Network, ...], BeforeValidator(_networks)] = Field(
        (), description="private or loopback destinations that are allowed: CIDRs, separated by commas"
    )
    repeat_window: Duration = Field(parse_duration("24h"), description="how long an event's own id is remembered")
    moodle_repeat_window: Duration = Field(
        parse_duration("60s"), description="how long the content of an event without an id is remembered"
    )
    body_limit: int = Field(1_048_576, gt=0, description="bytes of an event's body that ingest accepts")
    prefetch: int = Field(200, gt=0, le=65_535, description="messages in hand per process, in ingest and router")
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="debug info warning error")
    log_format: Literal["auto", "json", "console"] = Field(
        "auto", description="auto (JSON when no terminal), json or console"
    )

    @model_validator(mode="after")
    def _no_unknown_scheme(self) -> Self:
        for name, value, schemes in (
            ("amqp_url", self.amqp_url, ("amqp", "amqps")),
            ("redis_url", self.redis_url, ("redis", "rediss", "unix")),
        ):
            if urlsplit(value).scheme not in schemes:
                raise ValueError(f"{variable(name)}: expected an address that starts with {schemes[0]}://")
        return self

    def effective_database_url(self) -> str:
        """The registry's database: what is set, with an asyncio driver, or SQLite in the state folder."""
        if not self.database_url:
            return f"sqlite+aiosqlite:///{self.state_dir / 'mih.db'}"
        scheme, rest = self.database_url.split("://", 1)
        drivers = {
            "postgresql": "postgresql+asyncpg",
            "postgres": "postgresql+asyncpg",
            "sqlite": "sqlite+aiosqlite",
        }
        return f"{drivers.get(scheme, scheme)}://{rest}"

    def effective_management_url(self) -> str:
        """RabbitMQ's management API, with the AMQP address's user and password."""
        if self.management_url:
            return self.management_url
        amqp = urlsplit(self.amqp_url)
        user, at, _ = amqp.netloc.rpartition("@")
        host = amqp.hostname or "127.0.0.1"
        return f"http://{user}{at}{f'[{host}]' if ':' in host else host}:15672"


def variable(field: str) -> str:
    """The environment variable of a setting."""
    return PREFIX + field.upper()


def redacted(url: str) -> str:
    """An address that can be shown: its password replaced."""
    parts = urlsplit(url)
    if parts.password is None:
        return url
    user, host = quote(parts.username or "", safe=""), parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{user}:***@{host}"))


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
    return name + str(error["msg"]).removeprefix("Value error, ")
