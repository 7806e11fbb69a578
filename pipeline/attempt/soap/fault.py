"""What a SOAP fault means: by its code, as SOAP 1.1 and 1.2 define it, or else by the status that it came with.

| code                                                      | ending      |
|-----------------------------------------------------------|-------------|
| of WS-Security: our credentials are refused; HTTP 401     | forbidden   |
| Client, Sender: the message is wrong                      | cannot pass |
| MustUnderstand, VersionMismatch, DataEncodingUnknown      | cannot pass |
| Server, Receiver: its processing failed                   | may pass    |
| any other, with 4xx                                       | cannot pass |
| any other                                                 | may pass    |

Beneath a status that says "later" (408 425 429 503) no fault is asked.
"""

import re
from collections.abc import Mapping
from http.client import UNAUTHORIZED
from typing import Any

from lxml import etree

from pipeline.attempt.ending import Stated
from pipeline.outcome import Ending

#: WS-Security 1.1, 12: what it says of a token, and the example of SOAP 1.1, 4.4.1.
_FORBIDDEN = frozenset(
    {
        "FailedAuthentication", "FailedCheck", "InvalidSecurity", "InvalidSecurityToken", "SecurityTokenUnavailable",
        "UnsupportedSecurityToken", "Client.Authentication",
    }
)  # fmt: skip
_ENDINGS = {
    "Client": Ending.CANNOT_PASS,
    "Sender": Ending.CANNOT_PASS,
    "MustUnderstand": Ending.CANNOT_PASS,
    "VersionMismatch": Ending.CANNOT_PASS,
    "DataEncodingUnknown": Ending.CANNOT_PASS,
    "Server": Ending.MAY_PASS,
    "Receiver": Ending.MAY_PASS,
}
_CODE = re.compile(r"[A-Za-z_][\w.-]{0,59}", re.ASCII)
_REFUSAL, _FAILURE = 400, 500


def stated_by(fault: Any, status: int) -> Stated:
    """The ending that a fault states; its words go to the text only."""
    parts = {str(etree.QName(part).localname): part for part in fault.iterchildren("*")}
    codes = _codes(parts)
    shown = ", ".join(codes) or "without a code"
    return Stated(_ending(codes, status), f"SOAP fault {shown}", _text(parts))


def _ending(codes: list[str], status: int) -> Ending:
    if status == UNAUTHORIZED or not _FORBIDDEN.isdisjoint(codes):
        return Ending.FORBIDDEN
    # In SOAP 1.1 a dot makes a code more specific (4.4.1).
    known = (ending for code in codes if (ending := _ENDINGS.get(code.partition(".")[0])))
    by_status = Ending.CANNOT_PASS if _REFUSAL <= status < _FAILURE else Ending.MAY_PASS
    return next(known, by_status)


def _codes(parts: Mapping[str, Any]) -> list[str]:
    """The local names of its codes, from the general to the particular; at most three."""
    written = [parts["faultcode"]] if "faultcode" in parts else _named(parts.get("Code", ()), "Value")
    local = ((element.text or "").strip().rpartition(":")[2] for element in written)
    return [code for code in local if _CODE.fullmatch(code)][:3]


def _text(parts: Mapping[str, Any]) -> str:
    said = [parts["faultstring"]] if "faultstring" in parts else _named(parts.get("Reason", ()), "Text")
    details = [part for name, part in parts.items() if name in ("detail", "Detail")]
    told = (etree.tostring(detail, encoding="unicode", with_tail=False) for detail in details)
    return "\n".join([*(element.text or "" for element in said), *told])


def _named(part: Any, name: str) -> list[Any]:
    return [element for child in part for element in child.iter("{*}" + name)]
