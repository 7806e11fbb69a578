"""The keys that protect a service and say what its answers mean: what each takes, and how a mistake is answered."""

from datetime import timedelta
from typing import Any

import pytest
from rest_like import TRANSPORTS

from pipeline.attempt.http_service import HttpService
from pipeline.registry.export import to_yaml
from pipeline.registry.findings import RegistryErrors
from pipeline.registry.protection import Breaker, DeadLetters, Rate, Success
from pipeline.registry.read import Reading, read_texts

RATE = "expected requests per s, m or h such as 50/s, 100/m or 1000/h"
DURATION = "expected a duration such as 500ms, 5s, 10m, 1h or 7d"
ONE_MEANING = "expected one meaning for a status"
RULES = "rules: {r: {event: a, service: erp}}\n"


def text_with(*written: str, defaults: str = "{}") -> str:
    head = (
        f"version: 1\ndefaults: {defaults}\nservices:\n  erp:\n    transport: rest\n    url: https://erp.example.org\n"
    )
    return head + "".join(f"    {line}\n" for line in written) + RULES


def read(*written: str, defaults: str = "{}") -> Reading:
    return read_texts({"m.yaml": text_with(*written, defaults=defaults)}, TRANSPORTS)


def service(*written: str, defaults: str = "{}") -> HttpService:
    found = read(*written, defaults=defaults).registry.services["erp"]
    assert isinstance(found, HttpService)
    return found


def errors_in(*written: str, defaults: str = "{}") -> list[str]:
    with pytest.raises(RegistryErrors) as caught:
        read(*written, defaults=defaults)
    return str(caught.value).splitlines()


def test_a_service_that_says_nothing_is_protected_by_a_breaker_and_has_no_limits() -> None:
    erp = service()
    assert erp.breaker == Breaker()
    assert (erp.breaker.mode, erp.breaker.failures, erp.breaker.cooldown) == ("consecutive", 5, timedelta(seconds=30))
    assert (erp.rate_limit, erp.slow, erp.success, erp.dead_letters) == (None, None, Success(), DeadLetters())
    assert (erp.retry_on, erp.never_retry, erp.forbidden_on, erp.gone_on) == ((), (), (), ())


@pytest.mark.parametrize(
    ("written", "interval"),
    [
        ("1/s", timedelta(seconds=1)),
        ("50/s", timedelta(milliseconds=20)),
        ("100/m", timedelta(milliseconds=600)),
        ("1000/h", timedelta(seconds=3.6)),
        ("999999/s", timedelta(microseconds=1)),
    ],
)
def test_a_rate_is_a_time_between_requests(written: str, interval: timedelta) -> None:
    assert service(f"rate_limit: {written}").rate_limit == Rate(written, interval)


