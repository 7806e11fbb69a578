"""Credentials of a service, as its registry entry names them, and the headers they become.

A secret is only ever named here (`env:ERP_TOKEN`); it is read when a sender opens the service, into a type that does
not print.
"""

from base64 import b64encode
from collections.abc import Mapping
from typing import Annotated, Literal, assert_never

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipeline.attempt.http_address import checked_url
from pipeline.attempt.tls import Tls
from pipeline.errors import Misconfigured
from pipeline.registry.references import SecretReference, is_reference, named, resolve, resolve_secret

#: How a token is introduced in `Authorization`.
BEARER = "Bearer "


class _Auth(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NoAuth(_Auth):
    """The service asks for no credentials."""

    type: Literal["none"] = "none"


class BearerAuth(_Auth):
    """`Authorization: Bearer …` (RFC 6750)."""

    type: Literal["bearer"]
    token: SecretReference


class ApiKeyAuth(_Auth):
    """A key in a header of the service's choosing."""

    type: Literal["api_key"]
    key: SecretReference
    header: str = Field("X-API-Key", pattern=r"^[A-Za-z0-9!#$%&'*+.^_`|~-]+$")


class BasicAuth(_Auth):
    """`Authorization: Basic …` (RFC 7617)."""

    type: Literal["basic"]
    username: str
    password: SecretReference

    @field_validator("username")
    @classmethod
    def _no_colon(cls, username: str) -> str:
        if ":" in username and not is_reference(username):
            raise ValueError("expected a name without a colon, where the password would begin")
        return username


class OAuth2Auth(_Auth):
    """An access token by OAuth 2.0's client credentials (RFC 6749, 4.4), fetched once for all senders."""

    type: Literal["oauth2"]
    token_url: str = Field(description="http:// or https:// address of the token endpoint")
    client_id: str
    client_secret: SecretReference
    scope: str = Field("", description="of the token, separated by spaces")
    audience: str = Field("", description="of the token, where the endpoint asks for it")
    style: Literal["header", "body"] = Field("header", description="how we tell the endpoint who we are")
    tls: Tls | None = Field(None, description="of the token endpoint; the service's own says nothing of it")

    @field_validator("token_url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        return url if is_reference(url) else checked_url(url)


Auth = Annotated[NoAuth | BearerAuth | ApiKeyAuth | BasicAuth | OAuth2Auth, Field(discriminator="type")]


def auth_headers(auth: Auth, environ: Mapping[str, str]) -> dict[str, str]:
    """The headers that carry these credentials; none, where a token must be fetched.

    Raises Misconfigured naming the variable or file that is missing or holds what no header can carry.
    """
    match auth:
        case NoAuth() | OAuth2Auth():
            return {}
        case BearerAuth():
            return {"Authorization": BEARER + _secret(auth.token, environ)}
        case ApiKeyAuth():
            return {auth.header: _secret(auth.key, environ)}
        case BasicAuth():
            pair = f"{_name(auth.username, environ)}:{_secret(auth.password, environ)}"
            return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        case _:
            assert_never(auth)


def secrets_in(auth: Auth, environ: Mapping[str, str]) -> frozenset[str]:
    """What `auth_headers` sends that no answer may show.

    Raises Misconfigured likewise.
    """
    headers = auth_headers(auth, environ).values()
    password = {_secret(auth.password, environ)} if isinstance(auth, BasicAuth) else set()
    return frozenset({part for value in headers for part in (value, value.partition(" ")[2])} | password)


def _name(written: str, environ: Mapping[str, str]) -> str:
    name = resolve(written, environ)
    if ":" in name:
        raise Misconfigured(f"{named(written)} holds a colon, where the password would begin")
    return name


def _secret(reference: str, environ: Mapping[str, str]) -> str:
    secret = resolve_secret(reference, environ).get_secret_value()
    if not secret.isprintable():
        raise Misconfigured(f"{named(reference)} holds a line break or another character that no header can carry")
    return secret
