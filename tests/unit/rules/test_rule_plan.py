from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.delivery import Delivery, Request, delivery_id, read_delivery
from pipeline.event import Event
from pipeline.rules import CompiledRule, Refused, RuleIndex, compile_rule, plan
from pipeline.rules.pattern import bare_name

NOW = datetime(2026, 11, 20, tzinfo=UTC)
CREATED = Event(id="e-1", source="moodle", type=r"\core\event\user_created", data={"userid": 5, "courseid": 7})


def rule(name: str, event: str, **more: Any) -> CompiledRule:
    return compile_rule(name, event=event, service=more.pop("service", "erp"), **more)


def names(index: RuleIndex, event: Event = CREATED) -> list[str]:
    return [found.name for found in index.matching(event)]


def planned(*rules: CompiledRule) -> list[Delivery | Refused]:
    return plan(CREATED, RuleIndex(rules), revision=3, now=NOW)


def test_rules_are_found_by_name_and_by_wildcard_in_the_order_they_were_given() -> None:
    index = RuleIndex(
        [
            rule("all", "*"),
            rule("exact", r"\core\event\user_created"),
            rule("without-backslash", r"core\event\user_created"),
            rule("another", r"\core\event\user_deleted"),
            rule("user", r"\core\event\user_*"),
            rule("longer", r"\core\event\user_created_by_someone_*"),
            rule("whole", r"\core\event\user_created*"),
            rule("created", "*_created"),
            rule("mod", r"\mod_*"),
            rule("exact-again", r"\core\event\user_created"),
        ]
    )

    assert names(index) == ["all", "exact", "without-backslash", "user", "whole", "created", "exact-again"]


def test_conditions_choose_among_the_rules_of_an_event() -> None:
    index = RuleIndex([rule("seven", "*", when={"courseid": [7]}), rule("eight", "*", when={"courseid": [8]})])

    assert names(index) == ["seven"]
    assert [found.name for found in index.candidates(CREATED)] == ["seven", "eight"]


def test_events_of_the_hub_are_found_only_by_rules_that_name_them() -> None:
    index = RuleIndex([rule("all", "*"), rule("m", "m*"), rule("own", "mih.*"), rule("exact", "mih.delivery.dead")])

    assert names(index, replace(CREATED, type="mih.delivery.dead")) == ["own", "exact"]


@settings(deadline=None)
@given(st.lists(st.text("ab*", min_size=1, max_size=4), max_size=12), st.text("ab", min_size=1, max_size=5))
def test_the_index_finds_each_rule_whose_pattern_fits_once(patterns: list[str], event_type: str) -> None:
    rules = [rule(str(number), pattern) for number, pattern in enumerate(patterns)]
    event = replace(CREATED, type=event_type)

    assert RuleIndex(rules).candidates(event) == [one for one in rules if one.pattern.matches(bare_name(event_type))]


def test_a_rule_is_asked_only_if_its_pattern_can_fit() -> None:
    asked: list[str] = []

    def spied(one: CompiledRule) -> CompiledRule:
        def condition(_: Any) -> bool:
            asked.append(one.name)
            return True

        return replace(one, condition=cast("Any", condition))

    others = [rule(f"other-{number}", rf"\mod_{number}\event\viewed") for number in range(50)]
    others += [rule(f"wild-{number}", rf"\mod_{number}\event\*") for number in range(50)]

    planned(*map(spied, [*others, rule("mine", r"\core\event\user_*")]))

    assert asked == ["mine"]


def test_an_event_becomes_one_delivery_per_matching_rule() -> None:
    [first, second] = planned(
        rule("to-erp", r"\core\event\user_*", payload='{"user": {{userid}}, "id": "{{delivery.id}}"}'),
        rule("other", r"\core\event\course_*"),
        rule("to-lake", "*", service="lake", payload="none", send={"routing_key": "{{event.key}}"}),
    )

    identity = delivery_id(CREATED, "to-erp")
    assert first == Delivery(
        id=identity,
        service="erp",
        rule="to-erp",
        revision=3,
        request=Request(body=f'{{"user":5,"id":"{identity}"}}'),
        event=CREATED,
        first_seen=NOW,
        attempt=1,
    )
    assert isinstance(second, Delivery)
    assert (second.service, second.id) == ("lake", delivery_id(CREATED, "to-lake"))
    assert second.request == Request(send={"routing_key": "core.event.user_created"}, body=None)


def test_a_planned_delivery_survives_its_journey() -> None:
    [delivery] = planned(
        rule("to-erp", "*", send={"method": "PUT", "path": "/{{userid}}", "query": {"a": "{{userid}}"}})
    )

    assert isinstance(delivery, Delivery)
    assert read_delivery(delivery.to_bytes(), delivery.headers()) == delivery


def test_an_event_that_no_rule_wants_becomes_nothing() -> None:
    assert planned(rule("other", r"\core\event\course_*"), rule("not", "*", when={"courseid": [8]})) == []


def test_a_rule_that_cannot_render_is_refused_and_the_others_go_on() -> None:
    [refused, delivered] = planned(
        rule("broken", "*", service="sis", payload="[{{other.finalgrade}}]", missing="error"), rule("sound", "*")
    )

    assert isinstance(refused, Refused)
    assert (refused.rule, refused.service) == ("broken", "sis")
    assert refused.reason.startswith("payload: {{other.finalgrade}}: the event has no such value")
    assert refused.delivery == Delivery(
        id=delivery_id(CREATED, "broken"),
        service="sis",
        rule="broken",
        revision=3,
        request=None,
        event=CREATED,
        first_seen=NOW,
    )
    assert isinstance(delivered, Delivery)


def broken(_: Any) -> Any:
    raise ZeroDivisionError("division by zero")


@pytest.mark.parametrize(
    "bad", [replace(rule("bad", "*"), condition=cast("Any", broken)), replace(rule("bad", "*"), payload=broken)]
)
def test_whatever_one_rule_runs_into_is_a_reason_and_the_others_go_on(bad: CompiledRule) -> None:
    [refused, delivered] = planned(bad, rule("sound", "*"))

    assert isinstance(refused, Refused)
    assert refused.reason == "unexpected ZeroDivisionError"
    assert isinstance(delivered, Delivery)
