"""Any rows become a file that is accepted, or findings; and no secret is in either."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.attempt.transports import SCHEMAS
from pipeline.plugin_import import Imported, PluginErrors, file_text, import_tables, read_tables, told
from pipeline.registry import read_texts

TOKEN = "tok-9f8e7d6c5b4a"
_TEXTS = st.text(max_size=12) | st.sampled_from(["", "NULL", "{{userid}}", "env:HOME", "none", "\n", "*", TOKEN])
_WORDS = _TEXTS.filter(lambda text: text.strip() and text != "NULL")
_NUMBERS = st.integers(-3, 2000) | st.sampled_from([0, 1, 10**17])


def _mostly(good: list[str | None], other: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    return st.integers(0, 3).flatmap(lambda choice: st.sampled_from(good) if choice else other)


_ADDRESSES = _WORDS | st.sampled_from(
    [
        "https://x.example.org",
        "https://x.example.org/a?b=1#c",
        f"https://me:{TOKEN}@x.example.org",
        f"https://x.example.org/?key={TOKEN}",
        f"amqp://me:{TOKEN}@x.example.org/v?exchange=e",
        f"http://{TOKEN}@[",
        "http://127.0.0.1:1",
    ]
)
_SERVICES = st.fixed_dictionaries(
    {
        "id": st.integers(1, 4),
        "name": _WORDS,
        "type": st.sampled_from(["rest", "rest", "soap", "amqp", "ftp"]) | _TEXTS,
        "base_url": _ADDRESSES,
        "auth_type": st.sampled_from(["bearer", "apikey", "basic"]),
        "auth_token": st.sampled_from([TOKEN, "", None]),
        **dict.fromkeys(("timeout", "max_retries", "retry_backoff", "cb_failure_threshold", "cb_cooldown"), _NUMBERS),
        "response_queue": _TEXTS,
        "enabled": st.sampled_from([1, 1, 1, "0"]),
    }
)
_RULES = st.fixed_dictionaries(
    {
        "id": st.integers(1, 99),
        "eventname": _mostly([r"\core\event\user_created", r"\a\event\b", r"\core\event\user_*"], _WORDS),
        "serviceid": st.sampled_from([1, 2, 3, 9, 9, 9]),
        "endpoint": _mostly(["", "/a/{{x}}", f"/a?token={TOKEN}", "/a#b", "%", "/../"], _TEXTS),
        "http_method": st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "AMQP", TOKEN]),
        "payload_template": _mostly(
            [None, '{"a": {{userid}}}', '{"a": -{{userid}}}', '{"a": "{{x}}"}', f'{{"a": "{TOKEN}"}}'], _TEXTS
        ),
        "enabled": st.sampled_from([1, 1, "0"]),
    }
)


def _unlike(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({row["id"]: row for row in rows}.values())


def _outcome(services: list[dict[str, Any]], rules: list[dict[str, Any]]) -> Imported | str:
    try:
        return import_tables(read_tables({"f": json.dumps({"services": services, "rules": rules})}), SCHEMAS)
    except PluginErrors as wrong:
        return str(wrong)


@settings(max_examples=300)
@given(st.lists(_SERVICES, max_size=4).map(_unlike), st.lists(_RULES, max_size=5).map(_unlike))
def test_any_rows_become_findings_or_a_file_that_is_accepted_and_no_secret_is_in_either(
    services: list[dict[str, Any]], rules: list[dict[str, Any]]
) -> None:
    # One service that is right, so that the token is known to be one.
    services = [*services, {"id": 9, "name": "right", "base_url": "https://y.example.org", "auth_token": TOKEN}]
    found = _outcome(services, rules)
    if isinstance(found, str):
        assert TOKEN not in found
        return
    text = file_text(found)
    assert read_texts({"registry.yaml": text}, SCHEMAS).document == found.document
    assert [len(found.of("services")), len(found.of("rules"))] == [len(services), len(rules)]
    switched_on = {row["id"] for row in services if row.get("enabled") != "0"}
    assert len(found.document["services"]) <= len(switched_on)
    assert TOKEN not in text
    assert TOKEN not in "".join(map(told, found.differences))
    assert TOKEN not in str(found.entries)
