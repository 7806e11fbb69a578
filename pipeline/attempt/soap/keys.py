"""What the registry's file says of a SOAP service and of a rule that calls it."""

import re
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from pipeline.attempt.credentials import Auth, NoAuth
from pipeline.attempt.header_names import Headers
from pipeline.attempt.http_address import checked_url
from pipeline.attempt.http_service import HttpService
from pipeline.registry.references import SecretReference, is_reference
from pipeline.registry.section import Section

#: Before the path of a WSDL that is a file; its content is what the senders read, not a reference to an address.
FILE = "file:"


class UsernameTokenKeys(Section):
    """WS-Security's UsernameToken, in the envelope's header."""

    username: str
    password: SecretReference
    digest: bool = Field(default=False, description="the digest of the password with a nonce, in place of the password")


class SoapService(HttpService):
    """A service that a WSDL describes."""

    transport: Literal["soap"]
    wsdl: str = Field(description="http:// or https:// address, or file:/path where every sender has it, of the WSDL")
    port: str | None = Field(None, description="the name of one of the WSDL's ports, where it has several")
    address: str | None = Field(None, description="http:// or https:// address of the service, in place of the WSDL's")
    auth: Auth = NoAuth()
    usernametoken: UsernameTokenKeys | None = Field(None, description="WS-Security's UsernameToken, beside auth")

    @field_validator("wsdl", "address")
    @classmethod
    def _is_http(cls, url: str | None) -> str | None:
        return url if url is None or is_reference(url) else checked_url(url)


class SoapSend(BaseModel):
    """How a rule's call is sent; its payload is an object of the operation's parameters by name."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    operation: str = Field(description="the name of one of the port's, no template")
    headers: Headers = Field(default_factory=dict, description="of HTTP")
    soap_headers: dict[str, Any] = Field(
        default_factory=dict, description="of the envelope, by name as the WSDL has them"
    )

    @field_validator("operation")
    @classmethod
    def _is_a_word(cls, operation: str) -> str:
        # Which operation is called must not depend on an event; so it can be looked up before there is one.
        if not re.fullmatch(r"[\w.-]+", operation):
            raise ValueError(f"found {operation[:60]!r}, expected the plain name of an operation, no template")
        return operation
