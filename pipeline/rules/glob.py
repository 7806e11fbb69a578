"""Texts with stars for anything: fitted in time linear in the text, however many stars there are."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Glob:
    """What stands before, between and after the stars; no stars, and `head` is the whole text."""

    head: str
    middle: tuple[str, ...] = ()
    tail: str | None = None

    @property
    def is_exact(self) -> bool:
        """Whether only one text fits."""
        return self.tail is None

    def fits(self, text: str) -> bool:
        """Whether a text fits."""
        if self.tail is None:
            return text == self.head
        start, end = len(self.head), len(text) - len(self.tail)
        if start > end or not text.startswith(self.head) or not text.endswith(self.tail):
            return False
        for part in self.middle:
            found = text.find(part, start, end)
            if found < 0:
                return False
            start = found + len(part)
        return True

    def meets(self, other: "Glob") -> bool:
        """Whether there is a text that fits both.

        Where both have stars, their beginnings and ends decide: between these there is room for all that either asks.
        """
        if self.tail is None:
            return other.fits(self.head)
        if other.tail is None:
            return self.fits(other.head)
        heads = self.head.startswith(other.head) or other.head.startswith(self.head)
        return heads and (self.tail.endswith(other.tail) or other.tail.endswith(self.tail))


def glob(parts: list[str]) -> Glob:
    """Build one from the texts around its stars."""
    head, *rest = parts
    return Glob(head, tuple(part for part in rest[:-1] if part), rest[-1]) if rest else Glob(head)
