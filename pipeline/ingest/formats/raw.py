"""Raw: a message as a format sees it: bytes (UTF-8, not compressed), content type, headers, and the JSON in them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from pipeline import exact_json
from pipeline.errors import Unreadable
from pipeline.event import told

#: Arrays and objects within one another that an event may have, itself the first: four less than JSON's writer can.
MAX_LEVELS = 250
TOO_DEEP = f"more than {MAX_LEVELS} levels of arrays and objects"


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
            return exact_json.loads(self.body)
        except ValueError as broken:
            is_too_deep = "depth limit" in str(broken) or "too deeply" in str(broken)
            raise Unreadable(TOO_DEEP if is_too_deep else f"not JSON: {broken}") from None

    @property
    def kind(self) -> str:
        """What the JSON is, in a word."""
        found = self.json
        if isinstance(found, dict):
            return f"an object with {len(found)} {'key' if len(found) == 1 else 'keys'}" if found else "an empty object"
        return told(found)

    @property
    def object(self) -> dict[str, Any]:
        """The body as a JSON object.

        Raises Unreadable.
        """
        if not isinstance(self.json, dict):
            raise Unreadable(f"expected a JSON object, found {self.kind}")
        return self.json
