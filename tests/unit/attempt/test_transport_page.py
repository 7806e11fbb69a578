"""docs/transports.md lists every key of every way out, none that is not there, and reads as it says."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

import pytest
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from pipeline.attempt.ending import Answered, Stated, Unanswered, Unsendable, judge
from pipeline.attempt.http_service import HttpService
from pipeline.attempt.transports import SCHEMAS
from pipeline.duration import format_duration
from pipeline.outcome import Ending
from pipeline.registry import read_texts
from pipeline.registry.model import ServiceBase

PAGE = (Path(__file__).parents[3] / "docs/transports.md").read_text()
SECTIONS = dict(re.findall(r"^## ([^\n]+)\n(.*?)(?=^## |\Z)", PAGE, re.MULTILINE | re.DOTALL))
FILES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
REQUIRED = "must be given"

Key = tuple[str, str]


def rows(section: str, *header: str) -> list[tuple[str, ...]]:
    """The rows of a section's tables whose header begins so; a cell that is code without its marks."""
    tables = [table.splitlines() for table in re.findall(r"(?:^\|.*\n)+", SECTIONS[section], re.MULTILINE)]
    return [cells(line) for first, _, *others in tables if cells(first)[: len(header)] == header for line in others]


def cells(line: str) -> tuple[str, ...]:
    found = (cell.strip() for cell in line.split("|")[1:-1])
    return tuple(cell[1:-1] if re.fullmatch("`[^`]*`", cell) else cell for cell in found)


def models_in(annotation: Any) -> list[type[BaseModel]]:
    """The models that a key may hold, however deep in unions."""
    if get_origin(annotation) in (Union, UnionType, Annotated):
        return [model for part in get_args(annotation) for model in models_in(part)]
    return [annotation] if isinstance(annotation, type) and issubclass(annotation, BaseModel) else []


def keys(model: type[BaseModel], prefix: str = "") -> Iterator[Key]:
    """Every key, in dots below sections, and what holds when it is left out."""
    for name, field in model.model_fields.items():
        key, inner = prefix + (field.alias or name), models_in(field.annotation)
        if len(inner) == 1:
            yield from keys(inner[0], f"{key}.")
        else:
            yield key, shown(field)


def shown(field: FieldInfo) -> str:
    if field.is_required():
        return REQUIRED
    default = field.get_default(call_default_factory=True)
    if isinstance(default, BaseModel):
        return str(default.model_dump()["type"])
    if isinstance(default, timedelta):
        return format_duration(default)
    return str(default).lower() if isinstance(default, bool) else str(default or "")


def own(name: str) -> list[Key]:
    """What a transport's services have beyond what the tables before say of them."""
    service = SCHEMAS[name].service
    base = HttpService if issubclass(service, HttpService) else ServiceBase
    known = {key for key, _ in keys(base)}
    return sorted(one for one in keys(service) if one[0] not in known)


def credentials() -> Iterator[tuple[str, str, str]]:
    kinds = {one for schema in SCHEMAS.values() for one in models_in(schema.service.model_fields["auth"].annotation)}
    for kind in kinds:
        (name,) = get_args(kind.model_fields["type"].annotation)
        yield from ((name, key, default) for key, default in keys(kind) if key != "type")


def listed(section: str, header: str = "key") -> list[Key]:
    return sorted((key, default) for key, default, _ in rows(section, header))


def test_the_keys_of_every_service_are_those_of_the_page() -> None:
    assert listed("Every service") == sorted(keys(ServiceBase))


def test_the_keys_of_services_over_http_are_those_of_the_page() -> None:
    assert listed("Every service over HTTP") == sorted(set(keys(HttpService)) - set(keys(ServiceBase)))


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_keys_of_a_transport_are_those_of_the_page(name: str) -> None:
    assert listed(name) == own(name)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_keys_of_send_are_those_of_the_page(name: str) -> None:
    assert listed(name, "send") == sorted(keys(SCHEMAS[name].send))


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_credentials_that_a_transport_takes_are_those_of_the_page(name: str) -> None:
    (says,) = [says for key, _, says in rows(name, "key") if key == "auth"]
    kinds = models_in(SCHEMAS[name].service.model_fields["auth"].annotation)
    assert set(re.findall("`([a-z0-9_]+)`", says)) - {"guest"} == {
        get_args(kind.model_fields["type"].annotation)[0] for kind in kinds
    }


def test_the_keys_of_credentials_are_those_of_the_page() -> None:
    assert sorted(row[:3] for row in rows("Credentials", "auth")) == sorted(credentials())


@pytest.mark.parametrize("text", FILES)
def test_a_file_of_the_page_can_be_applied(text: str) -> None:
    reading = read_texts({"hub.yaml": text}, SCHEMAS)
    assert reading.registry.services
    assert reading.document["rules"]


def test_each_way_out_has_a_file() -> None:
    shown = {s.transport for text in FILES for s in read_texts({"hub.yaml": text}, SCHEMAS).registry.services.values()}
    assert shown == set(SCHEMAS)


@pytest.mark.parametrize(("seen", "ending"), rows("A fourth transport", "seen", "ending"))
def test_what_is_seen_ends_as_its_row_says(seen: str, ending: str) -> None:
    words = {kind.__name__: kind for kind in (Answered, Unanswered, Unsendable, Stated, Ending)}
    outcome = judge(eval(seen, words), now=datetime(2026, 11, 21, tzinfo=UTC), latency_ms=1)
    assert outcome.ending is Ending[ending.upper().replace(" ", "_")]
