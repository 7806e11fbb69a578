"""The JSON Schema of the registry's file, for editors: completion and checks while one writes."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import reduce
from operator import or_
from typing import Any

from pydantic import create_model
from pydantic.json_schema import GenerateJsonSchema

from pipeline.duration import format_duration
from pipeline.registry.examine import Transports
from pipeline.registry.model import Document, Rule, RuleName, RuleTest, Slug
from pipeline.registry.section import Section
from pipeline.registry.trials import expected_of


class _Schema(GenerateJsonSchema):
    """pydantic's, with durations as this file writes them."""

    def encode_default(self, dft: Any) -> Any:
        """Show `5s` where pydantic would show `PT5S`, which an editor would then insert."""
        return format_duration(dft) if isinstance(dft, timedelta) else super().encode_default(dft)


def json_schema(transports: Transports) -> dict[str, Any]:
    """The schema (draft 2020-12) of a file whose services use these transports.

    A rule's `send` may be any transport's: which one is its service's affair, which a schema cannot follow.
    """
    rule: Any = _with(Rule, send=_any_of(transport.send for transport in transports.values()))
    service: Any = _any_of(transport.service for transport in transports.values())
    expected: Any = expected_of(transports)
    test: Any = _with(RuleTest, expect=list[expected])
    document = _with(
        Document, services=Mapping[Slug, service], rules=Mapping[RuleName, rule], tests=Mapping[RuleName, test]
    )
    return {"$schema": _Schema.schema_dialect, **document.model_json_schema(schema_generator=_Schema)}


def _any_of(models: Iterable[type]) -> Any:
    return reduce(or_, models)


def _with(model: type[Section], **types: Any) -> type[Section]:
    """The model with other types for some of its fields."""
    fields: dict[str, Any] = {key: (kind, model.model_fields[key]) for key, kind in types.items()}
    return create_model(model.__name__, __base__=model, __doc__=model.__doc__, **fields)
