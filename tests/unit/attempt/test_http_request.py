"""What a request is made of, before it is sent."""

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from multidict import CIMultiDict
from yarl import URL

from pipeline.attempt.http_request import HttpRequest, address, http_headers
from pipeline.errors import Unrenderable

BASES = ["http://erp.example.org", "https://127.0.0.1:8443/in", "http://[::1]:80/a", "http://h/a/%2e"]
_PATHS = st.lists(st.sampled_from([*"/.?&;=:@'[]{}<>|^`\"\\ é✓~-_aZ0", "%", "%2F", "%2f", "%zz", "..", "//", "/./"]))


@given(st.sampled_from(BASES), _PATHS.map("".join) | st.text())
def test_an_address_goes_out_as_httpx_would_write_it(base: str, rest: str) -> None:
    """Most are seen to be plain at once, and never come to httpx."""
    url = f"{base}/{rest}".replace("#", "%23")
    try:
        written = str(httpx.URL(url))
    except (httpx.InvalidURL, UnicodeError):
        with pytest.raises(Unrenderable):
            address(url)
    else:
        assert address(url) == URL(written, encoded=True)


@pytest.mark.parametrize("url", ["http://h/a\nb", "http://h/\ud800", "http://h/" + "x" * 70_000])
def test_an_address_that_none_can_go_to_is_told_before_anything_is_sent(url: str) -> None:
    with pytest.raises(Unrenderable):
        address(url)


def test_a_request_does_not_print_what_it_carries() -> None:
    headers = CIMultiDict({"Authorization": "s3cret"})
    assert "s3cret" not in repr(HttpRequest("POST", address("http://h/?key=s3cret"), headers, b"s3cret"))


def test_of_headers_by_one_name_the_later_is_sent_and_what_is_built_on_stays() -> None:
    base = CIMultiDict({"Accept": "*/*", "Authorization": "ours"})
    merged = http_headers({"accept": "text/xml"}, {"X-Site": "a"}, {"x-site": "b"}, onto=base)
    assert [(name.lower(), value) for name, value in merged.items()] == [
        ("accept", "text/xml"),
        ("authorization", "ours"),
        ("x-site", "b"),
    ]
    assert base == CIMultiDict({"Accept": "*/*", "Authorization": "ours"})


@pytest.mark.parametrize("control", [chr(code) for code in (*range(9), *range(10, 32), 127)] + ["\ud800", "\udfff"])
def test_no_header_holds_a_control_or_half_a_character(control: str) -> None:
    with pytest.raises(Unrenderable, match="header X-Name holds a character that no header can carry"):
        http_headers({"X-Name": f"secret{control}"})
