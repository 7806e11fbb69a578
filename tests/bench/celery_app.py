"""What people build instead: a Celery task that POSTs, acknowledged late, retried when it fails.

celery -A celery_app worker -P POOL -c CONCURRENCY
"""

import os
from functools import cache
from typing import Any

import requests
from celery import Celery  # type: ignore[import-not-found] # it lies in .bench
from celery_queue import QUEUE, TASK

app = Celery("bench", broker=os.environ["BENCH_AMQP_URL"])
app.conf.update(
    task_acks_late=True,
    task_default_queue=QUEUE,
    task_ignore_result=True,
    broker_connection_retry_on_startup=True,
    worker_hijack_root_logger=False,
    worker_enable_remote_control=False,
)
_ADDRESS = os.environ["BENCH_ADDRESS"]
#: Connections kept: no pool of the bench works on more at once.
_KEPT = 64


@cache
def session() -> requests.Session:
    """Of each worker process its own, made after it was forked: connections cannot be shared across that."""
    made = requests.Session()
    made.mount("http://", requests.adapters.HTTPAdapter(pool_maxsize=_KEPT))
    # Looking for a proxy at each request is a habit of the library that a careful user turns off.
    made.trust_env = False
    return made


@app.task(name=TASK, autoretry_for=(requests.RequestException,), retry_backoff=True, max_retries=10)  # type: ignore[untyped-decorator] # the library has no types
def post(body: dict[str, Any]) -> None:
    """POST it on a connection that is kept, as the best of the examples do."""
    session().post(_ADDRESS, json=body, timeout=5).raise_for_status()
