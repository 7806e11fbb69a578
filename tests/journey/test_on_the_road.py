"""An event on mih.events reaches a REST service, and what happens where it cannot at first."""

import orjson
from hub_world import Hub, Service, order, registry_for, until

MOODLE_RULE = r"""
  students:
    event: \core\event\user_enrolment_*
    when: {courseid: [{numeric: [">", 1]}]}
    service: till
    send: {method: PUT, path: "/courses/{{courseid}}/students/{{relateduserid}}", headers: {X-Site: "{{event.source}}"}}
    payload: '{"student": {{relateduserid}}, "by": "{{userid}}", "how": {{other.enrol}}}'
"""
ENROLMENT = {
    "eventname": "\\core\\event\\user_enrolment_created",
    "component": "core",
    "objectid": 1,
    "userid": "2",
    "courseid": "2",
    "relateduserid": 4,
    "other": {"enrol": "manual"},
    "timecreated": 1795211290,
}


async def test_a_moodle_event_arrives_as_the_request_that_its_rule_describes(hub: Hub, service: Service) -> None:
    await hub.apply(registry_for(service.url, more=MOODLE_RULE))
    await hub.start()
    await hub.run("publish", "-", "--source", "campus", stdin=orjson.dumps(ENROLMENT))
    await until(lambda: bool(service.arrived), "the request arrives")
    [request] = service.arrived
    assert (request["method"], request["path"]) == ("PUT", "/courses/2/students/4")
    assert request["body"] == {"student": 4, "by": "2", "how": "manual"}
    assert request["headers"]["X-Site"] == "campus"
    assert request["key"]


async def test_w5_a_repeat_is_dropped_and_another_event_is_not(hub: Hub, service: Service) -> None:
    await hub.apply(registry_for(service.url))
    await hub.start()
    await hub.publish([order(1)])
    await until(lambda: service.numbers() == {1}, "the first arrives")
    await hub.publish([order(1), order(2)])
    await until(lambda: service.numbers() == {1, 2}, "the second arrives")
    await hub.until_depth("mih.ingest", 0)
    assert list(service.accepted.values()) == [1, 1]


async def test_a_delivery_that_failed_comes_again_and_is_delivered_once(hub: Hub, service: Service) -> None:
    service.answer = lambda number: 503 if number <= 2 else 200
    await hub.apply(registry_for(service.url))
    await hub.start()
    await hub.publish([order(1)])
    await until(lambda: bool(service.accepted), "it is delivered at last")
    assert [one["status"] for one in service.arrived] == [503, 503, 200]
    assert len({one["key"] for one in service.arrived}) == 1


async def test_what_cannot_pass_is_dead_at_once_and_is_delivered_by_a_replay(hub: Hub, service: Service) -> None:
    service.answer = lambda _: 422
    await hub.apply(registry_for(service.url))
    await hub.start()
    await hub.publish([order(1), order(2)])
    await hub.until_depth("mih.dlq.till", 2)
    assert len(service.arrived) == 2
    service.answer = lambda _: 200
    told = await hub.run("dlq", "replay", "--service", "till", "--json")
    [done] = orjson.loads(told)
    assert (done["place"], done["depth"], done["replayed"], done["kept"]) == ("till", 2, 2, 0)
    await until(lambda: service.numbers() == {1, 2}, "both arrive")
    await hub.until_depth("mih.dlq.till", 0)


async def test_a_replay_of_one_letter_keeps_the_others(hub: Hub, service: Service) -> None:
    service.answer = lambda _: 422
    await hub.apply(registry_for(service.url))
    await hub.start()
    await hub.publish(order(number) for number in range(5))
    await hub.until_depth("mih.dlq.till", 5)
    service.answer = lambda _: 200
    chosen = service.arrived[2]
    told = await hub.run("dlq", "replay", "--service", "till", "--id", chosen["key"], "--json")
    [done] = orjson.loads(told)
    assert (done["depth"], done["replayed"], done["kept"]) == (5, 1, 4)
    await until(lambda: set(service.accepted) == {chosen["key"]}, "the chosen one arrives")
    await hub.until_depth("mih.dlq.till", 4)


async def test_w2_after_its_last_attempt_a_delivery_is_dead(hub: Hub, service: Service) -> None:
    service.answer = lambda _: 500
    await hub.apply(registry_for(service.url, retry="{max_attempts: 3, backoff: 1s}"))
    await hub.start()
    await hub.publish([order(1)])
    await hub.until_depth("mih.dlq.till", 1)
    assert len(service.arrived) == 3


async def test_w2_a_service_that_is_not_there_costs_attempts_and_then_gets_everything(
    hub: Hub, service: Service
) -> None:
    await hub.apply(
        registry_for(
            "http://127.0.0.1:1", retry="{max_attempts: 100, backoff: 1s, max_backoff: 1s}, breaker: {cooldown: 1s}"
        )
    )
    await hub.start()
    await hub.publish(order(number) for number in range(20))
    await hub.until_depth("mih.service.till", 0)
    await hub.apply(registry_for(service.url))
    await until(lambda: service.numbers() == set(range(20)), "all arrive at the new address")


async def test_what_cannot_be_read_is_kept_with_its_bytes_and_the_reason(hub: Hub, service: Service) -> None:
    await hub.apply(registry_for(service.url))
    await hub.start()
    await hub.publish([{"hello": "world"}])
    await hub.until_depth("mih.invalid", 1)
    assert "fits no format" in hub.logs()


async def test_a_rule_that_cannot_render_makes_a_dead_letter_and_harms_no_other(hub: Hub, service: Service) -> None:
    strict = "  strict: {event: shop.order, service: till, missing: error, payload: '{\"who\": {{nobody}}}'}"
    await hub.apply(registry_for(service.url, more=strict))
    await hub.start()
    await hub.publish([order(1)])
    await until(lambda: service.numbers() == {1}, "the other rule's request arrives")
    await hub.until_depth("mih.dlq.till", 1)


async def test_no_secret_and_no_payload_is_in_any_log(hub: Hub, service: Service) -> None:
    hub.environment["TILL_TOKEN"] = "hunter2hunter2"
    registry = registry_for(service.url).replace("timeout: 5s", 'auth: {type: bearer, token: "env:TILL_TOKEN"}')
    await hub.apply(registry)
    await hub.start()
    await hub.publish([order(1) | {"data": {"number": 1, "name": "Ada Lovelace"}}, {"no": "Ada Lovelace"}])
    await until(lambda: service.numbers() == {1}, "the request arrives")
    await hub.until_depth("mih.invalid", 1)
    assert service.arrived[0]["headers"]["Authorization"] == "Bearer hunter2hunter2"
    logs = hub.logs() + await hub.run("export") + await hub.run("settings")
    assert '"delivery_id"' in logs
    assert "hunter2" not in logs
    assert "Lovelace" not in logs
