"""What `mih status` calls wrong, and what it says to do."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from pipeline.cli.status.facts import Counted, Facts, ServiceStatus, Source
from pipeline.cli.status.judge import Trouble, troubles
from pipeline.registry import Intervention, Kind
from pipeline.shared_state.permit import State

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
ROAD = {
    **dict.fromkeys(("ingest", "router", "recorder"), Counted(0, 0, 1)),
    "waiting to be tried again": Counted(7),
    **dict.fromkeys(("suspect in ingest", "suspect in sender", "invalid", "unroutable"), Counted(0, 0, 0)),
}
ERP = ServiceStatus("erp", ready=0, in_hand=0, dead=0, senders=1, transport="rest", state=State.CLOSED)
WELL = Facts(at=NOON, road=ROAD, services=[ERP], alive={"rest": 1}, stopped=[], away={})


def word(kind: Kind, name: str = "erp") -> Intervention:
    return Intervention(kind, name, "ada", "they move house", NOON)


def found(**erp: Any) -> list[Trouble]:
    return troubles(replace(WELL, services=[replace(ERP, **erp)]))


def on_the_road(place: str, counted: Counted) -> list[Trouble]:
    return troubles(replace(WELL, road={**ROAD, place: counted}))


def test_a_hub_at_work_has_no_trouble_also_with_much_to_do() -> None:
    assert troubles(WELL) == []
    assert found(ready=10_000, in_hand=200, last_error="503", last_error_at=NOON) == []


@pytest.mark.parametrize(
    ("erp", "what", "why", "hint"),
    [
        (
            {"state": State.OPEN, "since": NOON - timedelta(minutes=3), "next_probe": NOON + timedelta(seconds=12)},
            "erp: breaker open",
            "for 3m, probe in 12s",
            "mih breaker show erp",
        ),
        (
            {"state": State.OPEN, "since": NOON, "next_probe": NOON, "last_error": "503 from erp"},
            "erp: breaker open",
            "for 0s, probe now, 503 from erp",
            "mih breaker show erp",
        ),
        (
            {"state": State.HALF_OPEN, "since": NOON - timedelta(hours=2), "next_probe": NOON},
            "erp: breaker half-open",
            "for 2h, probing",
            "mih breaker show erp",
        ),
        (
            {"paused": word(Kind.PAUSED)},
            "erp is paused",
            "by ada at 2026-05-04 12:00 UTC: they move house",
            "mih resume erp",
        ),
        (
            {"forced": word(Kind.BREAKER_OPEN)},
            "erp: breaker forced open",
            "by ada at 2026-05-04 12:00 UTC: they move house",
            "mih breaker reset erp",
        ),
        (
            {"forced": word(Kind.BREAKER_CLOSED), "state": State.OPEN},
            "erp: breaker forced closed",
            "by ada at 2026-05-04 12:00 UTC: they move house",
            "mih breaker reset erp",
        ),
        ({"dead": 1412}, "erp: 1,412 dead", "they could not be delivered", "mih dlq list --service erp"),
        (
            {"ready": 3, "senders": 0},
            "erp: 3 wait, and nobody takes them",
            "a sender for rest is alive and does not serve it",
            "the log of `mih sender rest` says why",
        ),
        (
            {"ready": 3, "senders": 0, "transport": None},
            "erp: 3 wait, and nobody takes them",
            "the service is in the registry no more",
            "mih apply FILE",
        ),
        ({"ready": None, "senders": None}, "queues are missing", "mih.service.erp", "mih topology apply"),
    ],
)
def test_what_is_wrong_with_a_service_is_told_with_its_reason_and_what_to_do(
    erp: dict[str, Any], what: str, why: str, hint: str
) -> None:
    assert [(one.what, one.why, one.hint) for one in found(**erp)] == [(what, why, hint)]


@pytest.mark.parametrize(
    "held",
    [
        {"paused": word(Kind.PAUSED)},
        {"forced": word(Kind.BREAKER_OPEN)},
        {"state": State.OPEN},
        {"state": State.HALF_OPEN},
    ],
)
def test_what_holds_a_service_explains_that_nobody_takes_what_waits(held: dict[str, Any]) -> None:
    assert len(found(ready=3, senders=0, **held)) == 1


def test_a_service_with_nothing_to_do_may_be_without_a_consumer_while_a_sender_is_alive() -> None:
    assert found(ready=0, senders=0) == []


def test_of_a_service_everything_is_told() -> None:
    told = found(paused=word(Kind.PAUSED), state=State.OPEN, dead=2, ready=9, senders=0)
    assert [one.what for one in told] == ["erp is paused", "erp: breaker open", "erp: 2 dead"]
    assert {one.service for one in told} == {"erp"}


def test_a_transport_without_a_sender_is_told_once_whatever_the_number_of_its_services() -> None:
    services = [replace(ERP, service=f"s{number}", ready=2, senders=0) for number in range(5)]
    told = troubles(replace(WELL, services=services, alive={"rest": 0}))
    assert [(one.what, one.why, one.hint) for one in told] == [
        ("no sender for rest is alive", "10 wait for s0, s1, s2 and 2 more", "mih sender rest")
    ]


def test_a_transport_without_a_sender_is_told_also_when_nothing_waits() -> None:
    told = troubles(replace(WELL, services=[replace(ERP, senders=0)], alive={"rest": 0}))
    assert [one.what for one in told] == ["no sender for rest is alive"]


def test_who_consumes_is_alive_though_nobody_heard_of_him() -> None:
    assert troubles(replace(WELL, alive={"rest": 0})) == []


@pytest.mark.parametrize("place", ["ingest", "router", "recorder"])
def test_a_stage_that_nobody_runs_is_told_also_when_nothing_waits(place: str) -> None:
    told = on_the_road(place, Counted(0, 0, 0))
    assert [(one.what, one.why, one.hint) for one in told] == [(f"no {place} runs", "0 wait", f"mih {place}")]


@pytest.mark.parametrize(
    ("place", "hint"),
    [
        ("invalid", "mih dlq list --service invalid"),
        ("unroutable", "mih dlq list --service unroutable"),
        ("suspect in ingest", "mih suspect"),
        ("suspect in sender", "mih suspect"),
    ],
)
def test_messages_that_were_put_aside_are_told(place: str, hint: str) -> None:
    assert [(one.what, one.hint) for one in on_the_road(place, Counted(4, 0, 0))] == [(f"{place}: 4", hint)]


def test_a_rule_that_was_stopped_is_told() -> None:
    [told] = troubles(replace(WELL, stopped=[word(Kind.STOPPED, "orders")]))
    assert (told.what, told.hint) == ("rule orders is stopped", "mih rule start orders")
    assert "by ada" in told.why


def test_queues_of_the_road_that_are_missing_are_told_in_one_line() -> None:
    services = [replace(ERP, ready=None, senders=None)]
    [told] = troubles(replace(WELL, road=dict.fromkeys(ROAD, Counted()), services=services))
    assert (told.what, told.hint) == ("queues are missing", "mih topology apply")
    assert told.why == "mih.ingest, mih.router, mih.dead and 1 more"


def test_nothing_is_concluded_of_queues_while_rabbitmq_is_away() -> None:
    services = [replace(ERP, ready=None, senders=None)]
    road = dict.fromkeys(ROAD, Counted())
    [told] = troubles(replace(WELL, road=road, services=services, away={Source.RABBITMQ: "refused"}))
    assert told.what == "RabbitMQ is away"
    assert told.why.endswith("refused")


def test_without_redis_a_queue_that_nobody_consumes_is_told_by_itself() -> None:
    services = [replace(ERP, ready=3, senders=0, state=None)]
    told = troubles(replace(WELL, services=services, alive=None, away={Source.REDIS: "no answer"}))
    assert [(one.what, one.hint) for one in told[1:]] == [("erp: 3 wait, and nobody takes them", "mih sender rest")]
    assert "each sender's own" in told[0].why


def test_without_the_database_no_service_is_said_to_be_no_more() -> None:
    services = [replace(ERP, ready=3, senders=0, transport=None)]
    told = troubles(replace(WELL, services=services, away={Source.DATABASE: "refused"}))
    assert [one.what for one in told] == ["database is away", "erp: 3 wait, and nobody takes them"]
    assert "no more" not in told[1].why


def test_without_the_management_api_nothing_is_wrong() -> None:
    assert troubles(replace(WELL, away={Source.MANAGEMENT: "refused"})) == []