@pytest.mark.parametrize(
    ("written", "key", "value"),
    [
        ("breaker: {mode: ratio, ratio: 1, minimum: 5}", "breaker", Breaker(mode="ratio", ratio=1.0, minimum=5)),
        ("breaker: {window: 10s, slow_calls: true}", "breaker", Breaker(window=timedelta(seconds=10), slow_calls=True)),
        ("slow: 4999ms", "slow", timedelta(milliseconds=4999)),
        ("slow: null", "slow", None),
        ("retry_on: [409, 423]", "retry_on", (409, 423)),
        ("never_retry: [501]", "never_retry", (501,)),
        ("forbidden_on: [401, 403]", "forbidden_on", (401, 403)),
        ("gone_on: [410]", "gone_on", (410,)),
        ("success: {status: [200, 404]}", "success", Success(status=(200, 404))),
        ("success: {json: {ok: [true]}}", "success", Success(json={"ok": [True]})),
        ("success: {text: OK, otherwise: retry}", "success", Success(text="OK", otherwise="retry")),
        (
            "dead_letters: {max_age: 30d, max_letters: 100000}",
            "dead_letters",
            DeadLetters(max_age=timedelta(days=30), max_letters=100_000),
        ),
    ],
)
def test_each_key_is_read(written: str, key: str, value: Any) -> None:
    assert getattr(service(written), key) == value


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("rate_limit:", f"rate_limit: {RATE}"),
        ("rate_limit: 0/s", f"rate_limit: {RATE}"),
        ("rate_limit: -1/s", f"rate_limit: {RATE}"),
        ("rate_limit: 1000000/s", f"rate_limit: {RATE}"),
        ("rate_limit: 5/d", f"rate_limit: {RATE}"),
        ("rate_limit: 50 / s", f"rate_limit: {RATE}"),
        ("rate_limit: 1.5/s", f"rate_limit: {RATE}"),
        ("breaker:", "breaker: found null, expected a mapping"),
        ("breaker: {mode: 5}", "breaker.mode: found the number 5, expected consecutive or ratio"),
        (
            "breaker: {mode: ratoi}",
            "breaker.mode: unknown value ratoi (did you mean ratio?), expected one of consecutive ratio",
        ),
        ("breaker: {failures: 1001}", "breaker.failures: found the number 1001, expected at most 1000"),
        ("breaker: {ratio: 0}", "breaker.ratio: found the number 0, expected more than 0.0"),
        ("breaker: {ratio: 1.5}", "breaker.ratio: found the number 1.5, expected at most 1.0"),
        ("breaker: {ratio: half}", "breaker.ratio: found a text, expected a number"),
        ("breaker: {window: 999ms}", "breaker.window: found 999ms, expected at least 1 second"),
        ("breaker: {window: 2h}", "breaker.window: found 2h, expected at most 1 hour"),
        ("breaker: {minimum: 0}", "breaker.minimum: found the number 0, expected at least 1"),
        ("breaker: {cooldown: 0s}", "breaker.cooldown: found 0ms, expected at least 1 second"),
        ("breaker: {cooldown: 30}", f"breaker.cooldown: {DURATION}, found 30"),
        ("breaker: {slow_calls: 1}", "breaker.slow_calls: found the number 1, expected true or false"),
        (
            "breaker: {failure: 3}",
            (
                "breaker.failure: unknown key failure (did you mean failures?),"
                " expected one of cooldown failures minimum mode ratio slow_calls window"
            ),
        ),
        ("slow: 0s", "slow: found 0ms, expected more than 0 seconds"),
        ("slow: 5s", "slow: found 5s, expected less than timeout, 5s"),
        ("slow: fast", f"slow: {DURATION}, found 'fast'"),
        ("retry_on: 409", "retry_on: found the number 409, expected a list"),
        ("retry_on: ['409']", "retry_on[0]: found a text, expected a whole number"),
        ("retry_on: [409, 600]", "retry_on[1]: found the number 600, expected at most 599"),
        ("never_retry: [99]", "never_retry[0]: found the number 99, expected at least 100"),
        ("forbidden_on: [true]", "forbidden_on[0]: found true, expected a whole number"),
        ("gone_on:", "gone_on: found null, expected a list"),
        ("success: {status: 200}", "success.status: found the number 200, expected a list"),
        (
            "success: {statu: [200]}",
            "success.statu: unknown key statu (did you mean status?), expected one of json otherwise status text",
        ),
        (
            "success: {json_: {ok: [true]}}",
            "success.json_: unknown key json_ (did you mean json?), expected one of json otherwise status text",
        ),
        ("success: {json: [ok]}", "success.json: found a list, expected a mapping"),
        ("success: {text: 5}", "success.text: found the number 5, expected a text (write it in quotes)"),
        (
            "success: {otherwise: rety}",
            "success.otherwise: unknown value rety (did you mean retry?), expected one of dead retry",
        ),
        ("dead_letters: {max_age: 0s}", "dead_letters.max_age: found 0ms, expected more than 0 seconds"),
        ("dead_letters: {max_letters: 0}", "dead_letters.max_letters: found the number 0, expected at least 1"),
        (
            "dead_letters: {max_letter: 5}",
            (
                "dead_letters.max_letter: unknown key max_letter (did you mean max_letters?),"
                " expected one of max_age max_letters"
            ),
        ),
    ],
)
def test_a_mistake_is_told_at_its_key(written: str, told: str) -> None:
    assert errors_in(written) == [f"m.yaml:7: services.erp.{told}"]


@pytest.mark.parametrize(
    ("written", "line", "told"),
    [
        (("retry_on: [401]",), 7, "retry_on: found 401, which always refuses our credentials"),
        (("success: {status: [401]}",), 7, "success: found 401, which always refuses our credentials"),
        (("retry_on: [409]", "never_retry: [501, 409]"), 8, "never_retry: found 409, which stands in retry_on too"),
        (("gone_on: [403]", "forbidden_on: [403]"), 7, "gone_on: found 403, which stands in forbidden_on too"),
        (("never_retry: [410]", "gone_on: [410]"), 8, "gone_on: found 410, which stands in never_retry too"),
        (
            ("retry_on: [404]", "success: {status: [200, 404]}"),
            8,
            "success: found 404, which stands in retry_on too",
        ),
    ],
)
def test_a_status_means_one_thing(written: tuple[str, ...], line: int, told: str) -> None:
    assert errors_in(*written) == [f"m.yaml:{line}: services.erp.{told}: {ONE_MEANING}"]


