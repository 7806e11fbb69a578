"""Each mistake that people make, and the line that it is answered with."""

import pytest
from rest_like import TRANSPORTS

from pipeline.registry.findings import RegistryErrors
from pipeline.registry.read import read_texts
from pipeline.registry.registry import compile_registry

SECRET = "hunter2-hunter2"
DURATION = "expected a duration such as 500ms, 5s, 10m, 1h or 7d"
IN_CLEAR = "expected env:NAME or file:/path; the secret itself may stand here if MIH_SECRET_KEYS is set, which seals it"
NO_TEXT = "expected a text in quotes, such as env:NAME or file:/path"
LIKE_A_REFERENCE = "found what begins like a reference and is none, expected env:NAME or file:/path"
NO_REFERENCE = "found a reference: they are read for services only, so that no secret travels in a message"


def errors_in(**texts: str) -> list[str]:
    with pytest.raises(RegistryErrors) as caught:
        read_texts({f"{name}.yaml": text for name, text in texts.items()}, TRANSPORTS)
    assert "pydantic" not in str(caught.value)
    assert SECRET not in str(caught.value)
    return str(caught.value).splitlines()


def in_service(written: str) -> str:
    return f"version: 1\nservices:\n  erp:\n    transport: rest\n    url: https://erp.example.org\n    {written}\n"


def in_rule(written: str) -> str:
    service = "services: {erp: {transport: rest, url: https://erp.example.org}}"
    return f"version: 1\n{service}\nrules:\n  r:\n    event: \\core\\event\\x\n    service: erp\n    {written}\n"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "m.yaml:1: found null, expected version, services and rules"),
        ("hello", "m.yaml:1: found a text, expected version, services and rules"),
        ("- a", "m.yaml:1: found a list, expected version, services and rules"),
        ("services: {}", "m.yaml:1: version: is missing"),
        ("version: 2", "m.yaml:1: version: found the number 2, expected 1"),
        ('version: "1"', "m.yaml:1: version: found a text, expected 1"),
        ("version: 1\nservices:", "m.yaml:2: services: found null, expected a mapping"),
        ("version: 1\nrules: []", "m.yaml:2: rules: found a list, expected a mapping"),
        ("version: 1\nservices: {erp: x}", "m.yaml:2: services.erp: found a text, expected a mapping"),
        (
            "version: 1\nservice: {}",
            (
                "m.yaml:2: service: unknown key service (did you mean services?),"
                " expected one of defaults rules services tests version"
            ),
        ),
        (
            "version: 1\nrules: {No Blanks: {event: a, service: erp}}\nservices: {erp: {transport: rest, url: http://e}}",
            "m.yaml:2: rules.No Blanks: expected a rule's name: a-z, 0-9, - and _, at most 63 characters",
        ),
    ],
)
def test_a_document(text: str, told: str) -> None:
    assert errors_in(m=text) == [told]


