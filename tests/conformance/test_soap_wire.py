"""What only SOAP has: the WSDL and where it may come from, the envelope on the wire, and what an answer says."""

import asyncio
import logging
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha1
from pathlib import Path
from typing import Any

import orjson
import pytest
from aiohttp import web
from attempts import MARK, SECRET, delivery, opened, outcome_of, seen_by
from counterpart import Play
from http_receiver import HttpArrived, HttpReceiver
from lxml import etree
from soap_receiver import FOLDER, SOAP11, SOAP12, WSSE, answer_by, called, envelope, fault11, speaking, texts

from pipeline.attempt.ending import Answered, judge, meaning_of
from pipeline.attempt.soap import kept
from pipeline.attempt.transports import KINDS, Transport
from pipeline.outcome import Ending, Outcome

PERSON = {"operation": "createPerson"}
BEARER = {"type": "bearer", "token": "env:SECRET"}
PEOPLE = (FOLDER / "people.wsdl").read_text()


@asynccontextmanager
async def connected(wsdl: str = "people.wsdl", **keys: Any) -> AsyncIterator[tuple[HttpReceiver, Transport]]:
    """A receiver that accepts, and a way to it."""
    async with speaking(Play.ACCEPTS) as receiver:
        service = {
            "transport": "soap",
            "wsdl": f"file:{FOLDER / wsdl}",
            "address": f"http://127.0.0.1:{receiver.port}/",
        }
        async with opened({**service, **keys}) as transport:
            yield receiver, transport


@asynccontextmanager
async def publishing(documents: Mapping[str, str], **keys: Any) -> AsyncIterator[tuple[HttpReceiver, Transport]]:
    """A receiver that has its WSDL too, at `/`, beside further documents; `{port}` in them is its own."""

    def respond(arrived: HttpArrived) -> web.Response:
        if arrived.method == "POST":
            return answer_by("200")
        document = documents.get(arrived.target)
        status = 200 if document else 404
        return web.Response(status=status, text=(document or "").replace("{port}", str(receiver.port)))

    async with speaking(Play.ACCEPTS, respond=respond) as receiver:
        service = {"transport": "soap", "wsdl": f"http://127.0.0.1:{receiver.port}/"}
        async with opened({**service, **keys}) as transport:
            yield receiver, transport


async def sent(payload: Any, send: Mapping[str, Any] = PERSON, **keys: Any) -> tuple[Outcome, list[HttpArrived]]:
    """The outcome of one call, and what arrived."""
    async with connected(**keys) as (receiver, transport):
        body = payload if payload is None or isinstance(payload, str) else orjson.dumps(payload).decode()
        return await outcome_of(transport, delivery(send, body)), receiver.arrived


async def refused_wsdl(documents: Mapping[str, str], **keys: Any) -> str:
    """Why a WSDL is not used; no call may have been sent."""
    async with publishing(documents, **keys) as (receiver, transport):
        outcome = await outcome_of(transport, delivery(PERSON))
    assert outcome.ending is Ending.MAY_PASS
    assert {arrived.method for arrived in receiver.arrived} <= {"GET"}
    return outcome.reason.removeprefix("the WSDL cannot be had: ").replace(f":{receiver.port}", "")


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


async def test_a_wsdl_is_fetched_once_and_its_own_address_called() -> None:
    documents = {"/": PEOPLE.replace("127.0.0.1:1/", "127.0.0.1:{port}/")}
    async with publishing(documents) as (receiver, transport):
        for _ in range(3):
            assert (await outcome_of(transport, delivery(PERSON))).ending is Ending.DELIVERED
    assert [(one.method, one.target) for one in receiver.arrived] == [("GET", "/"), *[("POST", "/people")] * 3]


