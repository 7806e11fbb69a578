"""What only SOAP has on the wire: the envelope, what it carries, and what an answer says."""

import logging
from base64 import b64decode, b64encode
from datetime import UTC, datetime
from hashlib import sha1
from typing import Any

import orjson
import pytest
from aiohttp import web
from attempts import MARK, SECRET, delivery, outcome_of, seen_by
from lxml import etree
from soap_calls import BEARER, PERSON, connected, sent
from soap_receiver import SOAP11, SOAP12, WSSE, called, envelope, fault11, texts

from pipeline.attempt.ending import Answered, judge, meaning_of
from pipeline.attempt.transports import KINDS
from pipeline.outcome import Ending


async def test_everything_that_the_schema_has_arrives_as_it_was_given() -> None:
    payload = """{"name": "Zoë & <Ω>", "id": 9007199254740993, "active": true, "credit": 0.12345678901234567890,
        "weight": 1e-7, "born": "2001-02-03", "seen": "2026-11-20T10:00:00.5Z", "year": "2026", "left": null,
        "role": ["a", "b"], "email": null, "phone": "1",
        "grades": {"student": {"id": "42", "score": 1.50, "campus": "North"}, "mark": [1, 255]}}"""
    outcome, (arrived,) = await sent(payload)
    assert outcome.ending is Ending.DELIVERED
    person = called(arrived.body)
    assert texts(person) == {
        "name": "Zoë & <Ω>",
        "id": "9007199254740993",
        "active": "true",
        "credit": "0.12345678901234567890",
        "weight": "1E-7",
        "born": "2001-02-03",
        "seen": "2026-11-20T10:00:00.5Z",
        "year": "2026",
        "left": None,
        "role": ["a", "b"],
        "phone": "1",
        "grades": {"student": {"id": "42", "score": "1.5"}, "mark": ["1", "255"]},
    }
    (left,) = person.iter("{*}left")
    assert left.get("{http://www.w3.org/2001/XMLSchema-instance}nil") == "true"
    (student,) = person.iter("{*}student")
    assert student.get("campus") == "North"


async def test_rpc_has_its_parameters_in_the_order_of_the_wsdl() -> None:
    payload = {"note": "fine", "mark": 1.25, "student": 7}
    outcome, (arrived,) = await sent(payload, {"operation": "setMark"}, wsdl="marks.wsdl")
    (body,) = etree.fromstring(arrived.body)
    (call,) = body
    assert call.tag == "{urn:example:marks}setMark"
    assert [(part.tag, part.text) for part in call] == [("student", "7"), ("mark", "1.25"), ("note", "fine")]
    assert outcome.ending is Ending.DELIVERED


async def test_a_bare_simple_parameter_goes_by_the_name_of_its_element() -> None:
    _, (arrived,) = await sent({"forget": 5}, {"operation": "forget"})
    element = called(arrived.body)
    assert (element.tag, element.text) == ("{urn:example:people}forget", "5")


async def test_soap_1_1_tells_its_action_in_a_header_of_its_own() -> None:
    _, (arrived,) = await sent({"name": "a"})
    assert arrived.headers["SOAPAction"] == '"urn:example:people#createPerson"'
    assert arrived.content_type == "text/xml; charset=utf-8"
    assert etree.fromstring(arrived.body).tag == f"{{{SOAP11}}}Envelope"


async def test_soap_1_2_tells_its_action_in_the_content_type() -> None:
    outcome, (arrived,) = await sent({"name": "a"}, wsdl="people12.wsdl")
    assert arrived.content_type == 'application/soap+xml; charset=utf-8; action="urn:example:people#createPerson"'
    assert etree.fromstring(arrived.body).tag == f"{{{SOAP12}}}Envelope"
    assert outcome.ending is Ending.DELIVERED


