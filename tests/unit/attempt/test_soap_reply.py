"""What an answer says, as servers of the wild write it: what was carried out must not be called again."""

import pytest
from multidict import CIMultiDict
from soap_wsdl import schema_of, wsdl_of

from pipeline.attempt.ending import Answered, Seen, Stated
from pipeline.attempt.http_answer import HttpAnswer
from pipeline.attempt.soap.reply import read_reply
from pipeline.outcome import Ending

WSDL = wsdl_of(schema_of(""))
ENVELOPE = b"<s:Envelope xmlns:s='http://schemas.xmlsoap.org/soap/envelope/'><s:Body>%s</s:Body></s:Envelope>"
FAULT = b"<s:Fault><faultcode>%s</faultcode><faultstring>it says why</faultstring></s:Fault>"
RESULT = b"<?xml version='1.0'?>" + ENVELOPE % b"<done/>"


def read(body: bytes, status: int = 200, **headers: str) -> Seen:
    sent = CIMultiDict({key.replace("_", "-"): value for key, value in headers.items()})
    answer = HttpAnswer(status, sent, body, is_whole=True)
    return read_reply(answer, WSDL, WSDL.operations["call"])


@pytest.mark.parametrize("before", [b"\n", b"\r\n \t", b"\xef\xbb\xbf", b"\xef\xbb\xbf\n"])
def test_blank_lines_and_a_byte_order_mark_before_an_answer_do_not_have_it_called_again(before: bytes) -> None:
    assert read(before + RESULT) == Answered(200)


@pytest.mark.parametrize("begun", [b"", b"a preamble\r\n"])
def test_an_answer_with_attachments_is_read_by_its_first_part(begun: bytes) -> None:
    """MTOM, and SOAP with attachments."""
    part = b"--b\r\nContent-Type: application/xop+xml\r\nContent-ID: <r>\r\n\r\n%s\r\n"
    attached = b"--b\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: binary\r\n\r\n\x89PNG\r\n--b--\r\n"
    kind = 'multipart/related; boundary="b"; type="application/xop+xml"; start="<r>"'
    assert read(begun + part % RESULT + attached, content_type=kind) == Answered(200)
    seen = read(begun + part % (ENVELOPE % FAULT % b"s:Client") + attached, 500, content_type=kind)
    assert seen == Stated(Ending.CANNOT_PASS, "SOAP fault Client", "it says why")


@pytest.mark.parametrize(
    "kind",
    [
        "multipart/related",
        "multipart/related; boundary=other",
        "multipart/related; boundary=",
        "multipart/related; boundary=\udcff",
    ],
)
def test_an_answer_in_parts_that_cannot_be_parted_is_no_soap(kind: str) -> None:
    seen = read(b"--b\r\n\r\nnothing", content_type=kind)
    assert isinstance(seen, Stated)
    assert (seen.ending, seen.reason) == (Ending.MAY_PASS, "the answer is not SOAP: it is no XML")


@pytest.mark.parametrize("status", [408, 425, 429, 503])
@pytest.mark.parametrize("code", [b"s:Client", b"policies.ratelimit.QuotaViolation", b"s:Server"])
def test_a_status_that_says_later_is_heard_with_its_retry_after_though_a_gateway_puts_a_fault_beneath(
    status: int, code: bytes
) -> None:
    seen = read(ENVELOPE % FAULT % code, status, retry_after="7")
    assert isinstance(seen, Answered)
    assert (seen.status, seen.retry_after) == (status, "7")
