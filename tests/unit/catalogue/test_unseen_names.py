"""Which names in a rule look misspelt, going by what events have had so far."""

import pytest

from pipeline.catalogue import MAX_NAMES, unseen_names
from pipeline.rules import compile_rule

ROLE = r"\core\event\role_assigned"
SEEN = {
    ROLE: frozenset({"userid", "relateduserid", "other", "other.itemid"}),
    r"\core\event\user_created": frozenset({"userid", "objectid"}),
    "shop.order": frozenset({"items", "items.sku", "event"}),
    "mih.delivered": frozenset({"service"}),
    "odd": frozenset(f"id{number}" for number in range(MAX_NAMES)),
}


@pytest.mark.parametrize(
    ("pattern", "payload", "said"),
    [
        (ROLE, "{{userid}}", []),
        (ROLE[1:], "[{{other.itemid}}, {{other}}]", []),
        (ROLE, "{{relatedUserId}}", [f"no event of {ROLE} has had relatedUserId so far (did you mean relateduserid?)"]),
        (ROLE, "{{zzz}}", [f"no event of {ROLE} has had zzz so far"]),
        (ROLE, "[{{b}}, {{a}}]", [f"no event of {ROLE} has had {name} so far" for name in "ab"]),
        (ROLE, "{{objectid}}", [f"no event of {ROLE} has had objectid so far"]),
        (r"\core\event\*", "[{{objectid}}, {{relateduserid}}]", []),
        (r"\core\event\*", "{{sku}}", ["no event of the 2 types that it answers to has had sku so far"]),
        ("shop.*", "{{items[0].sku}}", []),
        ("shop.*", "{{items[0].skew}}", ["no event of shop.order has had items.skew so far (did you mean items.sku?)"]),
        ("shop.order", "[{{event}}, {{event.id}}, {{now}}, {{delivery.id}}, {{data}}, {{data.event}}]", []),
        ("never.seen", "{{anything}}", []),
        ("odd", "{{userid}}", []),
        ("*", "{{userid}}", []),
        ("mih.*", "{{srvice}}", ["no event of mih.delivered has had srvice so far (did you mean service?)"]),
        (ROLE, "{{" + "n" * 300 + "}}", []),
        (ROLE, "none", []),
    ],
)
def test_a_name_that_no_event_of_the_rules_types_has_had_is_told(pattern: str, payload: str, said: list[str]) -> None:
    rule = compile_rule("a-rule", event=pattern, service="erp", payload=payload)
    found = unseen_names([rule], SEEN)
    assert [str(unseen) for unseen in found] == said
    assert {unseen.rule for unseen in found} <= {"a-rule"}


def test_names_in_paths_headers_and_conditions_count_too() -> None:
    rule = compile_rule(
        "a-rule",
        event=ROLE,
        service="erp",
        when={"coursid": [1], "other.itemid": [2]},
        send={"path": "/users/{{usrid}}", "headers": {"X-Who": "{{whom}}"}},
        payload="none",
    )
    assert [unseen.name for unseen in unseen_names([rule], SEEN)] == ["coursid", "usrid", "whom"]


def test_nothing_is_told_before_anything_was_seen() -> None:
    assert not unseen_names([compile_rule("a-rule", event="*", service="erp", payload="{{zzz}}")], {})
