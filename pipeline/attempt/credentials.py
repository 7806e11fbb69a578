"""Credentials of a service, as its registry entry names them, and the headers they become.

A secret is only ever named here (`env:ERP_TOKEN`); it is read when a sender opens the service, into a type that does
not print.
"""

from base64 import b64encode
from collections.abc import Mapping
from typing import Annotated, Literal, assert_never

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipeline.errors import Misconfigured
from pipeline.registry.references import SecretReference, is_reference, resolve, resolve_secret


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


Auth = Annotated[NoAuth | BearerAuth | ApiKeyAuth | BasicAuth, Field(discriminator="type")]


def auth_headers(auth: Auth, environ: Mapping[str, str]) -> dict[str, str]:
    """The headers that carry these credentials.

    Raises Misconfigured naming the variable or file that is missing or holds what no header can carry.
    """
    match auth:
        case NoAuth():
            return {}
        case BearerAuth():
            return {"Authorization": f"Bearer {_secret(auth.token, environ)}"}
        case ApiKeyAuth():
            return {auth.header: _secret(auth.key, environ)}
        case BasicAuth():
            pair = f"{_name(auth.username, environ)}:{_secret(auth.password, environ)}"
            return {"Authorization": f"Basic {b64encode(pair.encode()).decode()}"}
        case _:
            assert_never(auth)


def _name(written: str, environ: Mapping[str, str]) -> str:
    name = resolve(written, environ)
    if ":" in name:
        raise Misconfigured(f"{written} holds a colon, where the password would begin")
    return name


def _secret(reference: str, environ: Mapping[str, str]) -> str:
    secret = resolve_secret(reference, environ).get_secret_value()
    if not secret.isprintable():
        raise Misconfigured(f"{reference} holds a line break or another character that no header can carry")
    return secret