async def test_headers_of_http_and_of_the_envelope_arrive() -> None:
    send = {**PERSON, "headers": {"X-Site": "moodle"}, "soap_headers": {"ticket": "t-1"}}
    _, (arrived,) = await sent({"name": "a"}, send)
    (header,) = etree.fromstring(arrived.body).iter(f"{{{SOAP11}}}Header")
    assert texts(header) == {"ticket": "t-1"}
    assert arrived.headers["X-Site"] == "moodle"


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (None, "name: the parameter is missing"),
        ({}, "name: the parameter is missing"),
        ([], "expected an object, found a list"),
        ("no json", "the payload is no JSON, expected an object of parameters by name"),
        ({"name": None}, "name: expected xsd:string, found null"),
        ({"name": "a", "nane": 1}, "unknown parameter nane (did you mean name?), expected one of"),
        ({"name": {"a": 1}}, "name: expected xsd:string, found a mapping"),
        ({"name": "a\x00"}, "name: expected xsd:string, found a character that XML cannot carry"),
        ({"name": "a", "id": "x"}, "id: expected xsd:long, found a text"),
        ({"name": "a", "id": 1.5}, "id: expected xsd:long, found a number"),
        ({"name": "a", "id": 2**63}, "id: expected xsd:long, found a number beyond its range"),
        ({"name": "a", "active": "yes"}, "active: expected xsd:boolean, found a text"),
        ({"name": "a", "born": "3.2.2001"}, "born: expected xsd:date, found a text"),
        ({"name": "a", "email": "e", "phone": "1"}, "expected one of email phone, found 2 of them"),
        ({"name": "a", "grades": {}}, "grades.student: the element is missing"),
        ({"name": "a", "grades": 1}, "grades: expected an object, found a number"),
        ({"name": "a", "grades": {"student": {}}}, "grades.student.id: the element is missing"),
        ({"name": "a", "grades": {"student": {"id": "x"}}}, "grades.student.id: expected xsd:int, found a text"),
        (
            {"name": "a", "grades": {"student": {"id": 1}, "mark": [1, 256]}},
            "grades.mark[1]: expected xsd:unsignedByte",
        ),
        ({"name": "a", "grades": {"student": {"id": 1}, "mark": [1] * 4}}, "grades.mark: expected at most 3, found 4"),
        ({"name": "a", "role": ["b", {}]}, "role[1]: expected xsd:string, found a mapping"),
    ],
)
async def test_what_does_not_fit_is_not_sent_and_the_element_is_told(payload: Any, reason: str) -> None:
    outcome, arrived = await sent(payload)
    assert outcome.ending is Ending.CANNOT_PASS
    assert outcome.reason.startswith(f"the request cannot be sent: {reason}")
    assert not arrived


@pytest.mark.parametrize(
    ("send", "reason"),
    [
        (
            {"operation": "createPersons"},
            "unknown operation createPersons (did you mean createPerson?), expected one of",
        ),
        ({**PERSON, "soap_headers": {"tickets": "1"}}, "soap_headers: unknown header tickets (did you mean ticket?)"),
        ({**PERSON, "headers": {"X": "a\nb"}}, "header X holds a character that no header can carry"),
    ],
)
async def test_a_call_that_the_wsdl_does_not_know_is_not_sent(send: dict[str, Any], reason: str) -> None:
    outcome, arrived = await sent({"name": "a"}, send)
    assert outcome.ending is Ending.CANNOT_PASS
    assert outcome.reason.startswith(f"the request cannot be sent: {reason}")
    assert not arrived


async def test_a_usernametoken_carries_the_password_beside_http_s_own_credentials() -> None:
    token = {"username": "mih", "password": "env:SECRET"}
    _, (arrived,) = await sent({"name": "a"}, usernametoken=token, auth=BEARER)
    (found,) = etree.fromstring(arrived.body).iter(f"{{{WSSE}}}UsernameToken")
    assert texts(found) == {"Username": "mih", "Password": SECRET}
    assert arrived.headers["Authorization"] == f"Bearer {SECRET}"


async def test_a_usernametoken_s_digest_is_what_its_profile_says_and_no_two_are_the_same() -> None:
    token = {"username": "mih", "password": "env:SECRET", "digest": True}
    async with connected(usernametoken=token) as (receiver, transport):
        for _ in range(2):
            await outcome_of(transport, delivery(PERSON))
    held = [texts(next(etree.fromstring(one.body).iter(f"{{{WSSE}}}UsernameToken"))) for one in receiver.arrived]
    for one in held:
        digest = sha1(b64decode(one["Nonce"]) + one["Created"].encode() + SECRET.encode()).digest()
        assert one["Password"] == b64encode(digest).decode()
        assert one["Created"].endswith("Z")
    assert held[0]["Nonce"] != held[1]["Nonce"]