@pytest.mark.parametrize(
    ("slug", "told"),
    [
        ("ERP", "expected a slug: a-z, 0-9 and -, no - at the start, at most 63 characters"),
        ("-erp", "expected a slug: a-z, 0-9 and -, no - at the start, at most 63 characters"),
        ("e.rp", "expected a slug: a-z, 0-9 and -, no - at the start, at most 63 characters"),
        ("e" * 64, "expected a slug: a-z, 0-9 and -, no - at the start, at most 63 characters"),
        ("invalid", "found a name that MIH keeps for itself, expected another one"),
        ("unroutable", "found a name that MIH keeps for itself, expected another one"),
    ],
)
def test_a_slug(slug: str, told: str) -> None:
    text = f"version: 1\nservices:\n  {slug}: {{transport: rest, url: http://e.org}}"
    assert errors_in(m=text) == [f"m.yaml:3: services.{slug}: {told}"]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("timeout: 5", f"timeout: {DURATION}, found 5"),
        ("timeout: five", f"timeout: {DURATION}, found 'five'"),
        ("timeout: 0s", "timeout: found 0ms, expected more than 0 seconds"),
        ("timeout: 6m", "timeout: found 6m, expected at most 2 minutes"),
        ("concurrency: 0", "concurrency: found the number 0, expected at least 1"),
        ("concurrency: '16'", "concurrency: found a text, expected a whole number"),
        ("concurrency: 1.5", "concurrency: found the number 1.5, expected a whole number"),
        ("concurrency: true", "concurrency: found true, expected a whole number"),
        ("rate_limit: 50", "rate_limit: expected requests per s, m or h such as 50/s, 100/m or 1000/h"),
        ("breaker: {failures: 0}", "breaker.failures: found the number 0, expected at least 1"),
        ("description: 2026", "description: found the number 2026, expected a text (write it in quotes)"),
        ("description:", "description: found null, expected a text"),
        ("retry: {max_attempts: 0}", "retry.max_attempts: found the number 0, expected at least 1"),
        ("retry: {backoff: 2h}", "retry: found a max_backoff below backoff, expected at least as much"),
        ("retry: {max_backoff: 13d}", "retry.max_backoff: found 13d, expected at most 12 days"),
        ("retry: 3", "retry: found the number 3, expected a mapping"),
        (
            "retry: {attempts: 3}",
            (
                "retry.attempts: unknown key attempts (did you mean max_attempts?),"
                " expected one of backoff max_age max_attempts max_backoff"
            ),
        ),
        (
            "timeuot: 5s",
            (
                "timeuot: unknown key timeuot (did you mean timeout?),"
                " expected one of auth breaker concurrency dead_letters description forbidden_on gone_on never_retry"
                " proxy rate_limit retry retry_on slow success timeout tls transport url"
            ),
        ),
        ("auth: {token: env:T}", "auth.type: is missing, expected one of basic, bearer, none"),
        (
            "auth: {type: baerer, token: env:T}",
            "auth.type: unknown type baerer (did you mean bearer?), expected one of basic bearer none",
        ),
        ("auth: {type: bearer}", "auth.token: is missing"),
        (
            "auth: {type: bearer, token: env:T, tokn: x}",
            "auth.tokn: unknown key tokn (did you mean token?), expected one of token type",
        ),
        (f"auth: {{type: bearer, token: {SECRET}}}", f"auth.token: {IN_CLEAR}"),
        ("auth: {type: bearer, token: 12345678}", f"auth.token: found a number, {NO_TEXT}"),
        ("auth: {type: bearer, token: ''}", f"auth.token: found an empty text, {NO_TEXT}"),
        (f"auth: {{type: bearer, token: 'env:{SECRET}'}}", f"auth.token: {LIKE_A_REFERENCE}"),
        (f"auth: {{type: bearer, token: 'Env:{SECRET}'}}", f"auth.token: {LIKE_A_REFERENCE}"),
        (f"auth: {{type: bearer, token: 'sealed:v1:k:!{SECRET}'}}", f"auth.token: {LIKE_A_REFERENCE}"),
        (f"auth: {{type: basic, username: u, password: [{SECRET}]}}", f"auth.password: found a list, {NO_TEXT}"),
        (f"auth: {SECRET}", "auth: found a text, expected a mapping"),
        ("auth: [bearer]", "auth: found a list, expected a mapping"),
    ],
)
def test_a_service(written: str, told: str) -> None:
    assert errors_in(m=in_service(written)) == [f"m.yaml:6: services.erp.{told}"]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("{transport: amqp, url: amqp://x}", "services.s.transport: unknown transport 'amqp', expected rest"),
        ("{transport: Rest, url: http://x}", "services.s.transport: unknown transport 'Rest', expected rest"),
        ("{transport: [rest], url: http://x}", "services.s.transport: unknown transport ['rest'], expected rest"),
        ("{url: http://x}", "services.s.transport: is missing, expected rest"),
        ("{transport: rest}", "services.s.url: is missing"),
        (
            "{transport: rest, url: ftp://x}",
            "services.s.url: expected an address that starts with http:// or https://",
        ),
        ("{transport: rest, url: 5}", "services.s.url: found the number 5, expected a text (write it in quotes)"),
    ],
)
def test_w22_how_a_service_is_reached_is_refused_where_it_cannot_be_meant(written: str, told: str) -> None:
    assert errors_in(m=f"version: 1\nservices:\n  s: {written}") == [f"m.yaml:3: {told}"]


def test_the_defaults() -> None:
    defaults = "defaults:\n  timeout: x\n  retries: 3\n  breaker: {mode: x}\n"
    text = f"version: 1\n{defaults}services: {{erp: {{transport: rest, url: http://e}}}}"
    assert errors_in(m=text) == [
        f"m.yaml:3: defaults.timeout: {DURATION}, found 'x'",
        (
            "m.yaml:4: defaults.retries: unknown key retries (did you mean retry?),"
            " expected one of breaker concurrency dead_letters retry slow timeout"
        ),
        "m.yaml:5: defaults.breaker.mode: unknown value x, expected one of consecutive ratio",
    ]


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("when: [a]", "when: found a list, expected a mapping"),
        ("send: POST", "send: found a text, expected a mapping"),
        ("send: {method: PSOT}", "send.method: unknown value PSOT (did you mean POST?), expected one of"),
        ("send: {methd: POST}", "send.methd: unknown key methd (did you mean method?), expected one of"),
        ("send: {query: {page: 1}}", "send.query.page: found the number 1, expected a text (write it in quotes)"),
        ("send: {headers: {X-Key: env:KEY}}", f"send.headers.X-Key: {NO_REFERENCE}"),
        ("payload: {a: 1}", "payload: found a mapping, expected a text"),
        ("payload:", "payload: found null, expected a text; leave the key out to send the event's data"),
        ("payload: {{userid}}", "payload: found {{ without quotes, which YAML reads as a mapping; write the text"),
        ("missing: eror", "missing: unknown value eror (did you mean error?), expected one of"),
        ("evnt: x", "evnt: unknown key evnt (did you mean event?), expected one of"),
    ],
)
def test_a_rule(written: str, told: str) -> None:
    (line,) = errors_in(m=in_rule(written))
    assert line.startswith(f"m.yaml:7: rules.r.{told}")


