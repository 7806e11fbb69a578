"""Several addresses in one text: the nodes of a cluster."""

import re

#: In no address can a comma be followed by the start of another: a password would have to write / as %2F.
_BETWEEN = re.compile(r"\s*,\s*(?=[a-z]+://)")


def addresses_of(urls: str) -> list[str]:
    """Read what is separated by commas; mostly it is one."""
    return _BETWEEN.split(urls)
