r"""Event patterns: `\core\event\user_created`, or with `*` for anything, `\core\event\user_*`.

A leading backslash may be left out on either side. Upper and lower case differ. Events of the hub's own (`mih.…`) are
matched only by patterns that begin with `mih.`: a rule for `*` must not answer to what its own deliveries cause.
"""

from dataclasses import dataclass

from pipeline.rules.fault import invalid
from pipeline.rules.glob import Glob, glob

OWN = "mih."


def bare_name(event_type: str) -> str:
    """An event's type, or a pattern, without its leading backslash."""
    return event_type.removeprefix("\\")


@dataclass(frozen=True, slots=True)
class Pattern:
    """The bare names of events that a rule answers to."""

    names: Glob

    @property
    def is_own(self) -> bool:
        """Whether it is about events of the hub's own, and about no others."""
        return self.names.head.startswith(OWN)

    def matches(self, name: str) -> bool:
        """Whether an event's bare name fits."""
        return self.names.fits(name) and (not name.startswith(OWN) or self.is_own)

    def meets(self, other: "Pattern") -> bool:
        """Whether there is an event that fits both."""
        return self.is_own == other.is_own and self.names.meets(other.names)


def compile_pattern(text: str) -> Pattern:
    r"""Read a pattern.

    Raises InvalidRule for one that no event can fit.
    """
    name = bare_name(text)
    if not name or name != name.strip():
        raise invalid(r"expected the name of an event, such as \core\event\user_created")
    if "\\\\" in text:
        raise invalid("two backslashes in a row fit no event: outside double quotes, write one")
    return Pattern(glob(name.split("*")))