@pytest.mark.parametrize(
    ("written", "place"),
    [
        ("payload: '{\"a\": {{b}'", "m.yaml:7: rules.r.payload: "),
        ('payload: |\n      {"a": 1,\n       "b": {{c | nosuch}}\n      }', "m.yaml:9: rules.r.payload: "),
        ("when: {courseid: [{numerc: 5}]}", "m.yaml:7: rules.r.when.courseid[0]"),
        ("send:\n      path: /x/{{", "m.yaml:8: rules.r.send.path: "),
        ("content_type: text/html", "m.yaml:7: rules.r.content_type: "),
    ],
)
def test_what_the_rules_room_refuses_is_told_at_its_line(written: str, place: str) -> None:
    assert [line for line in errors_in(m=in_rule(written)) if not line.startswith(place)] == []


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (r'"\tool\event"', "event: found a control character (in double quotes \\t is a tab); write the name"),
        ("5", "event: found the number 5, expected a text (write it in quotes)"),
        ("", "event: found null, expected a text"),
    ],
)
def test_an_event(event: str, told: str) -> None:
    text = in_rule("").replace(r"\core\event\x", event)
    (line,) = errors_in(m=text)
    assert line.startswith(f"m.yaml:5: rules.r.{told}")


@pytest.mark.parametrize("service", ["'-'", "''", "x"])
def test_a_rule_for_a_service_that_is_like_none(service: str) -> None:
    (line,) = errors_in(m=in_rule("").replace("service: erp", f"service: {service}"))
    assert line.startswith("m.yaml:6: rules.r.service: unknown service")


def test_a_rule_for_a_service_that_is_not_there() -> None:
    text = in_rule("").replace("service: erp", "service: epr")
    assert errors_in(m=text) == [
        "m.yaml:6: rules.r.service: unknown service epr (did you mean erp?), expected one of erp"
    ]


def test_everything_is_told_at_once() -> None:
    text = r"""
version: 1
extra: 1
services:
  erp: {transport: rest, urll: http://e, timeout: x}
  lake: {transport: amqp}
rules:
  a:
    event: "\tool\event"
    service: epr
    payload: |
      {"a": {{b}},
       "c": {{}}}
  b:
    service: lake
    send: {path: "/{{"}
"""
    places = [line.split(": ")[:2] for line in errors_in(m=text)]
    assert places == [
        ["m.yaml:3", "extra"],
        ["m.yaml:5", "services.erp.timeout"],
        ["m.yaml:5", "services.erp.url"],
        ["m.yaml:5", "services.erp.urll"],
        ["m.yaml:6", "services.lake.transport"],
        ["m.yaml:9", "rules.a.event"],
        ["m.yaml:10", "rules.a.service"],
        ["m.yaml:13", "rules.a.payload"],
        ["m.yaml:14", "rules.b.event"],
        ["m.yaml:16", "rules.b.send.path"],
    ]


def test_a_name_in_two_files_names_both_places() -> None:
    service = "services:\n  erp: {transport: rest, url: http://e}\n"
    assert errors_in(a=f"version: 1\n{service}", b=f"# mine\nversion: 1\n{service}") == [
        "b.yaml:4: services.erp: found twice, first in a.yaml:3, expected once"
    ]


def test_every_file_says_its_version() -> None:
    assert errors_in(a="version: 1", b="services: {}", c="version: 2") == [
        "b.yaml:1: version: is missing",
        "c.yaml:1: version: found twice, first in a.yaml:1, expected once",
    ]


def test_a_broken_file_does_not_make_others_look_wrong() -> None:
    rules = "version: 1\nrules: {r: {event: a, service: erp}}"
    assert errors_in(a='services: "', b=rules) == ["a.yaml:1: found no end of the quotes that start in line 1"]


def test_a_stored_document_is_told_without_a_file() -> None:
    document = {"version": 1, "services": {"lake": {"transport": "amqp"}}}
    with pytest.raises(RegistryErrors) as caught:
        compile_registry(document, 7, TRANSPORTS)
    assert str(caught.value) == "revision 7: services.lake.transport: unknown transport 'amqp', expected rest"
