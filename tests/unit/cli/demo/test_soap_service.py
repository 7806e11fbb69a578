import asyncio
from importlib.resources import files

import pytest
from aiohttp import StreamReader
from aiohttp.base_protocol import BaseProtocol
from aiohttp.test_utils import make_mocked_request

from pipeline.attempt.soap.call_check import check_call
from pipeline.cli.demo.evidence import Call, Evidence
from pipeline.cli.demo.services import SIS
from pipeline.cli.demo.soap_service import SoapService

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
WSSE = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-secext-1.0.xsd"
CHANGE = "<person>4</person><change>updated</change><by>2</by><event>e</event>"


async def _answer(service: SoapService, content: str, password: str = "right") -> str:
    header = f"<w:Security xmlns:w='{WSSE}'><w:Password>{password}</w:Password></w:Security>"
    call = f"<changePerson xmlns='urn:mih:demo:people'>{content}</changePerson>"
    body = f"<s:Envelope xmlns:s='{SOAP}'><s:Header>{header}</s:Header><s:Body>{call}</s:Body></s:Envelope>"
    payload = StreamReader(BaseProtocol(asyncio.get_running_loop()), 2**16)
    payload.feed_data(body.encode())
    payload.feed_eof()
    request = make_mocked_request("POST", "/people", {"Idempotency-Key": "d"}, payload=payload)
    return (await service.answer(request)).text or ""


async def test_a_call_by_the_wsdl_is_accepted_as_it_came() -> None:
    service = SoapService(SIS, "right", Evidence())
    assert "changePersonResponse" in await _answer(service, CHANGE)
    body = '{"by":"2","change":"updated","event":"e","person":"4"}'
    assert dict(service.seen.accepted) == {Call(SIS, "d", "call changePerson", body): 1}


@pytest.mark.parametrize(
    ("content", "password", "refuses", "fault"),
    [
        (CHANGE, "wrong", False, "wsse:FailedAuthentication"),
        (CHANGE.replace("4", "four"), "right", False, "s:Client"),
        (CHANGE.replace("updated", "dropped"), "right", False, "s:Client"),
        ("", "right", False, "s:Client"),
        (CHANGE, "right", True, "s:Client"),
    ],
)
async def test_what_it_does_not_take_is_answered_by_a_fault_and_is_not_counted_as_accepted(
    content: str, password: str, *, refuses: bool, fault: str
) -> None:
    service = SoapService(SIS, "right", Evidence(), refuses=refuses)
    assert f"<faultcode>{fault}</faultcode>" in await _answer(service, content, password)
    assert not service.seen.accepted


def test_the_wsdl_knows_a_whole_call_from_a_misspelt_one() -> None:
    given = {"person": None, "change": None, "by": None, "event": None}
    assert not list(check_call(str(files("pipeline.cli.demo") / "people.wsdl"), None, "changePerson", given))
    assert list(check_call(str(files("pipeline.cli.demo") / "people.wsdl"), None, "changePerson", {"persn": None}))