async def test_a_payload_that_does_not_fit_has_a_wsdl_that_changed_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "_PAUSE_S", 0)
    documents = {"/": PEOPLE.replace("127.0.0.1:1/", "127.0.0.1:{port}/")}
    payload = orjson.dumps({"name": "a", "nickname": "b"}).decode()
    async with publishing(documents) as (receiver, transport):
        assert (await outcome_of(transport, delivery(PERSON, payload))).ending is Ending.CANNOT_PASS
        added = '<xs:element name="nickname" type="xs:string" minOccurs="0"/>'
        documents["/"] = documents["/"].replace('<xs:choice minOccurs="0">', f'{added}<xs:choice minOccurs="0">')
        assert (await outcome_of(transport, delivery(PERSON, payload))).ending is Ending.DELIVERED
        documents["/"] = "gone mad"
        assert (await outcome_of(transport, delivery(PERSON, '{"name": "a", "nick": 1}'))).ending is Ending.CANNOT_PASS
        assert (await outcome_of(transport, delivery(PERSON, payload))).ending is Ending.DELIVERED
    assert b"<ns0:nickname>b</ns0:nickname>" in receiver.arrived[-1].body


async def test_many_services_load_at_once_though_names_are_looked_up_by_few_threads() -> None:
    documents = {"/": PEOPLE.replace("127.0.0.1:1/", "localhost:{port}/")}
    async with publishing(documents) as (receiver, _), AsyncExitStack() as stack:
        service = {"transport": "soap", "wsdl": f"http://localhost:{receiver.port}/"}
        transports = [await stack.enter_async_context(opened(service)) for _ in range(40)]
        outcomes = await asyncio.gather(*(outcome_of(transport, delivery(PERSON)) for transport in transports))
    assert {outcome.ending for outcome in outcomes} == {Ending.DELIVERED}


async def test_a_large_payload_and_a_large_answer_go_through() -> None:
    roles = [f"role {number}" for number in range(3000)]
    result = "<p:createPersonResponse xmlns:p='urn:example:people'><p:id>7</p:id></p:createPersonResponse>"
    async with connected() as (receiver, transport):
        receiver.respond = lambda _: web.Response(text=envelope(result + "<!--" + "x" * 1_000_000 + "-->"))
        seen = await seen_by(transport, delivery(PERSON, orjson.dumps({"name": "a", "role": roles}).decode()))
    assert texts(called(receiver.arrived[0].body))["role"] == roles
    assert seen == Answered(200, '{"id":7,"created":null}')


async def test_a_wsdl_that_does_not_come_costs_no_more_than_the_timeout() -> None:
    async with speaking(Play.NEVER_ANSWERS) as receiver:
        service = {"transport": "soap", "wsdl": f"http://127.0.0.1:{receiver.port}/", "timeout": "300ms"}
        async with opened(service) as transport:
            outcome = await outcome_of(transport, delivery(PERSON))
    assert (outcome.ending, outcome.reason, outcome.timed_out) == (Ending.MAY_PASS, "no answer within 0.3 s", True)


def _importing(location: str) -> dict[str, str]:
    importing = f"<xs:import namespace='urn:o' schemaLocation='{location}'/>"
    return {"/": PEOPLE.replace("<types>", f"<types><xs:schema>{importing}</xs:schema>")}


async def test_an_import_of_the_wsdl_is_fetched_relative_to_it() -> None:
    schema = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:o'/>"
    documents = {**_importing("more/o.xsd"), "/more/o.xsd": schema}
    address = {"address": "http://127.0.0.1:1/"}
    async with publishing(documents, **address) as (receiver, transport):
        await outcome_of(transport, delivery(PERSON))
    assert [one.target for one in receiver.arrived] == ["/", "/more/o.xsd"]


@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/o", "http://2852039166/o", "http://10.0.0.1/o", "http://[::ffff:10.0.0.1]/o"]
)
async def test_w19_an_import_of_an_internal_address_is_refused(location: str) -> None:
    reason = await refused_wsdl(_importing(location))
    assert "MIH_ALLOWED_NETWORKS" in reason


@pytest.mark.parametrize("location", ["file:///etc/hostname", "file:/etc/hostname"])
async def test_an_import_of_a_file_is_refused(location: str) -> None:
    reason = await refused_wsdl(_importing(location))
    assert reason == "it imports a file of this machine, which a document from elsewhere must not"


