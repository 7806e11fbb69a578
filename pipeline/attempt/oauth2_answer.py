"""What a token endpoint's answer means: a token and its life, or how an attempt that has none ends; pure."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from pipeline.attempt.ending import Answered, Stated, Unanswered, judge
from pipeline.attempt.http_answer import HttpAnswer
from pipeline.outcome import Ending

#: Seconds before its end, or this part of a short life, from which on a token is no longer used.
_MARGIN_S, _MARGIN_PART = 30.0, 0.1
#: Seconds: of a token without `expires_in`, and at most.
_LIFE_S, _LONGEST_LIFE_S = 300.0, 86_400.0
#: What an endpoint may say of itself (RFC 6749, 5.2); nothing else of its answer is shown.
_ERRORS = (
    *("invalid_request", "invalid_client", "invalid_grant"),
    *("unauthorized_client", "unsupported_grant_type", "invalid_scope"),
)
#: What a header can carry (RFC 6750, 2.1, and what is found besides).
_TOKEN = re.compile(r"[\x21-\x7e]+")
_NO_TOKEN = "the token endpoint's answer holds no bearer token"  # noqa: S105 - words


def token_in(answer: HttpAnswer) -> tuple[str, float] | Unanswered | Stated:
    """The token that an endpoint gave and for how many seconds it is used, or how an attempt without one ends."""
    said = _json(answer.body)
    if 200 <= answer.status < 300:  # noqa: PLR2004 - the class of success
        token, kind = said.get("access_token"), said.get("token_type", "bearer")
        if isinstance(token, str) and _TOKEN.fullmatch(token) and str(kind).lower() == "bearer":
            return token, _life_s(said.get("expires_in"))
        return Unanswered(f"no access token: {_NO_TOKEN}")
    error = said.get("error")
    known = f" {error}" if error in _ERRORS else ""
    reason = f"no access token: the token endpoint answered HTTP {answer.status}{known}"
    # What a status means is the same there as at a service, but that whatever will not pass is for people to mend.
    outcome = judge(Answered(answer.status), now=datetime.min.replace(tzinfo=UTC), latency_ms=0)
    return Unanswered(reason) if outcome.ending is Ending.MAY_PASS else Stated(Ending.FORBIDDEN, reason)


def _life_s(expires_in: Any) -> float:
    try:
        life_s = float(expires_in)
    except (TypeError, ValueError):
        life_s = _LIFE_S
    # Also of what is no number, such as "nan".
    life_s = min(life_s, _LONGEST_LIFE_S) if life_s > 0 else 0.0
    return life_s - min(_MARGIN_S, life_s * _MARGIN_PART)


def _json(body: bytes) -> Mapping[str, Any]:
    try:
        said = orjson.loads(body)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}
