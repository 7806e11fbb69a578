"""The names of HTTP headers that a rule may set."""

import re
from typing import Annotated

from pydantic import AfterValidator

_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
#: What says where a request ends, or asks something of the connection.
_FRAMING = frozenset({"connection", "content-length", "expect", "te", "trailer", "transfer-encoding", "upgrade"})


def _header_names(headers: dict[str, str]) -> dict[str, str]:
    for name in headers:
        if not _NAME.fullmatch(name) or name.lower() in _FRAMING:
            raise ValueError(f"found the header {name!r}, expected one that HTTP allows and that frames no request")
    return headers


#: A rule's `headers`.
Headers = Annotated[dict[str, str], AfterValidator(_header_names)]
