"""What the documents of a WSDL may cost, and what they may not bring about."""

from pathlib import Path

import pytest
from aiohttp import web
from attempts import delivery, opened, outcome_of
from certificates import Certificates
from counterpart import Play
from soap_receiver import FOLDER, answer_by, speaking

from pipeline.attempt.soap import documents
from pipeline.outcome import Ending

PERSON = {"operation": "createPerson"}
PEOPLE = (FOLDER / "people.wsdl").read_text()
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
