"""Every entry is read as `mih plan` will read it: what it would refuse is commented out, with its reason."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from pipeline.plugin_import.entry import Difference, Entry
from pipeline.registry.examine import CheckDestination, Transports, examine
from pipeline.registry.findings import dotted
from pipeline.registry.references import is_reference
from pipeline.rules import Fault


def judge_service(entry: Entry, transports: Transports, check_destination: CheckDestination) -> Entry:
    """Judge a service by itself; a private address is refused by where it is applied, not by the file."""
    transport = entry.keys["transport"]
    if transport not in transports:
        return _out(entry, [f"this version does not serve {transport} yet"])
    reasons = [] if set(_references(entry.keys)) <= {variable.name for variable in entry.variables} else [_REFERENCE]
    examined = examine(_document(services={entry.name: entry.keys}), transports)
    judged = _out(entry, [*reasons, *_told(examined.faults)])
    if judged.out:
        return judged
    addresses = (address for _, address in transports[transport].addresses_in(entry.keys))
    refused = [told for address in addresses if (told := _refused(entry, address, check_destination))]
    return replace(judged, differences=judged.differences + tuple(refused))


def judge_rule(entry: Entry, service: Entry | None, transports: Transports) -> Entry:
    """Judge a rule beside its service."""
    if service is None or service.out:
        gone = [] if service is None else [f"its service {service.name} is commented out"]
        faults = examine(_document(rules={entry.name: entry.keys}), transports).faults
        return _out(entry, [*gone, *_told(fault for fault in faults if fault.path[2:] != ("service",))])
    document = _document(services={service.name: service.keys}, rules={entry.name: entry.keys})
    return _out(entry, _told(examine(document, transports).faults))


_REFERENCE = "a text of it would be read as a reference, env:… or file:…"


def _document(**sections: Mapping[str, Any]) -> dict[str, Any]:
    return {"version": 1, **sections}


def _out(entry: Entry, reasons: Iterable[str]) -> Entry:
    return replace(entry, out=tuple(dict.fromkeys((*entry.out, *reasons))))


def _told(faults: Iterable[Fault]) -> list[str]:
    return [": ".join(filter(None, (dotted(fault.path[2:]), fault.message))) for fault in faults]


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for item in value.values():
            yield from _references(item)
    elif isinstance(value, str) and is_reference(value):
        yield value.removeprefix("env:")


def _refused(entry: Entry, address: str, check_destination: CheckDestination) -> Difference | None:
    refused = None if is_reference(address) else check_destination(address)
    if not refused:
        return None
    return Difference(f"services.{entry.name}", entry.place, "base_url", "allowed or not by Moodle's own list", refused)
