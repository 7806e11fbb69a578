"""Where RabbitMQ and Redis are, when they are installed on this machine."""

import shutil
from collections.abc import Iterator
from glob import glob
from pathlib import Path

#: What an ordinary user's PATH may lack.
SYSTEM_PATH = ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin"
_RABBITMQ = (
    "/usr/lib/rabbitmq/bin/rabbitmq-server",
    "/usr/lib/rabbitmq/lib/rabbitmq_server-*/sbin/rabbitmq-server",
    "/opt/homebrew/opt/rabbitmq/sbin/rabbitmq-server",
    "/usr/local/opt/rabbitmq/sbin/rabbitmq-server",
)


def path_with_system_places(path: str | None) -> str:
    """A PATH on which system programs are found too."""
    return (path or "") + SYSTEM_PATH


def find_rabbitmq(path: str | None) -> Path | None:
    """The script that starts RabbitMQ, or None."""
    return next(_rabbitmqs(path), None)


def find_redis(path: str | None) -> Path | None:
    """The program redis-server, or None."""
    found = shutil.which("redis-server", path=path_with_system_places(path))
    return Path(found) if found else None


def _rabbitmqs(path: str | None) -> Iterator[Path]:
    on_path = shutil.which("rabbitmq-server", path=path_with_system_places(path))
    # Debian's wrapper on the PATH refuses ordinary users, and as root becomes another user who cannot read our files.
    if on_path and Path(on_path).resolve().name != "rabbitmq-script-wrapper":
        yield Path(on_path)
    for pattern in _RABBITMQ:
        yield from (Path(found) for found in sorted(glob(pattern), reverse=True))  # noqa: PTH207  patterns are absolute
