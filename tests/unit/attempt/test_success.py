"""What a 2xx must be beside that, where its service says so; and what is told of one that is not."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.attempt.ending import Answered, judge, meaning_of
from pipeline.attempt.http_service import HttpService
from pipeline.outcome import Ending, Outcome

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MARK = "kept-secret-5f2c"
#: Bodies of Moodle 4.3's REST web service; the status was 200 every time.
MOODLE: dict[str, str] = json.loads((Path(__file__).parent / "moodle_answers.json").read_text())
#: Named `ok` by its caller, yet an error of Moodle's.
REFUSED = "ok_completion_status_err"


def judged(answer: Answered, **success: Any) -> Outcome:
    service = HttpService.model_validate({"transport": "any", "success": success})
    return judge(answer, meaning_of(service), now=NOW, latency_ms=1)


def verdict(answer: Answered, **success: Any) -> tuple[Ending, str]:
    outcome = judged(answer, **success)
    return outcome.ending, outcome.reason


@pytest.mark.parametrize("name", MOODLE)
def test_w23_moodle_answers_200_to_every_error_and_only_what_is_none_is_delivered(name: str) -> None:
    outcome = judged(Answered(200, MOODLE[name]), json={"exception": [{"exists": False}]})
    if name.startswith("ok_") and name != REFUSED:
        assert (outcome.ending, outcome.reason) == (Ending.DELIVERED, "HTTP 200")
    else:
        assert outcome.ending is Ending.CANNOT_PASS
        assert outcome.reason.startswith("HTTP 200, but success.json ")
    assert outcome.answer == MOODLE[name][:1024]


def test_w23_without_a_test_all_of_moodles_errors_count_as_delivered() -> None:
    assert {judged(Answered(200, body)).ending for body in MOODLE.values()} == {Ending.DELIVERED}


@pytest.mark.parametrize(
    ("success", "answer", "why"),
    [
        ({}, Answered(204), ""),
        ({"status": [200]}, Answered(200), ""),
        ({"status": [404]}, Answered(404), ""),
        ({"status": [200]}, Answered(204), "success.status does not list it"),
        ({"json": {"ok": [True]}}, Answered(200, '{"ok": true}'), ""),
        ({"json": {"ok": [True]}}, Answered(200, '{"ok": false}'), "success.json does not hold at ok"),
        ({"json": {"ok": [True]}}, Answered(200, "{}"), "success.json does not hold at ok"),
        ({"json": {"ok": [True]}}, Answered(200, "null"), "success.json does not hold at ok"),
        (
            {"json": {"ok": [True], "id": [{"exists": True}], "n": [1]}},
            Answered(200, '{"n": 1}'),
            "success.json does not hold at ok, id",
        ),
        (
            {"json": {"$or": [{"ok": [True]}, {"state": ["done"]}]}},
            Answered(200, '{"state": "failed"}'),
            "success.json does not hold at $or",
        ),
        ({"json": {"id": [12345678901234567890123]}}, Answered(200, '{"id": 12345678901234567890123}'), ""),
        ({"json": {"results.error": [None]}}, Answered(200, '{"results": [{"error": 1}, {"error": null}]}'), ""),
        (
            {"json": {"ok": [{"exists": False}]}},
            Answered(200, ""),
            "success.json cannot be asked: the answer is no JSON",
        ),
        (
            {"json": {"ok": [True]}},
            Answered(200, "<ok>true</ok>"),
            "success.json cannot be asked: the answer is no JSON",
        ),
        (
            {"json": {"ok": [True]}},
            Answered(200, "[" * 60_000),
            "success.json cannot be asked: the answer is no JSON",
        ),
        (
            {"json": {"ok": [True]}},
            Answered(200, '{"ok": true}', is_whole=False),
            "success.json cannot be asked: the answer is longer than is read",
        ),
        ({"text": "OK"}, Answered(200, "it is OK"), ""),
        ({"text": "OK"}, Answered(200, "OK and much more", is_whole=False), ""),
        ({"text": "OK"}, Answered(200, "ok"), "success.text is not in the answer"),
        (
            {"text": "OK"},
            Answered(200, "much", is_whole=False),
            "success.text is not in the answer, as far as it is read",
        ),
        (
            {"status": [200], "json": {"ok": [True]}, "text": "OK"},
            Answered(200, '{"ok": true}'),
            "success.text is not in the answer",
        ),
        (
            {"status": [201], "json": {"ok": [True]}, "text": "OK"},
            Answered(200, "{}"),
            "success.status does not list it",
        ),
    ],
)
def test_the_part_of_the_test_that_an_answer_fails_is_told(success: dict[str, Any], answer: Answered, why: str) -> None:
    plain = f"HTTP {answer.status}"
    dead = (Ending.CANNOT_PASS, f"{plain}, but {why}") if why else (Ending.DELIVERED, plain)
    assert verdict(answer, **success) == dead
    again = (Ending.MAY_PASS, f"{plain}, but {why}") if why else (Ending.DELIVERED, plain)
    assert verdict(answer, **success, otherwise="retry") == again


def test_a_retry_of_what_fails_the_test_waits_as_long_as_the_service_asks() -> None:
    outcome = judged(Answered(200, "busy", retry_after="90"), text="OK", otherwise="retry")
    assert (outcome.ending, outcome.retry_after_s) == (Ending.MAY_PASS, 90)


bodies = st.text() | st.dictionaries(st.text(), st.text() | st.none() | st.integers()).map(json.dumps)


@given(bodies, st.booleans())
def test_no_answer_breaks_the_test_and_none_is_told_in_a_reason(body: str, is_whole: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    answer = Answered(200, f"{MARK}{body}{MARK}", is_whole=is_whole)
    success = {"json": {"ok": [True]}, "text": "no answer holds this"}
    assert MARK not in judged(answer, **success).reason
    assert judged(Answered(200, body), **success).ending is Ending.CANNOT_PASS
