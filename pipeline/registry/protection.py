"""What a service's section says for its protection and for ours: breaker, rate, what its answers mean."""

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator

from pipeline.duration import Duration, format_duration, parse_duration
from pipeline.registry.section import Section

_RATE = r"([1-9][0-9]{0,5})/(s|m|h)"
_PER = {"s": timedelta(seconds=1), "m": timedelta(minutes=1), "h": timedelta(hours=1)}

#: The status that refuses our credentials, whatever the service (RFC 9110, 15.5.2).
ALWAYS_FORBIDDEN = 401

Status = Annotated[int, Field(ge=100, le=599)]
Statuses = Annotated[tuple[Status, ...], Field(strict=False)]


@dataclass(frozen=True, slots=True)
class Rate:
    """So many requests in a time, evenly spaced; `text` is how it was written."""

    text: str
    interval: timedelta


def _rate(value: Any) -> Rate:
    if isinstance(value, Rate):
        return value
    read = re.fullmatch(_RATE, value) if isinstance(value, str) else None
    if read is None:
        raise ValueError("expected requests per s, m or h such as 50/s, 100/m or 1000/h")
    return Rate(value, _PER[read[2]] / int(read[1]))


def _positive(duration: timedelta) -> timedelta:
    if duration <= timedelta(0):
        raise ValueError(f"found {format_duration(duration)}, expected more than 0 seconds")
    return duration


#: None is what is not written: a `rate_limit:` with nothing behind it is no limit by mistake.
RateLimit = Annotated[
    Rate | None,
    PlainValidator(_rate, json_schema_input_type=Annotated[str, Field(pattern=f"^{_RATE}$")]),
    PlainSerializer(lambda rate: rate and rate.text, return_type=str | None),
]
#: pydantic has no words for the bounds of a duration that may be null.
PositiveDuration = Annotated[Duration, AfterValidator(_positive)]


class Breaker(Section):
    """When a service that fails is left alone, and for how long."""

    mode: Literal["consecutive", "ratio"] = Field(
        "consecutive", description="opens after failures in a row, or above a part of failures in a window"
    )
    failures: int = Field(5, ge=1, le=1000, description="mode consecutive: failures in a row that open it")
    ratio: float = Field(0.5, gt=0, le=1, description="mode ratio: the part of failures that opens it")
    window: Duration = Field(
        parse_duration("30s"),
        ge=timedelta(seconds=1),
        le=timedelta(hours=1),
        description="mode ratio: how far back it looks",
    )
    minimum: int = Field(20, ge=1, le=100_000, description="mode ratio: attempts below which the part says nothing")
    cooldown: Duration = Field(
        parse_duration("30s"), ge=timedelta(seconds=1), le=timedelta(hours=1), description="open until the next probe"
    )
    slow_calls: bool = Field(default=False, description="whether a slow answer counts as a failure")


class Success(Section):
    """What an answer must be besides 2xx, for services that answer 200 to everything."""

    status: Statuses = Field((), description="the statuses of success; any 2xx when left out")
    json_: dict[str, Any] = Field(
        default_factory=dict, alias="json", description="conditions on the answer's JSON, written as in a rule's when"
    )
    text: str = Field("", description="a text that the answer holds")
    otherwise: Literal["dead", "retry"] = Field(
        "dead", description="an answer that is no success by this test: a dead letter, or tried again"
    )


class DeadLetters(Section):
    """How much is kept of what died; what is dropped is counted and told."""

    max_age: PositiveDuration | None = Field(None, description="older ones are dropped")
    max_letters: int | None = Field(None, ge=1, description="the oldest above so many are dropped")
