"""A document as a registry file that reads back to the same document, written as a person would."""

import math
import re
from collections.abc import Mapping
from typing import Any

import yaml

from pipeline.registry.yaml_text.scalars import NUMBER


class _Dumper(yaml.SafeDumper):
    """PyYAML's, but lists are indented, and blocks may hold tabs and blanks at the ends of lines."""

    def ignore_aliases(self, _: Any) -> bool:
        """Write out what is the same twice: this project's files have no aliases."""
        return True

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 - PyYAML's signature
        """Indent lists below their key."""
        super().increase_indent(flow, indentless=False)

    def analyze_scalar(self, scalar: str) -> Any:
        """Judge a text that can be a block as one; PyYAML would escape it for a tab or a blank."""
        analysis = super().analyze_scalar("a\na" if _fits_block(scalar) else scalar)
        analysis.scalar = scalar
        return analysis


def to_yaml(document: Mapping[str, Any]) -> str:
    """Write a document as YAML."""
    written: str = yaml.dump(
        dict(document), Dumper=_Dumper, sort_keys=False, allow_unicode=True, default_flow_style=False, width=math.inf
    )
    return written


def _fits_block(text: str) -> bool:
    return "\n" in text and text.replace("\n", "").replace("\t", "").isprintable()


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # Backslashes are escapes in double quotes only; those are kept for what cannot be written otherwise.
    style = "|" if _fits_block(text) else None if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)
# PyYAML quotes what YAML 1.1 would take for something else; this adds what only our own reader would.
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", re.compile(NUMBER.pattern + r"\Z"), list("-0123456789"))
