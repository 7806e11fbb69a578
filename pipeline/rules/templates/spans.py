"""A template whose text is checked with letters in the placeholders' places, and then filled span by span.

Each stand-in is as long as its placeholder, so that a place in the one text is the same place in the other.
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from pipeline.rules.fault import Faults, InvalidRule
from pipeline.rules.templates.chunks import Chunk
from pipeline.rules.templates.parse import fault_at, parse, placeholders
from pipeline.rules.templates.slot import Slot, compile_slots


@dataclass(frozen=True, slots=True)
class Spans:
    """A template as written, the same with stand-ins, and its slots in the order in which they stand."""

    text: str
    stand_in: str
    slots: Sequence[Slot]

    def within(self, start: int, end: int) -> Sequence[Slot]:
        """Give the slots of a span."""
        first, last = (bisect_left(self.slots, at, key=lambda slot: slot.placeholder.start) for at in (start, end))
        return self.slots[first:last]

    def whole(self, start: int, end: int) -> Slot | None:
        """Give the slot of a span that is one placeholder and nothing else."""
        slots = self.within(start, end)
        is_whole = len(slots) == 1 and (slots[0].placeholder.start, slots[0].placeholder.end) == (start, end)
        return slots[0] if is_whole else None

    def parts(self, start: int, end: int) -> list[str | Slot]:
        """Give a span's literal text and its slots by turns."""
        parts: list[str | Slot] = []
        for slot in self.within(start, end):
            parts += [self.text[start : slot.placeholder.start], slot]
            start = slot.placeholder.end
        return [part for part in (*parts, self.text[start:end]) if part]

    def chunks(self, start: int, end: int, escape: Callable[[Any], str]) -> list[Chunk]:
        """Give the same, ready to be written."""
        return [part if isinstance(part, str) else part.write(escape) for part in self.parts(start, end)]

    def refuse_omit(self, slots: Sequence[Slot], message: str) -> None:
        """Raise InvalidRule where one of these slots omits."""
        omitting = [slot.placeholder.start for slot in slots if slot.omits]
        if omitting:
            raise InvalidRule(fault_at(self.text, at, message) for at in omitting)


def compile_spans(text: str, check: Callable[[str], None], *, strict: bool) -> Spans:
    """Compile a template's placeholders and check its text.

    `check` is given the stand-in. Raises InvalidRule with everything that is wrong, by line and column.
    """
    pieces = parse(text)
    stand_in = "".join(piece if isinstance(piece, str) else "x" * (piece.end - piece.start) for piece in pieces)
    faults = Faults()
    faults.under((), check, stand_in)
    slots = faults.under((), compile_slots, placeholders(pieces), text=text, strict=strict)
    faults.raise_if_any()
    return Spans(text, stand_in, slots)
