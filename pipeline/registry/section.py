"""The strictness that every mapping of the registry's file has."""

from pydantic import BaseModel, ConfigDict


class Section(BaseModel):
    """A mapping in the file: no unknown keys, and `16` is not `"16"`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)