def test_a_status_may_be_said_twice_to_mean_the_same() -> None:
    assert service("retry_on: [409, 409]", "forbidden_on: [401]").retry_on == (409, 409)


@pytest.mark.parametrize(
    ("json", "told"),
    [
        (
            "{exception: {exists: false}}",
            (
                "exception: expected a list, such as [5] or [{prefix: a}];"
                " deeper names are written with dots, other.itemid"
            ),
        ),
        (
            "{warnings.code: [ok, {exist: false}]}",
            (
                "warnings.code[1].exist: unknown operator exist (did you mean exists?), expected one of"
                " anything-but cidr equals-ignore-case exists numeric prefix suffix wildcard"
            ),
        ),
        (
            "{$or: [{ok: [1]}, {ok: 5}]}",
            "$or[1].ok: expected a list of at least one value, such as [5], found a number",
        ),
    ],
)
def test_conditions_on_an_answer_are_judged_when_the_file_is_read(json: str, told: str) -> None:
    assert errors_in(f"success: {{json: {json}}}") == [f"m.yaml:7: services.erp.success.json.{told}"]


def test_a_mistake_in_the_conditions_does_not_hide_one_beside_them() -> None:
    places = [line.split(": ")[1] for line in errors_in("success:", "  status: [700]", "  json: {ok: 1}", "slow: x")]
    assert sorted(places) == ["services.erp.slow", "services.erp.success.json.ok", "services.erp.success.status[0]"]


def test_the_defaults_speak_for_each_key_of_a_section_that_a_service_leaves_out() -> None:
    erp = service(
        "breaker: {failures: 2}",
        "dead_letters: {max_letters: 5}",
        defaults="{breaker: {cooldown: 1m, failures: 9}, dead_letters: {max_age: 30d, max_letters: 9}, slow: 2s}",
    )
    assert erp.breaker == Breaker(failures=2, cooldown=timedelta(minutes=1))
    assert erp.dead_letters == DeadLetters(max_age=timedelta(days=30), max_letters=5)
    assert erp.slow == timedelta(seconds=2)


def test_a_service_may_take_back_a_default() -> None:
    erp = service("slow: null", "dead_letters: {max_age: null}", defaults="{slow: 2s, dead_letters: {max_age: 1d}}")
    assert (erp.slow, erp.dead_letters) == (None, DeadLetters())


def test_a_slow_of_the_defaults_is_judged_by_the_services_own_timeout() -> None:
    assert service("timeout: 20s", defaults="{slow: 10s}").slow == timedelta(seconds=10)
    assert errors_in("timeout: 1s", defaults="{slow: 2s}") == [
        "m.yaml:4: services.erp.slow: found 2s, expected less than timeout, 1s"
    ]


@pytest.mark.parametrize("key", ["rate_limit: 5/s", "retry_on: [409]", "success: {text: OK}"])
def test_what_only_a_service_knows_is_no_default(key: str) -> None:
    (line,) = errors_in(defaults=f"{{{key}}}")
    name = key.partition(":")[0]
    assert line.startswith(f"m.yaml:2: defaults.{name}: unknown key {name}")


EVERYTHING = (
    "rate_limit: 50/s",
    "slow: 2s",
    "breaker:",
    "  mode: ratio",
    "  ratio: 0.25",
    "  window: 1m",
    "  cooldown: 90s",
    "retry_on:",
    "  - 409",
    "success:",
    "  status:",
    "    - 200",
    "  json:",
    "    exception:",
    "      - exists: false",
    "  text: OK",
    "  otherwise: retry",
    "dead_letters:",
    "  max_age: 30d",
)


def test_an_export_reads_back_to_the_same_services() -> None:
    reading = read(*EVERYTHING)
    exported = to_yaml(reading.document)
    assert "".join(f"    {line}\n" for line in EVERYTHING) in exported
    assert read_texts({"again": exported}, TRANSPORTS).registry.services == reading.registry.services


def test_a_service_is_dumped_as_the_file_writes_it_and_reads_back() -> None:
    erp = service(*EVERYTHING)
    dumped = erp.model_dump(mode="json", by_alias=True)
    assert (dumped["rate_limit"], dumped["slow"]) == ("50/s", "2s")
    assert dumped["success"]["json"] == {"exception": [{"exists": False}]}
    assert type(erp).model_validate(dumped) == erp
