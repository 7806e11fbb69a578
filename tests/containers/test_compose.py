import os
from collections.abc import Iterator

import composed
import httpx
import pytest
from composed import RABBITMQ_PASSWORD, STAGES, compose, eventually, mih

pytestmark = [
    pytest.mark.skipif(
        os.environ.get("MIH_TEST_COMPOSE") != "1", reason="builds an image: MIH_TEST_COMPOSE=1 asks for it"
    ),
    pytest.mark.timeout(900),
]


@pytest.fixture(scope="module", autouse=True)
def hub() -> Iterator[None]:
    """The hub, up, with the test's registry in force."""
    if why := composed.why_not():
        (pytest.fail if os.environ.get("CI") else pytest.skip)(why)  # a laptop may be without
    compose("down", "--volumes", "--remove-orphans")
    try:
        compose("up", "--detach", "--build", "--wait")
        mih("apply", "/registry/hub.yaml")
        yield
    finally:
        compose("down", "--volumes", "--remove-orphans")


@pytest.mark.parametrize("stage", STAGES)
def test_a_stage_runs_as_an_ordinary_user_on_files_that_it_cannot_change(stage: str) -> None:
    assert compose("exec", "-T", stage, "id", "-u").strip() == "10001"
    assert composed.containers(stage)[0]["HostConfig"]["ReadonlyRootfs"]


def test_only_rabbitmq_is_reached_from_outside_and_only_on_loopback() -> None:
    published = {
        (service, port, where["HostIp"])
        for service in ("rabbitmq", "redis", "postgres", *STAGES)
        for port, places in composed.containers(service)[0]["NetworkSettings"]["Ports"].items()
        for where in places or ()
    }
    assert published == {("rabbitmq", "5672/tcp", "127.0.0.1"), ("rabbitmq", "15672/tcp", "127.0.0.1")}


def test_the_management_ui_answers_to_the_hubs_user_and_not_to_guest() -> None:
    with httpx.Client(base_url=f"http://{composed.address('rabbitmq', 15672)}", trust_env=False) as browser:
        assert "RabbitMQ" in browser.get("/").text
        assert browser.get("/api/whoami", auth=("mih", RABBITMQ_PASSWORD)).json()["name"] == "mih"
        assert browser.get("/api/whoami", auth=("guest", "guest")).status_code == httpx.codes.UNAUTHORIZED


def test_the_topology_is_as_it_should_be() -> None:
    assert mih("topology", "verify", "--json").strip() == "[]"


def test_only_what_sends_knows_the_secrets_of_services() -> None:
    knowing = {stage for stage in STAGES if "RECEIVER_TOKEN" in compose("exec", "-T", stage, "env")}
    assert knowing == {"sender-rest", "sender-amqp", "sender-soap", "suspect"}


def test_every_event_arrives_though_a_sender_and_the_router_crash_while_the_senders_become_three() -> None:
    composed.publish(range(100))
    compose("up", "--detach", "--no-recreate", "--scale", "sender-rest=3")
    assert eventually(lambda: len(composed.seen()) >= 10, wanted=True)
    for service in ("sender-rest", "router"):
        composed.crash(service)
    composed.publish(range(100, 200))
    assert eventually(lambda: composed.seen().keys(), set(range(200))) == set(range(200))
    assert len(composed.containers("sender-rest")) == 3
    # They came back by themselves.
    assert [composed.restarts(service) for service in ("sender-rest", "router")] == [1, 1]


def test_what_waits_is_kept_when_the_containers_are_removed() -> None:
    compose("stop", "sender-rest")
    composed.publish(range(1000, 1030))
    compose("stop")
    stopped = [container["State"]["ExitCode"] for stage in STAGES for container in composed.containers(stage)]
    # 137 would be Docker's patience at its end.
    assert set(stopped) == {0}
    compose("down")
    compose("up", "--detach", "--wait")
    assert eventually(lambda: composed.seen().keys(), set(range(1000, 1030))) == set(range(1000, 1030))


def test_stages_that_start_before_everything_else_find_it_when_it_comes() -> None:
    compose("down", "--volumes")
    compose("up", "--detach", "--no-deps", *STAGES)
    compose("up", "--detach", "--wait", "--no-recreate")
    mih("apply", "/registry/hub.yaml")
    composed.publish(range(2000, 2010))
    assert eventually(lambda: composed.seen().keys(), set(range(2000, 2010))) == set(range(2000, 2010))
    assert [composed.restarts(stage) for stage in STAGES] == [0] * len(STAGES)
