"""One request against what a test expects of it: the keys that the test mentions, and no others."""

from collections.abc import Iterator
from itertools import chain
from typing import Any

from pipeline import exact_json
from pipeline.delivery import Delivery, Request
from pipeline.rules.plan import Refused
from pipeline.rules.rule import NO_BODY
from pipeline.rules.templates import is_json
from pipeline.rules.trial.difference import ABSENT, Difference, differences, short
from pipeline.rules.trial.trial import Expectation

#: What a rule makes of an event that it matches.
Answer = Delivery | Refused


def compare(expectation: Expectation, answer: Answer) -> tuple[Difference, ...]:
    """Tell in what an answer is another than expected."""
    if isinstance(answer, Refused) and "refused" not in expectation:
        return (Difference("request", "one that can be sent", f"none: {answer.reason}"),)
    return tuple(chain.from_iterable(_compared(key, value, answer) for key, value in expectation.items()))


def _compared(key: str, expected: Any, answer: Answer) -> Iterator[Difference]:
    if key == "refused":
        return _refused(expected, answer)
    if key in ("rule", "service"):
        return differences(key, expected, getattr(answer, key))
    request = answer.request if isinstance(answer, Delivery) else None
    return _of_request(key, expected, request or Request())


def _refused(expected: str, answer: Answer) -> Iterator[Difference]:
    if isinstance(answer, Delivery):
        yield Difference("refused", short(expected), "a request that can be sent")
    elif expected not in answer.reason:
        yield Difference("refused", f"a reason with {short(expected)}", answer.reason)


def _of_request(key: str, expected: Any, request: Request) -> Iterator[Difference]:
    if key == "payload":
        return differences(key, ABSENT if expected == NO_BODY else expected, _body(request))
    found = request.content_type if key == "content_type" else request.send.get(key, ABSENT)
    return differences(key, expected, found)


def _body(request: Request) -> Any:
    if request.body is None:
        return ABSENT
    return exact_json.loads(request.body) if is_json(request.content_type) else request.body
