import pytest

from topology.declare import read_refusal
from topology.errors import ArgumentsDiffer


@pytest.mark.parametrize(
    ("told", "argument", "expected", "found"),
    [
        ("received '1000' but current is '5'", "x-delivery-limit", "1000", "5"),
        ("received none but current is the value '5' of type 'signedint'", "x-max-length", "none", "5"),
        ("received the value '1' of type 'signedint' but current is none", "x-message-ttl", "1", "none"),
        ("received the value '' of type 'longstr' but current is none", "x-dead-letter-exchange", "", "none"),
    ],
)
def test_a_refusal_of_rabbitmq_is_read_into_what_differs(told: str, argument: str, expected: str, found: str) -> None:
    text = f"PRECONDITION_FAILED - inequivalent arg '{argument}' for queue 'mih.ingest' in vhost 'it's/here': {told}"
    difference = read_refusal(text)
    assert difference
    assert (difference.kind, difference.name) == ("queue", "mih.ingest")
    assert (difference.argument, difference.expected, difference.found) == (argument, expected, found)


def test_a_refusal_for_another_reason_is_not_taken_for_a_difference() -> None:
    assert read_refusal("PRECONDITION_FAILED - queue limit in vhost '/' (5) is reached") is None


def test_the_error_says_for_each_what_is_there_and_what_to_do() -> None:
    queue = read_refusal(
        "inequivalent arg 'durable' for queue 'a' in vhost '/': received 'true' but current is 'false'"
    )
    exchange = read_refusal(
        "inequivalent arg 'type' for exchange 'b' in vhost '/': received 'topic' but current is 'x'"
    )
    assert queue
    assert exchange
    for_queue, for_exchange = str(ArgumentsDiffer((queue, exchange))).splitlines()
    assert for_queue.startswith("queue a: durable is false, expected true; it cannot be changed in place: drain")
    assert for_exchange.startswith("exchange b: type is x, expected topic; it cannot be changed in place: delete")
