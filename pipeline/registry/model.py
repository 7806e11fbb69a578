"""The registry's file as types: what services and rules have in common, whatever the transport."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    BeforeValidator,
    ConfigDict,
    Field,
    JsonValue,
    PlainValidator,
    ValidationInfo,
    field_validator,
    model_validator,
)

from pipeline.duration import Duration, format_duration, parse_duration
from pipeline.registry.protection import Breaker, DeadLetters, PositiveDuration, RateLimit
from pipeline.registry.section import Section
from pipeline.rules.fault import kind
from topology import names

_SLUG = r"[a-z0-9][a-z0-9-]{0,62}"
_RULE_NAME = r"[a-z0-9][a-z0-9_-]{0,62}"
#: A message may be held for five minutes, and an attempt is not all that happens to it.
_MAX_TIMEOUT = timedelta(minutes=2)
#: The delay ladder's reach: 2^20 - 1 seconds.
_MAX_DELAY = timedelta(days=12)


def _slug(name: str) -> str:
    if not re.fullmatch(_SLUG, name):
        raise ValueError("expected a slug: a-z, 0-9 and -, no - at the start, at most 63 characters")
    if name in names.RESERVED_SLUGS:
        raise ValueError("found a name that MIH keeps for itself, expected another one")
    return name


def _rule_name(name: str) -> str:
    if not re.fullmatch(_RULE_NAME, name):
        raise ValueError("expected a rule's name: a-z, 0-9, - and _, at most 63 characters")
    return name


def _event(pattern: str) -> str:
    if not pattern.isprintable():
        raise ValueError(
            r"found a control character (in double quotes \t is a tab); write the name without quotes or in single ones"
        )
    return pattern


def _written_null(value: Any) -> Any:
    # In YAML the word null without quotes is no text.
    return "null" if value is None else value


def _not_null(value: Any) -> Any:
    if value is None:
        raise ValueError("found null, expected a text; leave the key out to send the event's data")
    return value


def _file_or_event(value: Any) -> Any:
    if not isinstance(value, str | dict) or not value:
        raise ValueError(f"found {kind(value)}, expected the name of a file, or the event itself as a mapping")
    return value


def _time(value: Any) -> datetime:
    try:
        time = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        time = None
    if time is None or time.tzinfo is None:
        raise ValueError("expected a time with its zone, such as 2026-11-21T10:00:00Z")
    return time


Slug = Annotated[str, AfterValidator(_slug), Field(json_schema_extra={"pattern": f"^{_SLUG}$"})]
RuleName = Annotated[str, AfterValidator(_rule_name), Field(json_schema_extra={"pattern": f"^{_RULE_NAME}$"})]

#: For editors: a name that the pattern does not fit is an error.
_NO_OTHERS: dict[str, JsonValue] = {"additionalProperties": False}


class Retry(Section):
    """How often and for how long a delivery that may pass is tried again."""

    max_attempts: int = Field(10, ge=1, le=1000, description="attempts until a delivery is dead")
    backoff: Duration = Field(
        parse_duration("1s"), gt=timedelta(0), le=_MAX_DELAY, description="the first delay; doubles each time"
    )
    max_backoff: Duration = Field(
        parse_duration("1h"), gt=timedelta(0), le=_MAX_DELAY, description="the longest delay between two attempts"
    )
    max_age: Duration = Field(
        parse_duration("72h"), gt=timedelta(0), description="after this a delivery that fails is dead"
    )

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.max_backoff < self.backoff:
            raise ValueError("found a max_backoff below backoff, expected at least as much")
        return self


class Defaults(Section):
    """What every service has that does not say otherwise."""

    timeout: Duration = Field(
        parse_duration("5s"), gt=timedelta(0), le=_MAX_TIMEOUT, description="for one whole attempt, at most 2m"
    )
    concurrency: int = Field(16, ge=1, le=1000, description="requests in flight, per sender process")
    retry: Retry = Field(default_factory=Retry, description="when and how often to try again")
    breaker: Breaker = Field(default_factory=Breaker, description="when a service that fails is left alone")
    slow: PositiveDuration | None = Field(
        None, description="an answer that takes longer is slow, and halves the requests in flight"
    )
    dead_letters: DeadLetters = Field(default_factory=DeadLetters, description="how much is kept of what died")


class ServiceBase(Defaults):
    """Somewhere that events are delivered to; a transport adds its own keys."""

    transport: str = Field(description="how it is spoken to")
    description: str = Field("", description="for people")
    rate_limit: RateLimit = Field(
        default_factory=lambda: None, description="requests of all senders together, such as 50/s"
    )

    @field_validator("slow")
    @classmethod
    def _slow_before_it_is_over(cls, slow: timedelta | None, info: ValidationInfo) -> timedelta | None:
        timeout = info.data.get("timeout")
        if slow and timeout and slow >= timeout:
            raise ValueError(f"found {format_duration(slow)}, expected less than timeout, {format_duration(timeout)}")
        return slow


class Rule(Section):
    """Which events go to which service, and what is sent."""

    event: Annotated[str, AfterValidator(_event)] = Field(
        description=r"the event's type, exact or with *: \core\event\user_created, \core\event\user_*"
    )
    service: str = Field(description="the slug of a service")
    description: str = Field("", description="for people")
    when: dict[str, Any] = Field(
        default_factory=dict, description="conditions on the event's data, all of which must hold"
    )
    send: dict[str, Any] = Field(
        default_factory=dict, description="how it is sent; what it holds is up to the transport"
    )
    payload: Annotated[str | None, BeforeValidator(_not_null, json_schema_input_type=str)] = Field(
        None, description="the body's template; the event's data when left out; none is no body"
    )
    content_type: str = Field(
        "application/json", min_length=1, description="of the body; decides how values are escaped"
    )
    missing: Annotated[
        Literal["null", "error"], BeforeValidator(_written_null, json_schema_input_type=Literal["null", "error"] | None)
    ] = Field("null", description="a value that the event does not have: null, or the delivery is dead (error)")


class Expected(Section):
    """A request that an event must cause; only what is written is compared."""

    rule: str = Field("", description="the rule that sends it")
    service: str = Field("", description="the service that it goes to")
    content_type: str = Field("", description="of the body")
    payload: Any = Field(None, description="the body: a JSON value, or the text of another body; none is no body")
    refused: str = Field("", description="the rule matches and cannot be rendered, for a reason that holds this text")

    @model_validator(mode="after")
    def _sent_or_refused(self) -> Self:
        beside = sorted(self.model_fields_set - {"rule", "service", "refused"})
        if beside and "refused" in self.model_fields_set:
            raise ValueError(f"found refused beside {', '.join(beside)}: what is refused sends nothing")
        return self


class RuleTest(Section):
    """What the rules must make of one event."""

    event: Annotated[Any, PlainValidator(_file_or_event, json_schema_input_type=str | dict[str, Any])] = Field(
        description="a file that holds it, relative to this one, or the event itself; in any format"
    )
    expect: list[dict[str, Any]] = Field(description="every request that it must cause, in any order; [] is none")
    now: Annotated[datetime, PlainValidator(_time, json_schema_input_type=datetime)] = Field(
        datetime(2026, 1, 1, tzinfo=UTC), description="what {{now}} is"
    )


class Document(Section):
    """Services of an integration hub, and the rules that say who must hear of what."""

    model_config = ConfigDict(title="MIH registry")

    version: Literal[1] = Field(description="of this file's shape")
    defaults: Defaults = Field(default_factory=Defaults, description="for all services")
    services: Mapping[Slug, dict[str, Any]] = Field(
        default_factory=dict, description="by slug", json_schema_extra=_NO_OTHERS
    )
    rules: Mapping[RuleName, dict[str, Any]] = Field(
        default_factory=dict, description="by name", json_schema_extra=_NO_OTHERS
    )
    tests: Mapping[RuleName, dict[str, Any]] = Field(
        default_factory=dict,
        description="by name; run by mih rules test, and not applied",
        json_schema_extra=_NO_OTHERS,
    )
