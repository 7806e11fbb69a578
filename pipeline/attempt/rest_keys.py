"""What the registry's file says of a service reached by HTTP and of a rule that sends to it."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from pipeline.attempt.credentials import Auth, NoAuth
from pipeline.attempt.header_names import Headers
from pipeline.attempt.http_address import checked_url
from pipeline.attempt.http_service import HttpService
from pipeline.attempt.moodle import FunctionName, WsTokenAuth
from pipeline.attempt.webhook_signature import WebhookSignature
from pipeline.registry.references import is_reference


class RestService(HttpService):
    """A service reached by HTTP."""

    transport: Literal["rest"]
    preset: Literal["moodle"] | None = Field(None, description="what kind of service it is, where MIH knows the kind")
    url: str = Field(description="http:// or https:// address; a rule's path is appended to it")
    auth: Annotated[Auth | WsTokenAuth, Field(discriminator="type")] = Field(NoAuth(), validate_default=True)
    webhook_signature: WebhookSignature | None = Field(None, description="signs each request by Standard Webhooks")

    @field_validator("url")
    @classmethod
    def _is_http(cls, url: str, info: ValidationInfo) -> str:
        if info.data.get("preset") == "moodle" and "?" in url:
            raise ValueError("found a query, expected none: token and function are sent in the body")
        return url if is_reference(url) else checked_url(url)

    @field_validator("auth")
    @classmethod
    def _fits_the_preset(cls, auth: Any, info: ValidationInfo) -> Any:
        if "preset" not in info.data:
            return auth
        is_moodle, has_its_token = info.data["preset"] == "moodle", isinstance(auth, WsTokenAuth)
        if is_moodle and not has_its_token:
            raise ValueError(
                f"found type {auth.type}, expected type wstoken: that is how preset: moodle identifies itself"
            )
        if has_its_token and not is_moodle:
            raise ValueError("found type wstoken without preset: moodle, which alone takes a token in the body")
        return auth


class RestSend(BaseModel):
    """How a rule's request is sent."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    method: Literal["GET", "POST", "PUT", "PATCH", "DELETE"] = "POST"
    path: str = Field("", description="appended to the service's address")
    query: dict[str, str] = Field(default_factory=dict)
    headers: Headers = Field(default_factory=dict)
    function: FunctionName | None = Field(
        None, description="with preset: moodle, and only then: the web service function that is called"
    )
