"""Raw: a message as a format sees it: bytes, content type, headers, and the JSON in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson

from pipeline.errors import Unreadable


@dataclass(frozen=True)
class Raw:
    """A message before anything is known of it; its JSON is parsed once, when a format first looks."""

    body: bytes
    content_type: str | None
    headers: Mapping[str, Any]

    @property
    def media_type(self) -> str:
        """The content type without its parameters, in lower case."""
        return (self.content_type or "").partition(";")[0].strip().lower()

    @cached_property
    def json(self) -> Any:
        """The body as JSON.

        Raises Unreadable with the position.
        """
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError as broken:
            raise Unreadable(f"not JSON: {broken}") from None

    @property
    def object(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises Unreadable.
        """
        if not isinstance(self.json, dict):
            raise Unreadable("expected a JSON object")
        return self.json
