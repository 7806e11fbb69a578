"""The documents of a WSDL: where they may come from, what they may cost, and what they may not bring about."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import orjson
import pytest
from aiohttp import web
from attempts import SECRET, delivery, opened, outcome_of
from certificates import Certificates
from counterpart import Play
from soap_calls import BEARER, PEOPLE, PERSON, publishing, refused_wsdl, sent
from soap_receiver import answer_by, speaking

from pipeline.attempt.soap import documents, kept
from pipeline.outcome import Ending

AUTH = {"type": "basic", "username": "mih", "password": "env:SECRET"}


async def test_a_wsdl_that_came_over_tls_does_not_have_events_and_credentials_sent_in_clear(
    certificates: Certificates,
) -> None:
    """zeep makes https:// of such an address (its force_https); what is wanted otherwise must be written."""
    certificate = certificates.of("DNS:localhost")
    async with speaking(Play.ACCEPTS) as plain:
        named = PEOPLE.replace("127.0.0.1:1/", f"localhost:{plain.port}/")
        async with speaking(Play.ACCEPTS, certificate.context(), respond=lambda _: web.Response(text=named)) as safe:
            url = f"https://localhost:{safe.port}/"
            service = {"transport": "soap", "wsdl": url, "auth": AUTH, "tls": {"ca": str(certificate.path)}}
            async with opened(service) as transport:
                refused = await outcome_of(transport, delivery(PERSON))
            assert not plain.arrived
            async with opened(service, address=f"http://localhost:{plain.port}/") as transport:
                asked_for = await outcome_of(transport, delivery(PERSON))
    assert (refused.ending, refused.reason) == (Ending.MAY_PASS, "TLS failed: wrong version number")
    assert asked_for.ending is Ending.DELIVERED


async def test_all_documents_of_a_wsdl_together_have_a_limit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(documents, "_ALL_LIMIT", 20_000)
    wsdl = tmp_path / "people.wsdl"
    imports = "".join(f"<xs:import namespace='urn:o{n}' schemaLocation='{n}.xsd'/>" for n in range(3))
    wsdl.write_text(PEOPLE.replace("<types>", f"<types><xs:schema>{imports}</xs:schema>"))
    schema = "<xs:schema xmlns:xs='http://www.w3.org/2001/XMLSchema' targetNamespace='urn:o{}'><!--{}--></xs:schema>"
    for n in range(3):
        (tmp_path / f"{n}.xsd").write_text(schema.format(n, "x" * 8000))
    async with speaking(Play.ACCEPTS, respond=lambda _: answer_by("200")) as receiver:
        service = {"transport": "soap", "wsdl": f"file:{wsdl}", "address": f"http://127.0.0.1:{receiver.port}/"}
        async with opened(service) as transport:
            outcome = await outcome_of(transport, delivery(PERSON))
    assert outcome.reason == "the WSDL cannot be had: its documents are larger than 20000 bytes together"
    assert not receiver.arrived


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