async def test_a_result_is_json_by_name_that_a_success_test_can_ask() -> None:
    entry = {"transport": "soap", "wsdl": "http://127.0.0.1/", "success": {"json": {"id": [8]}}}
    meaning = meaning_of(KINDS["soap"].schema.service.model_validate(entry))
    async with connected() as (_, transport):
        seen = await seen_by(transport, delivery(PERSON))
    assert seen == Answered(200, '{"id":7,"created":null}')
    outcome = judge(seen, meaning, now=datetime.now(UTC), latency_ms=1)
    assert (outcome.ending, outcome.reason) == (Ending.CANNOT_PASS, "HTTP 200, but success.json does not hold at id")


async def test_a_result_that_the_wsdl_does_not_know_was_accepted_all_the_same() -> None:
    async with connected() as (receiver, transport):
        receiver.respond = lambda _: web.Response(text=envelope("<own>1</own>"))
        outcome = await outcome_of(transport, delivery(PERSON))
    assert outcome.ending is Ending.DELIVERED


async def test_a_fault_is_named_by_its_code_and_its_words_are_kept_apart() -> None:
    async with connected() as (receiver, transport):
        receiver.respond = lambda _: web.Response(status=500, text=fault11("s:Client", f"no {MARK} {SECRET}"))
        outcome = await outcome_of(transport, delivery(PERSON))
    assert (outcome.ending, outcome.reason) == (Ending.CANNOT_PASS, "SOAP fault Client")
    assert outcome.answer.startswith(f"no {MARK} {SECRET}\n")
    assert "too long" in outcome.answer


@pytest.mark.parametrize("code", ["", "x" * 1000, "s:a b", "s:\n", "<a/>", "s:Client;DROP", "😀"])
async def test_a_code_that_is_none_is_not_shown(code: str) -> None:
    async with connected() as (receiver, transport):
        receiver.respond = lambda _: web.Response(status=500, text=fault11(code))
        outcome = await outcome_of(transport, delivery(PERSON))
    assert (outcome.ending, outcome.reason) == (Ending.MAY_PASS, "SOAP fault without a code")


async def test_entities_of_an_answer_are_not_expanded() -> None:
    bomb = "<!DOCTYPE a [<!ENTITY b 'boom'><!ENTITY f SYSTEM 'file:///etc/hostname'>]>"
    async with connected() as (receiver, transport):
        receiver.respond = lambda _: web.Response(text=bomb + envelope("<own>&b;&f;</own>"))
        outcome = await outcome_of(transport, delivery(PERSON))
    assert (outcome.ending, outcome.reason) == (Ending.MAY_PASS, "the answer is not SOAP: it declares a DTD")
    assert "&b;&f;" in outcome.answer


async def test_nothing_of_a_call_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    odd = "<p:createPersonResponse xmlns:p='urn:example:people'><p:id>secret-answer</p:id></p:createPersonResponse>"
    with caplog.at_level(logging.DEBUG):
        async with connected(usernametoken={"username": "mih", "password": "env:SECRET"}) as (receiver, transport):
            receiver.respond = lambda _: web.Response(text=envelope(odd))
            await outcome_of(transport, delivery(PERSON))
    for hidden in (SECRET, MARK, "secret-answer"):
        assert hidden not in caplog.text


async def test_a_large_payload_and_a_large_answer_go_through() -> None:
    roles = [f"role {number}" for number in range(3000)]
    result = "<p:createPersonResponse xmlns:p='urn:example:people'><p:id>7</p:id></p:createPersonResponse>"
    async with connected() as (receiver, transport):
        receiver.respond = lambda _: web.Response(text=envelope(result + "<!--" + "x" * 1_000_000 + "-->"))
        seen = await seen_by(transport, delivery(PERSON, orjson.dumps({"name": "a", "role": roles}).decode()))
    assert texts(called(receiver.arrived[0].body))["role"] == roles
    assert seen == Answered(200, '{"id":7,"created":null}')


async def test_a_usernametoken_s_password_that_an_answer_repeats_is_not_kept_with_it() -> None:
    async with connected(usernametoken={"username": "mih", "password": "env:SECRET"}) as (receiver, transport):
        receiver.respond = lambda _: web.Response(status=422, text=f"you are {SECRET}")
        seen = await seen_by(transport, delivery(PERSON))
    assert isinstance(seen, Answered)
    assert seen.text == "you are ***"
