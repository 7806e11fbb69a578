import orjson

from pipeline.outcome import Ending, Outcome, dump_outcome, read_outcome


def test_an_outcome_reads_back_whole() -> None:
    outcome = Outcome(Ending.MAY_PASS, "no answer within 5 s", None, 5001, 30.0, "", timed_out=True)
    assert read_outcome(dump_outcome(outcome)) == outcome


def test_an_outcome_from_before_timeouts_were_told_apart_is_read() -> None:
    older = orjson.loads(dump_outcome(Outcome(Ending.MAY_PASS, "HTTP 503", 503, 12, None, "down")))
    del older["timed_out"]
    assert read_outcome(orjson.dumps(older)) == Outcome(Ending.MAY_PASS, "HTTP 503", 503, 12, None, "down")
