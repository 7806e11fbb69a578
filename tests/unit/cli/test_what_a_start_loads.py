"""Whoever starts a command waits for all that it imports; what only others need is not among it."""

import subprocess
import sys

import pytest

#: Each takes up to 0.2 s of every start: SOAP and its XML, connections of HTTP, the database, what declares queues,
#: what writes to them, what the stages share.
SOAP, HTTP, DATABASE = {"zeep", "lxml"}, {"aiohttp"}, {"sqlalchemy", "asyncpg"}
DECLARING, ROAD, STATE = {"kombu"}, {"aio_pika"}, {"redis"}

UNASKED = {
    "pipeline.cli": SOAP | HTTP | DATABASE | DECLARING | ROAD | STATE | {"httpx"},
    "pipeline.cli.publish": SOAP | HTTP | DATABASE | DECLARING | STATE,
    "pipeline.cli.ingest": SOAP | HTTP | DATABASE | DECLARING,
    "pipeline.cli.router": SOAP | HTTP | DECLARING,
    "pipeline.cli.recorder": SOAP | HTTP | DECLARING,
    "pipeline.cli.sender": SOAP | HTTP | DECLARING,
    "pipeline.cli.suspect": SOAP | HTTP,
    "pipeline.cli.apply": SOAP | HTTP,
    "pipeline.cli.status": SOAP | HTTP,
    "pipeline.cli.dlq": SOAP | HTTP,
    # What a sender opens in its first second.
    "pipeline.attempt.rest_transport": SOAP | DECLARING,
    "pipeline.attempt.amqp_transport": SOAP | DECLARING,
}


@pytest.mark.parametrize(("module", "unasked"), UNASKED.items(), ids=UNASKED)
def test_a_start_loads_nothing_that_only_others_need(module: str, unasked: set[str]) -> None:
    asked = f"import sys, {module}; print(*sys.modules)"
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, timeout=60, check=True)
    loaded = set(ran.stdout.split())
    assert module in loaded
    assert loaded & unasked == set()
