from typing import Any

import pytest
from pydantic import TypeAdapter, ValidationError

from pipeline.attempt.credentials import Auth, auth_headers
from pipeline.errors import Misconfigured

AUTH: TypeAdapter[Auth] = TypeAdapter(Auth)
ENVIRON = {"TOKEN": "s3cret"}


@pytest.mark.parametrize(
    ("written", "headers"),
    [
        ({"type": "none"}, {}),
        ({"type": "bearer", "token": "env:TOKEN"}, {"Authorization": "Bearer s3cret"}),
        ({"type": "api_key", "key": "env:TOKEN"}, {"X-API-Key": "s3cret"}),
        ({"type": "api_key", "key": "env:TOKEN", "header": "X-Auth"}, {"X-Auth": "s3cret"}),
        ({"type": "basic", "username": "mih", "password": "env:TOKEN"}, {"Authorization": "Basic bWloOnMzY3JldA=="}),
    ],
)
def test_credentials_become_headers(written: dict[str, str], headers: dict[str, str]) -> None:
    assert auth_headers(AUTH.validate_python(written), ENVIRON) == headers


def test_a_secret_that_is_missing_is_named() -> None:
    with pytest.raises(Misconfigured, match="ERP_TOKEN"):
        auth_headers(AUTH.validate_python({"type": "bearer", "token": "env:ERP_TOKEN"}), ENVIRON)


@pytest.mark.parametrize("header", ["X Key", "X-Key\r\nX-Other", "", "X:Key"])
def test_a_header_that_http_does_not_know_is_refused(header: str) -> None:
    with pytest.raises(ValidationError):
        AUTH.validate_python({"type": "api_key", "key": "env:TOKEN", "header": header})


@pytest.mark.parametrize("secret", ["hunter2\r\nX-Other: y", "hunter2\n", "hunter2\x00"])
def test_a_secret_with_a_line_break_is_refused_without_being_shown(secret: str) -> None:
    with pytest.raises(Misconfigured) as told:
        auth_headers(AUTH.validate_python({"type": "bearer", "token": "env:TOKEN"}), {"TOKEN": secret})
    assert "hunter2" not in str(told.value)


def test_a_name_may_be_a_reference_too() -> None:
    auth = AUTH.validate_python({"type": "basic", "username": "env:WHO", "password": "env:TOKEN"})
    assert auth_headers(auth, ENVIRON | {"WHO": "mih"}) == {"Authorization": "Basic bWloOnMzY3JldA=="}
    with pytest.raises(Misconfigured, match="env:WHO holds a colon"):
        auth_headers(auth, ENVIRON | {"WHO": "m:h"})


def test_a_name_with_a_colon_is_refused_for_the_password_would_begin_there() -> None:
    with pytest.raises(ValidationError, match="without a colon"):
        AUTH.validate_python({"type": "basic", "username": "a:b", "password": "env:TOKEN"})


OAUTH2 = {"type": "oauth2", "token_url": "https://id.example.org/t", "client_id": "mih", "client_secret": "env:TOKEN"}


@pytest.mark.parametrize(
    ("key", "written", "expected"),
    [
        ("token_url", "id.example.org/t", "expected an address that starts with http"),
        ("token_url", "https://mih:pw@id.example.org/t", "expected no user or password in the address"),
        ("client_secret", "s3cret", "expected env:NAME"),
        ("style", "query", "'header' or 'body'"),
        ("tls", {"ca": "ca.pem"}, "expected an absolute path"),
    ],
)
def test_what_oauth2_cannot_mean_is_refused_with_its_key(key: str, written: Any, expected: str) -> None:
    with pytest.raises(ValidationError, match=expected) as refused:
        AUTH.validate_python({**OAUTH2, key: written})
    assert key in refused.value.errors()[0]["loc"]


def test_a_token_that_must_be_fetched_is_no_header_yet() -> None:
    assert auth_headers(AUTH.validate_python(OAUTH2), {}) == {}
