"""A service spoken to over HTTP: what REST's and SOAP's entries have in common."""

from typing import Annotated, Any

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from pipeline.attempt.http_address import checked_proxy
from pipeline.attempt.tls import Tls
from pipeline.registry.model import ServiceBase
from pipeline.registry.protection import ALWAYS_FORBIDDEN, Statuses, Success

#: Where a service says what single statuses mean, in the order in which they are read.
_STATUS_KEYS = ("retry_on", "never_retry", "forbidden_on", "gone_on")


class HttpService(ServiceBase):
    """A service whose answers have a status."""

    retry_on: Statuses = Field((), description="further statuses that may pass later")
    never_retry: Statuses = Field((), description="statuses that will not pass, however often it is tried")
    forbidden_on: Statuses = Field((), description="statuses besides 401 that refuse our credentials")
    gone_on: Statuses = Field((), description="statuses that say that the receiver is no more, such as 410")
    success: Success = Field(default_factory=Success, description="what an answer must be besides 2xx")
    tls: Tls | None = Field(None, description="an authority of its own, a certificate that we show; the system's trust")
    proxy: Annotated[str, AfterValidator(checked_proxy)] | None = Field(
        None, description="http://host:port of a forward proxy; the guard then sees the proxy only"
    )

    @field_validator(*_STATUS_KEYS, "success")
    @classmethod
    def _one_meaning(cls, said: Any, info: ValidationInfo) -> Any:
        others = {status: f"stands in {key} too" for key in _STATUS_KEYS for status in info.data.get(key, ())}
        if info.field_name != "forbidden_on":
            others[ALWAYS_FORBIDDEN] = "always refuses our credentials"
        for status in said.status if isinstance(said, Success) else said:
            if status in others:
                raise ValueError(f"found {status}, which {others[status]}: expected one meaning for a status")
        return said
