"""A service of the plugin becomes one of ours, or a comment with its reason; what it took unchecked is said."""

from typing import Any

import pytest
from plugin_rows import RULE, SERVICE, imported, of_service, said

from pipeline.plugin_import import file_text

TOKEN = "tok-5f2c9d81aa"


@pytest.mark.parametrize(
    ("cells", "keys"),
    [
        ({"auth_token": TOKEN}, {"auth": {"type": "bearer", "token": "env:ERP_TOKEN"}}),
        ({"auth_type": "apikey", "auth_token": TOKEN}, {"auth": {"type": "api_key", "key": "env:ERP_TOKEN"}}),
        ({"auth_type": "apikey"}, {}),
        ({"base_url": "https://a.example.org:8443/x/?y=1"}, {"url": "https://a.example.org:8443/x/?y=1"}),
        (
            {"base_url": f"https://me:{TOKEN}@a.example.org/x"},
            {
                "url": "https://a.example.org/x",
                "auth": {"type": "basic", "username": "me", "password": "env:ERP_PASSWORD"},
            },
        ),
        ({"base_url": f"https://a.example.org/?wstoken={TOKEN}"}, {"url": "env:ERP_URL"}),
        ({"timeout": 30}, {"timeout": "30s"}),
        (
            {"max_retries": 20, "retry_backoff": 7},
            {"retry": {"max_attempts": 21, "backoff": "7s"}},
        ),
        ({"cb_failure_threshold": 5, "cb_cooldown": 30}, {}),
        ({"cb_failure_threshold": 3, "cb_cooldown": 60}, {"breaker": {"failures": 3, "cooldown": "60s"}}),
        ({"cb_failure_threshold": 0, "cb_cooldown": -1}, {"breaker": {"failures": 1}}),
        ({"cb_failure_threshold": 1001, "cb_cooldown": 3601}, {"breaker": {"failures": 1000, "cooldown": "3600s"}}),
    ],
)
def test_keys_become_ours(cells: dict[str, Any], keys: dict[str, Any]) -> None:
    entry = of_service(**cells)
    plain = {
        "transport": "rest",
        "url": "https://erp.example.org/api",
        "timeout": "5s",
        "retry": {"backoff": "1s"},
    }
    assert (entry.name, entry.keys, entry.out) == ("erp", plain | keys, ())


@pytest.mark.parametrize(
    ("cells", "column", "told"),
    [
        ({"type": "ftp"}, "type", "ftp, none of rest, amqp and soap: was served as REST → rest"),
        ({"timeout": -5}, "timeout", "-5 s, taken without a check → left out: the default, 5s"),
        ({"timeout": 0}, "timeout", "0, which is no limit → 2m, the longest there is"),
        ({"timeout": 600}, "timeout", "600 s → 2m, the longest there is"),
        ({"max_retries": -1}, "max_retries", "-1, taken without a check → the default"),
        ({"retry_backoff": 0}, "retry_backoff", "0 s → the default, 1s"),
        ({"retry_backoff": 999}, "retry_backoff", "999 s, though no delay was longer than 60 s → 60s"),
        ({"cb_failure_threshold": 0}, "cb_failure_threshold", "0: opened at the first failure → 1"),
        ({"cb_failure_threshold": 9999}, "cb_failure_threshold", "9999 → 1000, the most there is"),
        ({"cb_cooldown": -1}, "cb_cooldown", "-1 s: never really closed the way → the default, 30s"),
        ({"cb_cooldown": 86400}, "cb_cooldown", "86400 s → 1h, the longest there is"),
        ({"response_queue": "answers"}, "response_queue", "left out: nothing is read back"),
        ({"auth_type": "basic", "auth_token": TOKEN}, "auth_type", "no credentials were sent"),
        ({"base_url": "https://me:pass@x.example.org", "auth_token": TOKEN}, "base_url", "one kind of credentials"),
        ({"base_url": "https://x.example.org/?a=1"}, "base_url", "the endpoint was appended behind"),
    ],
)
def test_what_means_another_thing_is_said_and_the_service_stays_in_force(
    cells: dict[str, Any], column: str, told: str
) -> None:
    entry = of_service(**cells)
    assert told in said(entry, column)
    assert entry.out == ()


