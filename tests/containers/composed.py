"""The hub of docker-compose.yml, as a project of its own beside whatever else runs in Docker."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import httpx

STAGES = ("ingest", "router", "sender-rest", "sender-amqp", "sender-soap", "recorder", "suspect")
RABBITMQ_PASSWORD = "of-this-test-only"

_CHECKOUT = Path(__file__).parents[2]
_ENVIRONMENT = {
    "COMPOSE_PROJECT_NAME": "mihtest",
    "COMPOSE_FILE": "docker-compose.yml:tests/containers/receiver.yml",
    "COMPOSE_PATH_SEPARATOR": ":",
    # A developer's own passwords and ports stay out of it.
    "COMPOSE_DISABLE_ENV_FILE": "1",
    "MIH_RABBITMQ_PASSWORD": RABBITMQ_PASSWORD,
    "MIH_REDIS_PASSWORD": "also-of-this-test",
    "MIH_POSTGRES_PASSWORD": "this-one-too",
    # Any free port.
    "MIH_RABBITMQ_PORT": "0",
    "MIH_RABBITMQ_UI_PORT": "0",
    "MIH_REGISTRY_DIR": "./tests/containers/registry",
    "MIH_SERVICES_ENV": "tests/containers/services.env",
    # Where Docker puts the networks of a project.
    "MIH_ALLOWED_NETWORKS": "10.0.0.0/8,172.16.0.0/12,192.168.0.0/16",
}


def why_not() -> str | None:
    """Why there is no Compose to use, in words; None where there is one."""
    for command in (["docker", "compose", "version"], ["docker", "info"]):
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=30)
        except FileNotFoundError:
            return "there is no docker command"
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
            return f"`{' '.join(command)}` fails"
    return None


def compose(*arguments: str, given: bytes = b"") -> str:
    """What `docker compose …` prints; it must succeed."""
    done = subprocess.run(
        ["docker", "compose", *arguments],
        cwd=_CHECKOUT,
        env={**os.environ, **_ENVIRONMENT},
        input=given,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, f"docker compose {' '.join(arguments)}\n{done.stderr.decode()}{done.stdout.decode()}"
    return done.stdout.decode()


def mih(*arguments: str, given: bytes = b"") -> str:
    """What `mih …` prints in a container of its own; it must succeed."""
    return compose("run", "--rm", "-T", "mih", *arguments, given=given)


def publish(numbers: Iterable[int]) -> None:
    """One Moodle event for each number."""
    mih("publish", "-", given=b"\n".join(json.dumps(_enrolment(number)).encode() for number in numbers))


def seen() -> dict[int, int]:
    """Which numbers the receiver got, and how often."""
    answer = httpx.get(f"http://{address('receiver', 8080)}/", trust_env=False)
    return {int(number): times for number, times in answer.raise_for_status().json().items()}


def address(service: str, port: int) -> str:
    """Where a container's port is reached from here."""
    return compose("port", service, str(port)).strip()


def containers(service: str) -> list[dict[str, Any]]:
    """What Docker knows of a service's containers, the stopped ones too."""
    ids = compose("ps", "--all", "--quiet", service).split()
    found: list[dict[str, Any]] = json.loads(subprocess.check_output(["docker", "inspect", *ids]))
    return found


def restarts(service: str) -> int:
    """How often Docker started one of a service's containers again."""
    return sum(container["RestartCount"] for container in containers(service))


def crash(service: str) -> None:
    """Kill the process in the service's first container, as the kernel would when memory is short."""
    compose("exec", "-T", service, "sh", "-c", "kill -KILL -1")


def eventually(found: Callable[[], object], wanted: object, *, within_s: float = 90) -> object:
    """What was found last: the wanted, or what it was when patience ended."""
    deadline = time.monotonic() + within_s
    while (last := found()) != wanted and time.monotonic() < deadline:
        time.sleep(0.3)  # what is asked lives in containers, and tells nobody when it changes
    return last


def _enrolment(number: int) -> dict[str, object]:
    return {
        "eventname": r"\core\event\user_enrolment_created",
        "component": "core",
        "action": "created",
        "target": "user_enrolment",
        "objecttable": "user_enrolments",
        "objectid": str(number),
        "crud": "c",
        "edulevel": 0,
        "contextid": 21,
        "contextlevel": 50,
        "contextinstanceid": "2",
        "userid": "2",
        "courseid": "2",
        "relateduserid": "7",
        "anonymous": 0,
        "other": {"enrol": "manual"},
        "timecreated": 1_795_211_622,
    }
