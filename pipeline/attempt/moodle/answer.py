"""What an answer of Moodle's web services says: they answer HTTP 200 to everything, also to what they refuse.

| answer                                                     | ending      |
|------------------------------------------------------------|-------------|
| JSON that is no error; `null` is a function without result | delivered   |
| an error whose code speaks of the site: `_MAY_PASS`        | may pass    |
| no JSON: a page of the site's, or of what stands before it | may pass    |
| an error whose code refuses the token: `_FORBIDDEN`        | forbidden   |
| any other error: it speaks of the request                  | cannot pass |
| an error in XML: Moodle has not read the form              | cannot pass |

Errors are told apart by `errorcode`, which is the same in every language; `message` is for people and `debuginfo` holds
queries and data: neither is read. A missing capability (`nopermissions`) is no refusal of the token: most are asked for
one course or one user, and every other delivery may pass.
"""

import re
from typing import Any

import orjson

from pipeline.attempt.ending import SUCCESS, Said
from pipeline.outcome import Ending

#: The site is in the way, not the request. What of a read or a write was at fault, the database does not say.
_MAY_PASS = frozenset(
    {
        "sitemaintenance", "upgraderunning",
        "dbconnectionfailed", "dmlreadexception", "dmlwriteexception", "dmltransactionexception",
        "sessionwaiterr", "sessionhandlerproblem", "locktimeout", "ex_unabletolock",
    }
)  # fmt: skip
#: Neither the token nor its user may call this function, or any, until an administrator changes something.
_FORBIDDEN = frozenset(
    {
        "invalidtoken", "invalidtimedtoken", "invalidiptoken",
        "accessexception", "servicenotavailable", "missingrequiredcapability", "usernotallowed",
        "wsaccessuserdeleted", "wsaccessuserexpired", "wsaccessusernologin", "wsaccessusersuspended",
        "wsaccessuserunconfirmed", "forcepasswordchangenotice", "sitepolicynotagreed", "usernotfullysetup",
    }
)  # fmt: skip

#: A code is a word; some plugins put a sentence there, which may hold anything.
_WORD = re.compile(r"[A-Za-z0-9_]{1,60}")
#: How Moodle begins an error, for one that is longer than is read.
_ERROR_BEGINS = re.compile(r'\s*\{"exception":"((?:[^"\\]|\\.)*)","errorcode":"((?:[^"\\]|\\.)*)"')
_XML_ERROR = re.compile(r"\s*(?:<\?xml[^>]*>\s*)?<EXCEPTION\b")
#: Warnings whose codes are told.
_TOLD = 3

_NO_JSON = Said(Ending.MAY_PASS, ", but the answer is no JSON, so not of Moodle's web services")
_NOT_READ = Said(
    Ending.CANNOT_PASS, ", but Moodle answers in XML, so it has not read the form: is it larger than its post_max_size?"
)


def read(text: str, *, is_whole: bool = True) -> Said:
    """Read the body of an answer whose status is one of success."""
    if _XML_ERROR.match(text):
        return _NOT_READ
    if not is_whole:
        return _beginning(text)
    try:
        found = orjson.loads(text)
    except ValueError:
        return _NO_JSON
    if not isinstance(found, dict):
        return SUCCESS
    if "exception" in found or found.keys() >= {"error", "errorcode"}:
        return _error(found.get("exception"), found.get("errorcode"))
    return _with_warnings(found.get("warnings"))


def _beginning(text: str) -> Said:
    """Read what is only the beginning of an answer; of JSON that begins as no error, the rest is taken for JSON too."""
    if begun := _ERROR_BEGINS.match(text):
        return _error(*begun.groups())
    return SUCCESS if text.lstrip()[:1] in {"{", "["} else _NO_JSON


def _error(exception: Any, errorcode: Any) -> Said:
    code = _word(errorcode)
    # In newer Moodles classes stand in name spaces: core\exception\moodle_exception.
    kind = _word(exception.rpartition("\\")[2]) if isinstance(exception, str) else ""
    ending = Ending.MAY_PASS if code in _MAY_PASS else Ending.FORBIDDEN if code in _FORBIDDEN else Ending.CANNOT_PASS
    return Said(ending, f", but Moodle says {code or 'an error without a code'}{f' ({kind})' if kind else ''}")


def _with_warnings(warnings: Any) -> Said:
    if not isinstance(warnings, list) or not warnings:
        return SUCCESS
    codes = [_word(one.get("warningcode")) if isinstance(one, dict) else "" for one in warnings]
    told = ", ".join(code or "?" for code in codes[:_TOLD])
    more = ", …" if len(codes) > _TOLD else ""
    return Said(Ending.DELIVERED, f", with {len(codes)} warning{'s' if len(codes) > 1 else ''}: {told}{more}")


def _word(value: Any) -> str:
    return value if isinstance(value, str) and _WORD.fullmatch(value) else ""
