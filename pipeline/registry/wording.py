"""pydantic's errors in the words of the registry's file: the key, what was found there, what was expected.

A value is shown only where a closed set or a range was expected; a secret's place is neither.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipeline.duration import format_duration
from pipeline.registry.findings import Path
from pipeline.rules.fault import kind, unknown

_EXPECTED = {
    "string_type": "a text",
    "bool_type": "true or false",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "dict_type": "a mapping",
    "mapping_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "list_type": "a list",
    "tuple_type": "a list",
}
_BOUND = {
    "greater_than": ("gt", "more than"),
    "greater_than_equal": ("ge", "at least"),
    "less_than": ("lt", "less than"),
    "less_than_equal": ("le", "at most"),
}


def in_our_words(refused: ValidationError, model: type[BaseModel], raw: Any) -> Iterator[tuple[Path, str]]:
    """Every error of a validation: the path below the model, and the message."""
    for error in refused.errors(include_url=False):
        path = _path(error["loc"], raw)
        match error["type"]:
            case "union_tag_invalid" | "union_tag_not_found":
                yield (*path, "type"), _tag(error, path, model)
            case "extra_forbidden":
                yield path, unknown("key", str(path[-1]), _keys_at(path[:-1], raw, model))[0]
            case _:
                yield path, _words(error)


def _words(error: ErrorDetails) -> str:
    said, found, context = error["type"], error["input"], error.get("ctx", {})
    if said == "missing":
        return "is missing"
    if said == "value_error":
        return str(context["error"])
    if said == "literal_error":
        return _one_of(found, str(context["expected"]))
    if said in _EXPECTED:
        return f"found {_shown(found)}, expected {_EXPECTED[said]}{_quotes(said, found)}"
    if said in _BOUND:
        key, words = _BOUND[said]
        return f"found {_shown(found)}, expected {words} {_bound(context[key])}"
    return f"found {kind(found)}, " + error["msg"].replace("Input should", "it should").replace("String", "the text")


def _quotes(said: str, found: Any) -> str:
    return " (write it in quotes)" if said == "string_type" and isinstance(found, int | float) else ""


def _one_of(found: Any, expected: str) -> str:
    valid = re.findall(r"'([^']*)'", expected) or [expected]
    if isinstance(found, str) and len(valid) > 1:
        return unknown("value", found, valid)[0]
    return f"found {_shown(found)}, expected {' or '.join(valid)}"


def _tag(error: ErrorDetails, path: Path, model: type[BaseModel]) -> str:
    if error["type"] == "union_tag_not_found":
        tags = _schema_at(path, {}, model).get("discriminator", {}).get("mapping", {})
        return f"is missing, expected one of {', '.join(tags)}"
    context = error.get("ctx", {})
    return unknown("type", str(context["tag"]), re.findall(r"'([^']*)'", context["expected_tags"]))[0]


def _shown(value: Any) -> str:
    if isinstance(value, bool | int | float):
        return f"the number {value}" if not isinstance(value, bool) else str(value).lower()
    return _bound(value) if isinstance(value, timedelta) else kind(value)


def _bound(value: Any) -> str:
    return format_duration(value) if isinstance(value, timedelta) else str(value)


def _path(loc: Path, raw: Any) -> Path:
    """The keys of an error's place, without the names of union members that pydantic puts between them."""
    path: list[str | int] = []
    for position, key in enumerate(loc):
        if key == "[key]":
            break
        is_there = (isinstance(raw, dict) and key in raw) or (isinstance(raw, list) and isinstance(key, int))
        if is_there or position == len(loc) - 1:
            path.append(key)
        if is_there:
            raw = raw[key]
    return tuple(path)


def _keys_at(path: Path, raw: Any, model: type[BaseModel]) -> list[str]:
    return list(_schema_at(path, raw, model).get("properties", {}))


def _schema_at(path: Path, raw: Any, model: type[BaseModel]) -> dict[str, Any]:
    """The JSON Schema of the mapping at a path; what valid keys are is asked of it and not of pydantic's insides."""
    root = model.model_json_schema()
    schema = root
    for key in path:
        raw = raw.get(key) if isinstance(raw, dict) else None
        schema = _resolved(schema.get("properties", {}).get(key, {}), root, raw)
    return schema


def _resolved(schema: Mapping[str, Any], root: Mapping[str, Any], raw: Any) -> dict[str, Any]:
    # A section that may be left out is a choice between it and null.
    schema = next((one for one in schema.get("anyOf", ()) if "$ref" in one), schema)
    choice = schema.get("discriminator", {})
    if choice and isinstance(raw, dict):
        schema = {"$ref": choice["mapping"].get(raw.get(choice["propertyName"]), "")}
    reference = schema.get("$ref", "").rpartition("/")[2]
    return dict(root["$defs"].get(reference, {})) if reference else dict(schema)
