"""Templates: `{{userid}}` in bodies, paths, queries and headers; compiled once, filled for every event."""

from pipeline.rules.templates.envelope import Scope
from pipeline.rules.templates.json_body import compile_json
from pipeline.rules.templates.slot import MayWrite, Write
from pipeline.rules.templates.text import compile_text

__all__ = ["MayWrite", "Scope", "Write", "compile_json", "compile_text"]
