"""Whatever a service answers, it is read within its limit, has an ending, and is told in a reason of one line."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

from hypothesis import example, given, settings
from hypothesis import strategies as st
from multidict import CIMultiDict

from pipeline.attempt.ending import Answered, Said, Stated, Unanswered, Unsendable, judge, meaning_of
from pipeline.attempt.http_answer import read_answer, spellings, without
from pipeline.attempt.http_service import HttpService
from pipeline.outcome import Ending, Outcome, dump_outcome, read_outcome

NOW = datetime(2026, 11, 21, tzinfo=UTC)
LIMIT = 64
SECRET = "kept-secret"
MEANINGS = [
    meaning_of(HttpService.model_validate({"transport": "any", **keys}))
    for keys in (
        {},
        {"success": {"json": {"ok": [True]}, "otherwise": "retry"}},
        {"success": {"text": "accepted", "status": [200, 204]}},
        {"forbidden_on": [403], "gone_on": [410]},
    )
]

_TEXTS = st.text(max_size=20) | st.sampled_from(
    ["[" * 2000, '{"ok": true}', '{"ok": 1e999}', "\x1b]0;owned\x07", "\x00"]
)
_SAID = st.builds(Said, st.sampled_from(Ending), _TEXTS)
_SEEN = (
    st.builds(Answered, st.integers(-1, 1000), _TEXTS, st.none() | _TEXTS, st.booleans(), _SAID)
    | st.builds(Unanswered, _TEXTS, st.booleans())
    | st.builds(Unsendable, _TEXTS)
    | st.builds(Stated, st.sampled_from(Ending), _TEXTS, _TEXTS)
)


@given(_SEEN, st.sampled_from(MEANINGS), st.integers(0, 10**9))
def test_every_answer_has_an_ending_that_can_be_told(
    seen: Answered | Unanswered | Unsendable | Stated, meaning: object, latency_ms: int
) -> None:
    outcome = judge(seen, meaning, now=NOW, latency_ms=latency_ms)  # type: ignore[arg-type]  # one of MEANINGS
    assert isinstance(outcome, Outcome)
    assert outcome.ending in Ending
    assert read_outcome(dump_outcome(outcome)) == outcome


@settings(deadline=None)
@given(
    st.lists(st.binary(max_size=100), max_size=4),
    st.sampled_from(["", "gzip", "deflate", "x-gzip", "br", "gzip, gzip", "GZIP "]) | st.text("abc,; ", max_size=6),
)
@example([b"\x1f\x8b\x08", b""], "gzip")
@example([b"", b"\x78"], "deflate")
def test_every_answer_is_read_up_to_its_limit(chunks: list[bytes], encoding: str) -> None:
    async def sent() -> AsyncIterator[bytes]:
        # None that is empty: a connection gives no such.
        for chunk in filter(None, chunks):
            yield chunk

    reading = read_answer(200, CIMultiDict({"Content-Encoding": encoding}), sent(), LIMIT)
    answer = without(asyncio.run(reading), spellings(frozenset({SECRET})))
    assert len(answer.body) <= LIMIT
