import pytest

from pipeline.attempt.http_address import checked_url
from pipeline.attempt.rest_address import address_of
from pipeline.delivery import Request


@pytest.mark.parametrize(
    ("url", "send", "address"),
    [
        ("https://erp.example.org/api", {}, "https://erp.example.org/api"),
        ("https://erp.example.org/api/", {}, "https://erp.example.org/api/"),
        ("https://erp.example.org", {}, "https://erp.example.org"),
        ("https://erp.example.org/api", {"path": "/a/b"}, "https://erp.example.org/api/a/b"),
        ("https://erp.example.org/api/", {"path": "a/b"}, "https://erp.example.org/api/a/b"),
        ("https://erp.example.org", {"path": "/a"}, "https://erp.example.org/a"),
        ("https://erp.example.org", {"path": "/a#b?c=1"}, "https://erp.example.org/a%23b?c=1"),
        ("https://erp.example.org/api", {"path": "/a%2Fb"}, "https://erp.example.org/api/a%2Fb"),
        ("https://erp.example.org/api?k=1", {"path": "/a"}, "https://erp.example.org/api/a?k=1"),
        (
            "https://erp.example.org/api?k=1",
            {"query": {"x": "a%26b%3Dc"}},
            "https://erp.example.org/api?k=1&x=a%26b%3Dc",
        ),
        (
            "https://erp.example.org/api",
            {"path": "/a?y=2", "query": {"x": "1"}},
            "https://erp.example.org/api/a?y=2&x=1",
        ),
    ],
)
def test_the_address_is_the_services_with_path_and_query_added(url: str, send: dict[str, str], address: str) -> None:
    assert address_of(url, Request(send=send)) == address


@pytest.mark.parametrize("url", ["ftp://example.org", "example.org", "https://", "http://user:pass@example.org"])
def test_what_is_no_address_of_a_rest_service_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="expected") as told:
        checked_url(url)
    assert "pass" not in str(told.value).replace("password", "")
