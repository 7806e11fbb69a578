"""What Moodle's web services answer, and how it ends: by code, whatever the language and whatever else is said."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.attempt.ending import SUCCESS, Answered, Said, judge, meaning_of
from pipeline.attempt.http_service import HttpService
from pipeline.attempt.moodle.answer import read
from pipeline.outcome import Ending, Outcome

D, MAY, CANNOT, FORBIDDEN = Ending.DELIVERED, Ending.MAY_PASS, Ending.CANNOT_PASS, Ending.FORBIDDEN
#: Bodies of Moodle 4.3's REST web service; the status was 200 every time.
REAL: dict[str, str] = json.loads((Path(__file__).parent / "moodle_answers.json").read_text())
PARAMETER = (CANNOT, ", but Moodle says invalidparameter (invalid_parameter_exception)")
RECORD = (CANNOT, ", but Moodle says invalidrecord (dml_missing_record_exception)")
DELIVERED = (D, "")
NO_JSON = ", but the answer is no JSON, so not of Moodle's web services"
NOT_READ = ", but Moodle answers in XML, so it has not read the form: is it larger than its post_max_size?"
HOW_REAL_ONES_END = {
    "err_access_function_not_in_service": (
        FORBIDDEN,
        ", but Moodle says accessexception (webservice_access_exception)",
    ),
    "err_course_not_found": RECORD,
    "err_create_courses_shortname_taken": (CANNOT, ", but Moodle says shortnametaken (moodle_exception)"),
    "err_create_users_batch_second_bad": PARAMETER,
    "err_create_users_duplicate_email": PARAMETER,
    "err_create_users_duplicate_username": PARAMETER,
    "err_delete_users_again": (CANNOT, ", but Moodle says invaliduser (dml_missing_record_exception)"),
    "err_invalid_token": (FORBIDDEN, ", but Moodle says invalidtoken (moodle_exception)"),
    "err_missing_function": PARAMETER,
    "err_param_type": PARAMETER,
    "err_unknown_function": RECORD,
    "err_unknown_key": PARAMETER,
    "ok_after_batch_get_users_by_field_none": DELIVERED,
    # Named `ok` by its caller, yet an error of Moodle's.
    "ok_completion_status_err": (CANNOT, ", but Moodle says nocriteriaset (moodle_exception)"),
    "ok_create_courses": DELIVERED,
    "ok_delete_users": DELIVERED,
    "ok_enrol_user_again_idempotent": DELIVERED,
    "ok_enrol_user_null_body": DELIVERED,
    "ok_get_enrolled_users": DELIVERED,
    "ok_get_method": DELIVERED,
    "ok_update_users": DELIVERED,
    "ok_view_course": DELIVERED,
    "xml_default_format": (CANNOT, NOT_READ),
}
LIMIT = 1000


def error(code: Any, exception: Any = "moodle_exception", **more: Any) -> str:
    return json.dumps({"exception": exception, "errorcode": code, "message": "Le site est en maintenance", **more})


def judged(text: str, status: int = 200, **keys: Any) -> Outcome:
    """The outcome of this answer at a service with these keys."""
    meaning = meaning_of(HttpService.model_validate({"transport": "any", **keys}))
    return judge(Answered(status, text, said=read(text)), meaning, now=datetime.now(UTC), latency_ms=1)


def test_every_real_answer_has_its_row() -> None:
    assert REAL.keys() == HOW_REAL_ONES_END.keys()


@pytest.mark.parametrize("name", REAL)
def test_w23_a_200_of_moodles_is_what_it_says_and_not_a_success(name: str) -> None:
    ending, why = HOW_REAL_ONES_END[name]
    outcome = judged(REAL[name])
    assert (outcome.ending, outcome.reason) == (ending, f"HTTP 200{why}")
    assert outcome.answer == REAL[name][:1024]


@pytest.mark.parametrize(
    ("code", "exception", "ending"),
    [
        ("sitemaintenance", "moodle_exception", MAY),
        ("upgraderunning", "moodle_exception", MAY),
        ("dbconnectionfailed", "dml_connection_exception", MAY),
        ("dmlreadexception", "dml_read_exception", MAY),
        ("dmlwriteexception", "dml_write_exception", MAY),
        ("dmltransactionexception", "dml_transaction_exception", MAY),
        ("sessionwaiterr", "dml_sessionwait_exception", MAY),
        ("locktimeout", "moodle_exception", MAY),
        ("invalidtoken", "moodle_exception", FORBIDDEN),
        ("accessexception", "webservice_access_exception", FORBIDDEN),
        ("servicenotavailable", "moodle_exception", FORBIDDEN),
        ("sitepolicynotagreed", "moodle_exception", FORBIDDEN),
        ("nopermissions", "required_capability_exception", CANNOT),
        ("requireloginerror", "require_login_exception", CANNOT),
        ("invalidrecordunknown", "dml_missing_record_exception", CANNOT),
        ("multiplerecordsfound", "dml_multiple_records_exception", CANNOT),
        ("invalidresponse", "invalid_response_exception", CANNOT),
        ("codingerror", "coding_exception", CANNOT),
        ("a_code_of_some_plugin", "moodle_exception", CANNOT),
    ],
)
def test_an_error_ends_as_its_code_says(code: str, exception: str, ending: Ending) -> None:
    assert read(error(code, exception)) == Said(ending, f", but Moodle says {code} ({exception})")
    in_a_name_space = read(error(code, rf"core\exception\{exception}"))
    assert in_a_name_space == Said(ending, f", but Moodle says {code} ({exception})")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (error("User Ann (ann@example.org) not found"), "an error without a code (moodle_exception)"),
        (error(None, "TypeError"), "an error without a code (TypeError)"),
        (error("\x1b[2J", "\r\n"), "an error without a code"),
        (error("x" * 10_000), "an error without a code (moodle_exception)"),
        (error(["invalidtoken"], {"a": 1}), "an error without a code"),
        ('{"error": "…", "errorcode": "invalidparameter", "stacktrace": null}', "invalidparameter"),
        ('{"exception": null}', "an error without a code"),
    ],
)
def test_of_an_error_only_words_are_told(text: str, why: str) -> None:
    assert read(text) == Said(CANNOT, f", but Moodle says {why}")


def test_the_message_and_the_debuginfo_are_not_in_the_reason_but_in_the_answer() -> None:
    text = error("dmlwriteexception", "dml_write_exception", debuginfo="INSERT INTO mdl_user VALUES ('ann')")
    outcome = judged(text)
    assert outcome.reason == "HTTP 200, but Moodle says dmlwriteexception (dml_write_exception)"
    assert outcome.answer == text


def test_a_message_that_speaks_of_maintenance_decides_nothing() -> None:
    assert read(error("invalidparameter", message="invalidtoken sitemaintenance")).ending is CANNOT


@pytest.mark.parametrize(
    "text", ["", " ", "<!DOCTYPE html><title>Maintenance</title>", "Fatal error", '{"id": ', "<br /><b>Notice</b>[]"]
)
def test_a_200_that_is_no_json_may_pass(text: str) -> None:
    assert read(text) == Said(MAY, NO_JSON)


@pytest.mark.parametrize(
    "text", ["null", "[]", "{}", "true", "5", '"text"', '{"errorcode": 5}', '{"error": "x"}', " []"]
)
def test_json_that_is_no_error_is_delivered(text: str) -> None:
    assert read(text) == SUCCESS


@pytest.mark.parametrize("code", ["invalidtoken", "sitemaintenance", "invalidparameter"])
def test_an_error_in_xml_says_that_the_form_was_not_read_and_nothing_of_the_token(code: str) -> None:
    """Without the form there is no token either: pausing the service would blame what is right."""
    text = f'<?xml version="1.0"?>\n<EXCEPTION class="moodle_exception">\n<ERRORCODE>{code}</ERRORCODE></EXCEPTION>'
    assert read(text) == Said(CANNOT, NOT_READ)


@pytest.mark.parametrize(
    ("warnings", "why"),
    [
        ([], ""),
        (None, ""),
        ("none", ""),
        ([{"warningcode": "a"}], ", with 1 warning: a"),
        ([{"warningcode": "a", "message": "of Ann"}, {"warningcode": "b"}], ", with 2 warnings: a, b"),
        ([{"warningcode": "of Ann"}, {}, 5], ", with 3 warnings: ?, ?, ?"),
        ([{"warningcode": str(number)} for number in range(50)], ", with 50 warnings: 0, 1, 2, …"),
    ],
)
def test_warnings_of_a_success_are_told_by_their_codes(warnings: Any, why: str) -> None:
    text = json.dumps({"status": True, "warnings": warnings})
    outcome = judged(text)
    assert (outcome.ending, outcome.reason, outcome.answer) == (D, f"HTTP 200{why}", text[:1024])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (
            r'{"exception":"core\\exception\\moodle_exception","errorcode":"invalidtoken","message":"' + "x" * LIMIT,
            Said(FORBIDDEN, ", but Moodle says invalidtoken (moodle_exception)"),
        ),
        ('{"exception":"dml_read_exception","errorcode":"a \\"b\\"","message":"x',
         Said(CANNOT, ", but Moodle says an error without a code (dml_read_exception)")),
        ('[{"id":5,"username":"', SUCCESS),
        ('{"users":[{"id":5', SUCCESS),
        ("<!DOCTYPE html>", Said(MAY, NO_JSON)),
    ],
)  # fmt: skip
def test_an_answer_longer_than_is_read_is_told_by_its_beginning(text: str, said: Said) -> None:
    assert read(text, is_whole=False) == said


@pytest.mark.parametrize(
    ("keys", "text", "ending", "why"),
    [
        # A success test that holds is success, whatever Moodle calls it.
        ({"success": {"json": {"errorcode": ["invaliduser"]}}}, error("invaliduser"), D, ""),
        ({"success": {"text": "Invalid"}}, "<p>Invalid", D, ""),
        # Of what fails it, Moodle tells the kind.
        ({"success": {"json": {"errorcode": ["x"]}}}, error("invaliduser"), CANNOT, "Moodle says invaliduser"),
        ({"success": {"json": {"errorcode": ["x"]}}}, error("sitemaintenance"), MAY, "Moodle says sitemaintenance"),
        ({"success": {"json": {"status": [True]}}}, '{"status":false}', CANNOT, "success.json does not hold at status"),
        # A status that is expected asks nothing of what it says.
        ({"success": {"status": [200]}}, error("invaliduser"), CANNOT, "Moodle says invaliduser"),
        # What cannot pass may, if its service says so; what refuses the token still does.
        ({"success": {"otherwise": "retry"}}, error("invaliduser"), MAY, "Moodle says invaliduser"),
        ({"success": {"otherwise": "retry"}}, error("invalidtoken"), FORBIDDEN, "Moodle says invalidtoken"),
        ({"success": {"otherwise": "retry"}}, "null", D, ""),
        # Single statuses come first.
        ({"never_retry": [200]}, error("sitemaintenance"), CANNOT, ""),
        ({"gone_on": [200]}, "null", Ending.GONE, ""),
    ],
)
def test_what_a_service_says_itself_beats_the_preset(keys: dict[str, Any], text: str, ending: Ending, why: str) -> None:
    outcome = judged(text, **keys)
    assert outcome.ending is ending
    assert outcome.reason.removesuffix(" (moodle_exception)") == "HTTP 200" + (f", but {why}" if why else "")


@pytest.mark.parametrize(
    ("status", "ending"), [(503, MAY), (404, CANNOT), (403, CANNOT), (303, CANNOT), (401, FORBIDDEN)]
)
def test_another_status_than_success_is_judged_by_itself(status: int, ending: Ending) -> None:
    outcome = judged(error("invalidtoken"), status)
    assert (outcome.ending, outcome.reason) == (ending, f"HTTP {status}")


json_like = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["exception", "errorcode", "error", "warnings", "warningcode"]), inner, max_size=4
        )
    ),
    max_leaves=10,
)


@given(json_like, st.integers(0, 40))
def test_whatever_it_answers_the_reason_is_fit_to_be_shown(found: Any, cut: int) -> None:
    text = json.dumps(found)
    for said in (read(text), read(text[:cut], is_whole=False)):
        assert said.why.isprintable()
        assert len(said.why) < 250