@pytest.mark.parametrize(
    ("cells", "reason"),
    [
        ({"enabled": 0}, "switched off there"),
        ({"base_url": "not a url"}, "base_url is no http:// or https:// address"),
        ({"base_url": "env:HOME"}, "base_url is no http:// or https:// address"),
        ({"base_url": f"https://{TOKEN}@x.example.org"}, "a user without a password"),
        ({"base_url": "ftp://x.example.org"}, "base_url is no http:// or https:// address"),
        ({"base_url": f"http://me:{TOKEN}@[x"}, "base_url is no http:// or https:// address"),
        ({"base_url": "https://env%3AHOME:x@x.example.org"}, "would be read as a reference"),
        ({"type": "amqp", "base_url": "https://x.example.org"}, "base_url is no amqp:// or amqps:// address"),
        ({"base_url": f"https://x.example.org/{TOKEN}", "auth_token": TOKEN}, "it held a secret"),
    ],
)
def test_what_cannot_be_in_force_is_commented_out_with_its_rules(cells: dict[str, Any], reason: str) -> None:
    found = imported(RULE, services=[SERVICE | cells])
    service, rule = found.entries
    assert reason in "\n".join(service.out)
    assert rule.out == ("its service erp is commented out",)
    assert found.document == {"version": 1}
    text = file_text(found)
    assert "# services:\n" in text
    assert "  # erp:\n" in text
    assert "  # user_created-to-erp:\n" in text
    assert TOKEN not in text


def test_an_amqp_address_is_taken_apart_into_the_keys_it_will_have() -> None:
    entry = of_service(
        type="amqp",
        base_url="amqps://mih:p%40ss%2Fword@lake.example.org:5671/%2Fmoodle?exchange=ex&queue_declare=q&dlq=dead",
    )
    assert {key: entry.keys[key] for key in ("transport", "url", "exchange", "auth")} == {
        "transport": "amqp",
        "url": "amqps://lake.example.org:5671/moodle",
        "exchange": "ex",
        "auth": {"type": "basic", "username": "mih", "password": "env:ERP_PASSWORD"},
    }
    told = said(entry, "base_url")
    for words in ("the queue q was declared", "dlq: was asked for and never used", "percent-encoded", "not verified"):
        assert words in told


@pytest.mark.parametrize(
    ("names", "slugs"),
    [
        (["SAP ERP", "sap.erp", "sap-erp"], ["sap-erp", "sap-erp-2", "sap-erp-3"]),
        (["Füllung", "日本", "---", "invalid"], ["fullung", "service", "service-2", "invalid-2"]),
        (["x" * 70, "x" * 71], ["x" * 63, "x" * 61 + "-2"]),
        (["1c"], ["1c"]),
    ],
)
def test_names_become_slugs_once_each(names: list[str], slugs: list[str]) -> None:
    services = [SERVICE | {"id": number, "name": name} for number, name in enumerate(names, 1)]
    found = imported(services=services).entries
    assert [entry.name for entry in found] == slugs
    assert [entry.keys.get("description", entry.name) for entry in found] == names
    assert all(said(entry, "name") for entry, name in zip(found, names, strict=True) if entry.name != name)


def test_variables_are_told_with_the_row_and_column_of_their_value() -> None:
    services = [
        SERVICE | {"id": 1, "name": "1c", "auth_token": TOKEN},
        SERVICE | {"id": 2, "name": "a b", "auth_token": "y"},
    ]
    found = [(one.name, str(one.place), one.column) for one in imported(services=services).variables]
    assert found == [
        ("_1C_TOKEN", "plugin.json: services row 1", "auth_token"),
        ("A_B_TOKEN", "plugin.json: services row 2", "auth_token"),
    ]
