"""A document's data to services and compiled rules, or to everything that is wrong with it, each with its path.

A part that is wrong does not hide what is wrong beside it: each service, each rule, and within a rule each key is
judged on its own as far as it can be.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from pipeline.registry.findings import Path
from pipeline.registry.model import Defaults, Document, Rule, ServiceBase
from pipeline.registry.references import is_reference
from pipeline.registry.sealed import placed
from pipeline.registry.transport_schema import TransportSchema
from pipeline.registry.wording import in_our_words
from pipeline.rules import CompiledRule, Fault, InvalidRule, compile_rule
from pipeline.rules.conditions import compile_condition
from pipeline.rules.fault import unknown

Transports = Mapping[str, TransportSchema]
#: Says what is wrong with a destination's address, or nothing.
CheckDestination = Callable[[str], str | None]
_Model = TypeVar("_Model", bound=BaseModel)
#: Keys of a service that hold keys, for each of which the defaults may speak.
_SECTIONS = ("retry", "breaker", "dead_letters")


@dataclass(slots=True)
class Examined:
    """What a document holds, as far as it could be read, and what is wrong with it; paths start at the document."""

    services: dict[str, ServiceBase] = field(default_factory=dict)
    rules: list[CompiledRule] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def read(self, model: type[_Model], raw: Any, path: Path) -> _Model | None:
        """Read one mapping of the document, or note what is wrong with it."""
        read = _validated(model, raw)
        if isinstance(read, ValidationError):
            self.faults += (Fault(path + below, message) for below, message in in_our_words(read, model, raw))
            return None
        return read


def examine(document: Any, transports: Transports, *, check_destination: CheckDestination = lambda _: None) -> Examined:
    """Read a whole document."""
    examined = Examined()
    examined.read(Document, document, ())
    services, defaults = _mapping(document, "services"), _mapping(document, "defaults")
    if isinstance(_validated(Defaults, defaults), ValidationError):
        defaults = {}
    for slug, service in _mappings(services):
        _examine_service(examined, slug, _with_defaults(service, defaults), transports, check_destination)
    transport_of = {
        slug: service.get("transport") if isinstance(service, dict) else None for slug, service in services.items()
    }
    for name, rule in _mappings(_mapping(document, "rules")):
        _examine_rule(examined, name, rule, transport_of, transports)
    return examined


def check_rules(document: Mapping[str, Any], transports: Transports, examined: Examined) -> Iterator[Fault]:
    """Say what the transports find wrong with rules that are well-formed, each for a service that is."""
    for name, raw in _mappings(_mapping(document, "rules")):
        rule = _validated(Rule, raw)
        service = examined.services.get(rule.service) if isinstance(rule, Rule) else None
        if not isinstance(rule, Rule) or not service:
            continue
        transport = transports[service.transport]
        if not isinstance(_validated(transport.send, rule.send), ValidationError):
            yield from (_below(("rules", name), fault) for fault in transport.check_rule(service, rule))


def _examine_service(
    examined: Examined, slug: str, raw: dict[str, Any], transports: Transports, check: CheckDestination
) -> None:
    path = ("services", slug)
    written = raw.get("transport")
    transport = transports.get(written) if isinstance(written, str) else None
    if transport is None:
        expected = f"expected {' or '.join(transports)}"
        found = f"unknown transport {written!r:.60}, {expected}" if written is not None else f"is missing, {expected}"
        examined.faults.append(Fault((*path, "transport"), found))
        return
    if service := examined.read(transport.service, placed(raw, path), path):
        examined.services[slug] = service
    try:
        compile_condition(_mapping(_mapping(raw, "success"), "json"))
    except InvalidRule as invalid:
        examined.faults += (_below((*path, "success", "json"), fault) for fault in invalid.faults)
    for below, address in transport.addresses_in(raw):
        refused = None if is_reference(address) else check(address)
        if refused:
            examined.faults.append(Fault((*path, *below), refused))


def _examine_rule(
    examined: Examined, name: str, raw: dict[str, Any], transport_of: Mapping[str, Any], transports: Transports
) -> None:
    path = ("rules", name)
    rule = examined.read(Rule, raw, path) or _what_is_right(raw)
    if rule is None:
        return
    if rule.service == raw.get("service") and rule.service not in transport_of:
        examined.faults.append(Fault((*path, "service"), unknown("service", rule.service, transport_of)[0]))
    send: Mapping[str, Any] = rule.send
    if transport := transports.get(str(transport_of.get(rule.service))):
        read = examined.read(transport.send, rule.send, (*path, "send"))
        send = read.model_dump() if read else {}
    examined.faults += (Fault((*path, *at), _REFERENCE) for at in _references({"send": send, "payload": rule.payload}))
    try:
        examined.rules.append(_compiled(name, rule, send))
    except InvalidRule as invalid:
        examined.faults += (_below(path, fault) for fault in invalid.faults)


#: For what a rule must have and has wrongly: any event, no service.
_STAND_INS = {"event": "*", "service": "-"}
_REFERENCE = "found a reference: they are read for services only, so that no secret travels in a message"


def _compiled(name: str, rule: Rule, send: Mapping[str, Any]) -> CompiledRule:
    return compile_rule(
        name,
        event=rule.event,
        service=rule.service,
        when=rule.when,
        send=send,
        payload=rule.payload,
        content_type=rule.content_type,
        missing=rule.missing,
    )


def _below(path: Path, fault: Fault) -> Fault:
    return Fault((*path, *fault.path), fault.message, fault.line, fault.column, fault.hint)


def _what_is_right(raw: dict[str, Any]) -> Rule | None:
    """The rule without its wrong keys, so that the others are judged in the same run."""
    refused = _validated(Rule, raw)
    wrong = {error["loc"][0] for error in refused.errors()} if isinstance(refused, ValidationError) else set()
    rest = _validated(Rule, {**_STAND_INS, **{key: value for key, value in raw.items() if key not in wrong}})
    return rest if isinstance(rest, Rule) else None


def _validated(model: type[_Model], raw: Any) -> _Model | ValidationError:
    try:
        return model.model_validate(raw)
    except ValidationError as refused:
        return refused


def _with_defaults(service: dict[str, Any], defaults: dict[str, Any]) -> dict[str, Any]:
    merged = {**defaults, **service}
    for key in _SECTIONS:
        if isinstance(merged.get(key), dict) and key in defaults:
            merged[key] = {**defaults[key], **merged[key]}
    return merged


def _references(value: Any, path: Path = ()) -> Iterator[Path]:
    if isinstance(value, Mapping):
        for key, item in value.items():
            yield from _references(item, (*path, key))
    elif isinstance(value, str) and is_reference(value):
        yield path


def _mapping(document: Any, key: str) -> dict[str, Any]:
    found = document.get(key) if isinstance(document, dict) else None
    return found if isinstance(found, dict) else {}


def _mappings(section: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((name, item) for name, item in section.items() if isinstance(item, dict))
