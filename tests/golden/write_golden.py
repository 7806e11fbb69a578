"""`make golden VERSION=…`: keep what this release writes, for all later ones to read; what is kept never changes."""

import asyncio
import logging
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import orjson
import structlog
from golden_message import HERE
from kept_now import database_now, redis_now, sealed_now
from written_now import written_now

from pipeline.embedded import own_redis


def main(version: str) -> None:
    """Write the folder of a version, whole or not at all."""
    release = HERE / version
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        sys.exit(f"VERSION: found {version!r}, expected a version such as 1.2.3")
    if release.exists():
        sys.exit(f"{release.name} is kept already: what a release wrote never changes")
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    golden = list(written_now())
    with TemporaryDirectory() as folder, own_redis(Path(folder)) as redis:
        dead = [one for one in golden if one.name.startswith(("dead-after", "invalid"))]
        database = asyncio.run(database_now(Path(folder) / "mih.db", dead))
        shared = asyncio.run(redis_now(redis.redis_url))
    (release / "messages").mkdir(parents=True)
    for one in golden:
        (release / "messages" / f"{one.name}.json").write_bytes(one.to_bytes())
    (release / "database.sql").write_text(database)
    (release / "redis.json").write_bytes(_json(shared))
    (release / "sealed.json").write_bytes(_json(sealed_now()))
    sys.stdout.write(f"{len(golden)} messages, a database, Redis and a sealed secret of {version}\n")


def _json(found: Any) -> bytes:
    return orjson.dumps(found, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS) + b"\n"


if __name__ == "__main__":
    main(*sys.argv[1:2] or [""])
