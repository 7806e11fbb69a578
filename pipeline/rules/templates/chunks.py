"""A compiled template: literal chunks with slots between them, joined in one go."""

from collections.abc import Iterable
from itertools import groupby

from pipeline.rules.templates.envelope import Scope
from pipeline.rules.templates.slot import Write

Chunk = str | Write


def compile_chunks(chunks: Iterable[Chunk]) -> Write:
    """Build the function that fills the slots."""
    merged = _merged(chunks)
    slots = [(at, chunk) for at, chunk in enumerate(merged) if not isinstance(chunk, str)]
    literals = [chunk if isinstance(chunk, str) else "" for chunk in merged]

    def write(scope: Scope) -> str:
        written = literals.copy()
        for at, fill in slots:
            written[at] = fill(scope)
        return "".join(written)

    return write


def _merged(chunks: Iterable[Chunk]) -> list[Chunk]:
    merged: list[Chunk] = []
    for is_literal, group in groupby(chunks, lambda chunk: isinstance(chunk, str)):
        same = list(group)
        merged += ["".join(chunk for chunk in same if isinstance(chunk, str))] if is_literal else same
    return merged
