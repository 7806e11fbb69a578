"""A line that is imported becomes a message that RabbitMQ takes, or is refused with what is wrong with it."""

from datetime import UTC, datetime
from typing import Any

import orjson
import pytest

from pipeline.broker import Incoming
from pipeline.dead_index import read_letter
from pipeline.dead_letter import headers_of_death
from pipeline.delivery import CONTENT_TYPE, Delivery, Request
from pipeline.dlq import read_line, write_line
from pipeline.errors import Unreadable
from pipeline.event import Event
from pipeline.outcome import Ending, Outcome

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)
UNROUTABLE = {"id": "x", "place": "unroutable", "routing_key": "k", "body": {"a": 1}}


def exported() -> Any:
    delivery = Delivery("d1", "erp", "r", 1, Request({"method": "PUT"}, "{}"), Event("e", "s", "t", {}), NOON)
    told = headers_of_death(delivery, Outcome(Ending.CANNOT_PASS, "HTTP 422", 422), "HTTP 422", NOON)
    came = Incoming(delivery.to_bytes(), told, "mih.dlx", "erp", CONTENT_TYPE, None, None, 0, 1)
    return orjson.loads(write_line(read_letter(came, NOON)))


def read(line: Any) -> Any:
    return read_line(orjson.dumps(line), NOON)


@pytest.mark.parametrize("name", ["routing_key", "content_type", "content_encoding", "app_id"])
def test_what_is_longer_than_amqp_can_say_is_refused(name: str) -> None:
    """It would have ended an import in its middle."""
    with pytest.raises(Unreadable, match=f"{name}: expected at most 255 bytes, found 510"):
        read({**UNROUTABLE, name: "é" * 255})


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1])
def test_a_number_that_no_header_can_hold_is_refused(number: int) -> None:
    with pytest.raises(Unreadable, match="headers: expected an object of texts and whole numbers"):
        read_line(b'{"id": "x", "place": "unroutable", "body": 1, "headers": {"mih-x": %d}}' % number, NOON)


@pytest.mark.parametrize("line", [{"headers": {"mih-x": "x" * 70_000}}, {"reason": "x" * 70_000}])
def test_headers_larger_than_a_frame_are_refused(line: dict[str, Any]) -> None:
    """RabbitMQ would have closed the connection in the middle of an import."""
    with pytest.raises(Unreadable, match="expected at most 65,536 bytes"):
        read({**UNROUTABLE, **line})


def test_a_header_that_means_something_to_rabbitmq_does_not_travel() -> None:
    """With a CC a letter would reach other queues too."""
    with pytest.raises(Unreadable, match=r"headers: expected names that begin with mih-.*, found 'CC'"):
        read({**exported(), "headers": {"CC": "mih.service.lms"}})


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"send": {}, "body": {"n": 11}}, "body.request.body: expected a text or null, found dict"),
        ({"send": 5, "body": None}, "body.request.send: expected an object, found int"),
        ({"send": {}, "body": None, "content_type": 5}, "body.request.content_type: expected a text, found int"),
    ],
)
def test_a_payload_mended_into_what_cannot_be_sent_is_refused(request_: Any, said: str) -> None:
    line = exported()
    line["body"]["request"] = request_
    with pytest.raises(Unreadable, match=said):
        read(line)


def test_a_body_too_deep_to_be_written_is_refused() -> None:
    deep = b'{"id": "x", "place": "unroutable", "body": %b1%b}' % (b"[" * 300, b"]" * 300)
    with pytest.raises(Unreadable, match="body: "):
        read_line(deep, NOON)


@pytest.mark.parametrize("levels", range(250, 258))
def test_a_letter_of_any_depth_has_a_line(levels: int) -> None:
    """One whose body is just not too deep was too deep as part of a line, and ended a discard with a bug."""
    body = b"[" * levels + b"]" * levels
    came = Incoming(body, {"mih-reason": "odd"}, "mih.dlx", "invalid", None, None, None, 0, 1)
    assert read_line(write_line(read_letter(came, NOON)), NOON).outgoing.body == body
