"""Names: a service's slug, a rule's name, a variable's; each once, and each told where it is not the plugin's own."""

import re
import unicodedata
from collections.abc import Collection
from itertools import count

from topology.names import INVALID_KEY

_MAX = 63


def slug_for(name: str, taken: Collection[str]) -> str:
    """A service's slug from its name, other than those that are taken."""
    return _unlike(_plain(name, "-") or "service", {*taken, INVALID_KEY})


def rule_name_for(event: str, slug: str, taken: Collection[str]) -> str:
    r"""A rule's name: `\core\event\user_created` to erp is `user_created-to-erp`."""
    component, _, name = event.strip("\\").partition("\\event\\")
    told = name if component == "core" and name else f"{component}-{name}"
    room = max(_MAX - len(f"-to-{slug}"), _MAX // 3)
    return _unlike(f"{_plain(told, '_-')[:room] or 'event'}-to-{slug}", taken)


def variable_for(slug: str, what: str) -> str:
    """The environment variable of a service's secret: `erp` and TOKEN are `ERP_TOKEN`."""
    # A digit starts no variable; no other slug's variable starts with an underscore.
    return f"{'_' if slug[0].isdigit() else ''}{slug.upper().replace('-', '_')}_{what}"


def _plain(text: str, marks: str) -> str:
    ascii_only = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return re.sub(f"[^a-z0-9{marks}]+", "-", ascii_only).strip("-_")[:_MAX]


def _unlike(name: str, taken: Collection[str]) -> str:
    name = name[:_MAX]
    if name not in taken:
        return name
    endings = (f"-{number}" for number in count(2))
    return next(other for end in endings if (other := name[: _MAX - len(end)] + end) not in taken)
