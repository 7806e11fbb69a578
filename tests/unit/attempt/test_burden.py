import pytest

from pipeline.attempt.burden import burden_of
from pipeline.outcome import Ending, Outcome
from pipeline.shared_state.permit import Burden

MAY_PASS, CANNOT_PASS, DELIVERED = Ending.MAY_PASS, Ending.CANNOT_PASS, Ending.DELIVERED


def weighed(outcome: Outcome, *, latency_ms: int = 10, slow_ms: int | None = 2000, slow_calls: bool = False) -> Burden:
    return burden_of(outcome, latency_ms=latency_ms, slow_ms=slow_ms, slow_calls=slow_calls)


@pytest.mark.parametrize(
    ("outcome", "burden"),
    [
        (Outcome(DELIVERED, "HTTP 200", 200), Burden(delivered=True)),
        (Outcome(MAY_PASS, "HTTP 500", 500), Burden(fails=True)),
        (Outcome(MAY_PASS, "HTTP 408", 408), Burden(fails=True)),
        (Outcome(MAY_PASS, "HTTP 503", 503), Burden(fails=True, strains=True)),
        (Outcome(MAY_PASS, "HTTP 429", 429), Burden(strains=True)),
        (Outcome(MAY_PASS, "HTTP 409", 409), Burden(fails=True)),
        (Outcome(MAY_PASS, "HTTP 200, but success.text is not in the answer", 200), Burden(fails=True)),
        (Outcome(MAY_PASS, "connection refused"), Burden(fails=True)),
        (Outcome(MAY_PASS, "no answer within 5 s", timed_out=True), Burden(fails=True, strains=True)),
        (Outcome(CANNOT_PASS, "HTTP 404", 404), Burden()),
        (Outcome(CANNOT_PASS, "HTTP 503", 503), Burden(strains=True)),
        (Outcome(CANNOT_PASS, "HTTP 429", 429), Burden(strains=True)),
        (Outcome(CANNOT_PASS, "not sent"), Burden()),
        (Outcome(Ending.FORBIDDEN, "HTTP 401", 401), Burden(refuses=True)),
        (Outcome(Ending.GONE, "HTTP 410", 410), Burden()),
    ],
)
def test_what_an_attempt_says_of_its_service(outcome: Outcome, burden: Burden) -> None:
    assert weighed(outcome) == burden


@pytest.mark.parametrize("ending", Ending)
@pytest.mark.parametrize("slow_calls", [False, True])
def test_an_answer_is_slow_that_takes_longer_than_it_may(ending: Ending, *, slow_calls: bool) -> None:
    outcome = Outcome(ending, "why", 418)
    quick = weighed(outcome, latency_ms=2000, slow_calls=slow_calls)
    assert quick == weighed(outcome, slow_calls=slow_calls)
    slow = weighed(outcome, latency_ms=2001, slow_calls=slow_calls)
    assert (slow.strains, slow.fails) == (True, slow_calls or ending is MAY_PASS)
    assert (slow.delivered, slow.refuses) == (quick.delivered, quick.refuses)


def test_nothing_is_slow_where_nobody_said_what_that_is() -> None:
    outcome = Outcome(DELIVERED, "HTTP 200", 200)
    assert weighed(outcome, latency_ms=100_000, slow_ms=None, slow_calls=True) == Burden(delivered=True)