async def test_an_endless_chain_of_imports_has_an_end() -> None:
    around = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:o{}'>{}</xs:schema>"
    one = "<xs:import namespace='urn:o{0}' schemaLocation='/{0}'/>"
    documents = {f"/{n}": around.format(n, one.format(n + 1)) for n in range(200)}
    reason = await refused_wsdl({**documents, "/": _importing("/0")["/"].replace("urn:o'", "urn:o0'")})
    assert reason.startswith("it has more than 100 documents")


async def test_a_server_that_is_imported_from_does_not_see_the_credentials() -> None:
    schema = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:o'/>"
    async with speaking(Play.ACCEPTS, respond=lambda _: web.Response(text=schema)) as elsewhere:
        documents = _importing(f"http://127.0.0.1:{elsewhere.port}/o.xsd")
        documents = {"/": documents["/"].replace("127.0.0.1:1/", "127.0.0.1:{port}/")}
        async with publishing(documents, auth=BEARER) as (receiver, transport):
            assert (await outcome_of(transport, delivery(PERSON))).ending is Ending.DELIVERED
    assert {one.headers.get("Authorization") for one in receiver.arrived} == {f"Bearer {SECRET}"}
    assert [one.headers.get("Authorization") for one in elsewhere.arrived] == [None]


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>", "it holds a DTD, which is not read"),
        ("<!DOCTYPE a SYSTEM 'http://127.0.0.1:{port}/dtd'><a/>", "it holds a DTD, which is not read"),
        ("no xml", "it is no WSDL that can be read"),
        ("<a/>", "it has 0 ports"),
        (PEOPLE.replace('type="p:Role"', 'type="p:Nothing"'), "it is no WSDL that can be read"),
        ("", "http://127.0.0.1/: HTTP 404"),
    ],
)
async def test_a_wsdl_that_cannot_be_read_may_pass(document: str, reason: str) -> None:
    assert (await refused_wsdl({"/": document})).startswith(reason)


async def test_a_wsdl_that_is_refused_to_our_credentials_is_forbidden() -> None:
    """Its breaker opened and closed for ever, and nobody was told that the credentials are wrong."""
    async with publishing({}) as (receiver, transport):
        receiver.respond = lambda _: web.Response(status=401)
        outcome = await outcome_of(transport, delivery(PERSON))
    assert outcome.ending is Ending.FORBIDDEN
    assert outcome.reason == f"the WSDL cannot be had: http://127.0.0.1:{receiver.port}/: HTTP 401"


async def test_a_usernametoken_s_password_that_an_answer_repeats_is_not_kept_with_it() -> None:
    async with connected(usernametoken={"username": "mih", "password": "env:SECRET"}) as (receiver, transport):
        receiver.respond = lambda _: web.Response(status=422, text=f"you are {SECRET}")
        seen = await seen_by(transport, delivery(PERSON))
    assert isinstance(seen, Answered)
    assert seen.text == "you are ***"


async def test_a_wsdl_with_an_endpoint_at_another_host_needs_an_address() -> None:
    documents = {"/": PEOPLE.replace("127.0.0.1:1/", "evil.example.org/")}
    reason = await refused_wsdl(documents)
    assert reason == "it names another host for its service, evil.example.org: the service must name its address"


async def test_a_wsdl_with_several_ports_needs_the_name_of_one() -> None:
    second = PEOPLE.replace('<service name="People">', '<service name="People"><port name="Old" binding="p:People"/>')
    reason = await refused_wsdl({"/": second})
    assert reason == "it has 2 ports: the service must name its port, one of Old People"
    reason = await refused_wsdl({"/": second}, port="Oldd")
    assert reason == "unknown port Oldd (did you mean Old?), expected one of Old People"


async def test_a_file_that_is_not_there_may_pass(tmp_path: Path) -> None:
    outcome, arrived = await sent({"name": "a"}, wsdl=str(tmp_path / "none.wsdl"))
    assert (outcome.ending, arrived) == (Ending.MAY_PASS, [])
    assert outcome.reason == f"the WSDL cannot be had: {tmp_path}/none.wsdl cannot be read: No such file or directory"
