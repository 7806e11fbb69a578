r"""Event patterns: `\core\event\user_created`, or with `*` for anything, `\core\event\user_*`.

A leading backslash may be left out on either side. Upper and lower case differ. Events of the hub's own (`mih.…`) are
matched only by patterns that begin with `mih.`: a rule for `*` must not answer to what its own deliveries cause.
"""

from dataclasses import dataclass

from pipeline.rules.fault import invalid

OWN = "mih."


def bare_name(event_type: str) -> str:
    """An event's type, or a pattern, without its leading backslash."""
    return event_type.removeprefix("\\")


@dataclass(frozen=True, slots=True)
class Pattern:
    """What stands before, between and after the stars; no stars, and `head` is the whole name."""

    head: str
    middle: tuple[str, ...] = ()
    tail: str | None = None

    @property
    def is_exact(self) -> bool:
        """Whether the pattern is one name."""
        return self.tail is None

    def matches(self, name: str) -> bool:
        """Whether an event's bare name fits; linear in its length, however many stars there are."""
        if name.startswith(OWN) and not self.head.startswith(OWN):
            return False
        if self.tail is None:
            return name == self.head
        start, end = len(self.head), len(name) - len(self.tail)
        if start > end or not name.startswith(self.head) or not name.endswith(self.tail):
            return False
        for part in self.middle:
            found = name.find(part, start, end)
            if found < 0:
                return False
            start = found + len(part)
        return True


def compile_pattern(text: str) -> Pattern:
    r"""Read a pattern.

    Raises InvalidRule for one that no event can fit.
    """
    name = bare_name(text)
    if not name or name != name.strip():
        raise invalid(r"expected the name of an event, such as \core\event\user_created")
    if "\\\\" in text:
        raise invalid("two backslashes in a row fit no event: outside double quotes, write one")
    head, *rest = name.split("*")
    return Pattern(head, tuple(part for part in rest[:-1] if part), rest[-1]) if rest else Pattern(head)
