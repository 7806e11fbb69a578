"""What can be known of a rule before anything is sent: by its own words, and by a WSDL that is a file here.

A WSDL that must be fetched is asked by the senders, and so is a file that only they have.
"""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pipeline.attempt.soap.keys import FILE, SoapService
from pipeline.errors import Unavailable
from pipeline.exact_json import loads
from pipeline.registry.model import Rule
from pipeline.rules import Fault
from pipeline.rules.fault import kind
from pipeline.rules.rule import NO_BODY
from pipeline.rules.templates import is_json

_PLACEHOLDER = re.compile(r"\{\{.*?\}\}", re.DOTALL)


def check_rule(service: SoapService, rule: Rule) -> Iterator[Fault]:
    """Say what is wrong with a rule, well-formed otherwise, that calls this service."""
    if not is_json(rule.content_type):
        yield Fault(("content_type",), "expected application/json: the parameters of a call are a JSON object by name")
        return
    given = _given(rule.payload)
    if given is not None and not isinstance(given, Mapping):
        yield Fault(("payload",), f"expected an object of parameters by name, found {kind(given)}")
    else:
        yield from _check_call(service, rule.send["operation"], given)


def _given(payload: str | None) -> Any:
    """The payload with null for what an event brings; None where that tells nothing."""
    if payload is None or payload.strip() == NO_BODY:
        return None if payload is None else {}
    try:
        return loads(_PLACEHOLDER.sub("null", payload))
    except ValueError:
        return None


def _check_call(service: SoapService, operation: str, given: Mapping[str, Any] | None) -> Iterator[Fault]:
    path = service.wsdl.removeprefix(FILE)
    if path == service.wsdl or not Path(path).is_file():
        return
    # Only here, because zeep is 10 MB and 0.1 s that no other rule should cost.
    from pipeline.attempt.soap.call_check import CannotKnow, check_call  # noqa: PLC0415 - as said above

    try:
        yield from check_call(path, service.port, operation, given)
    except CannotKnow:
        return
    except Unavailable as broken:
        yield Fault(("service",), f"its WSDL {service.wsdl} cannot be used: {broken}")
