"""A transport as the registry sees it, for tests: what REST has, without the sending."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, field_validator

from pipeline.attempt.http_service import HttpService
from pipeline.registry.references import SecretReference, is_reference
from pipeline.registry.section import Section
from pipeline.registry.transport_schema import TransportSchema


class NoAuth(Section):
    type: Literal["none"] = "none"


class BearerAuth(Section):
    type: Literal["bearer"]
    token: SecretReference


class BasicAuth(Section):
    type: Literal["basic"]
    username: str
    password: SecretReference


class RestService(HttpService):
    """A service that is reached by HTTP."""

    transport: Literal["rest"]
    url: str
    auth: Annotated[NoAuth | BearerAuth | BasicAuth, Field(discriminator="type")] = NoAuth()

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str) -> str:
        if not is_reference(url) and not url.startswith(("http://", "https://")):
            raise ValueError("expected an address that starts with http:// or https://")
        return url


class RestSend(Section):
    """How a rule's request is sent."""

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    path: str = Field("", description="appended to the service's address")
    query: dict[str, str] = Field(default_factory=dict)
    headers: dict[str, str] = Field(default_factory=dict)


TRANSPORTS: Mapping[str, TransportSchema] = {"rest": TransportSchema("rest", RestService, RestSend)}
