"""The rights that docs/security.md gives to each part of a hub, held by users of one test's own."""

import secrets
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import httpx
from redis import Redis

PAGE = Path(__file__).parents[2] / "docs" / "security.md"


def written_commands(program: str) -> list[list[str]]:
    """The page's commands to one program, in words."""
    lines = PAGE.read_text().splitlines()
    return [shlex.split(line)[1:] for line in lines if line.startswith(f"{program} ")]


def permissions() -> dict[str, dict[str, str]]:
    """By role, what it may do in RabbitMQ: patterns to configure, write and read."""
    found = [words[3:] for words in written_commands("rabbitmqctl") if words[0] == "set_permissions"]
    return {
        user.removeprefix("mih-"): dict(zip(("configure", "write", "read"), may, strict=True)) for user, *may in found
    }


def redis_rules() -> dict[str, list[str]]:
    """By role, what it may do in Redis."""
    # A password that stands after `>` would be a redirection to a shell, and so to shlex.
    lines = [line.split()[2:] for line in PAGE.read_text().splitlines() if line.startswith("ACL SETUSER mih-")]
    return {user.removeprefix("mih-"): rules for user, *rules in lines}


@dataclass(frozen=True)
class Users:
    """One user per role, each with its own rights only."""

    amqp: dict[str, str] = field(default_factory=dict)
    redis: dict[str, str] = field(default_factory=dict)
    management: dict[str, str] = field(default_factory=dict)


@contextmanager
def users_with_rights(amqp_url: str, management_url: str, redis_url: str) -> Iterator[Users]:
    """Make them, and take them away."""
    mark, password, users = secrets.token_hex(4), secrets.token_hex(8), Users()
    vhost = urlsplit(amqp_url).path.removeprefix("/")
    with (
        httpx.Client(base_url=f"{management_url}/api", timeout=30, trust_env=False) as api,
        Redis.from_url(redis_url) as redis,
    ):
        try:
            for role, may in permissions().items():
                name = f"{role}-{mark}"
                api.put(f"/users/{name}", json={"password": password, "tags": _tags(role)}).raise_for_status()
                api.put(f"/permissions/{vhost}/{name}", json=may).raise_for_status()
                users.amqp[role] = _as(name, password, amqp_url)
                users.management[role] = _as(name, password, management_url)
            for role, exchange, write, read in _topic_permissions():
                body = {"exchange": exchange, "write": write, "read": read}
                api.put(f"/topic-permissions/{vhost}/{role}-{mark}", json=body).raise_for_status()
            for role, rules in redis_rules().items():
                name = f"{role}-{mark}"
                mine = [f">{password}" if rule == ">PASSWORD" else rule for rule in rules]
                redis.execute_command("ACL", "SETUSER", name, *mine)
                users.redis[role] = _as(name, password, redis_url)
            yield users
        finally:
            for role in users.amqp:
                api.delete(f"/users/{role}-{mark}").raise_for_status()
            for role in users.redis:
                redis.acl_deluser(f"{role}-{mark}")


def _topic_permissions() -> list[list[str]]:
    found = [words[3:] for words in written_commands("rabbitmqctl") if words[0] == "set_topic_permissions"]
    return [[user.removeprefix("mih-"), *rest] for user, *rest in found]


def _tags(role: str) -> str:
    tags = [words[2:] for words in written_commands("rabbitmqctl") if words[:2] == ["set_user_tags", f"mih-{role}"]]
    return ",".join(tag for found in tags for tag in found)


def _as(user: str, password: str, url: str) -> str:
    parts = urlsplit(url)
    return parts._replace(netloc=f"{user}:{password}@{parts.netloc.rpartition('@')[2]}").geturl()
