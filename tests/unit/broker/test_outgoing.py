"""Every publish builds its properties from nothing: what was received is not copied."""

from datetime import UTC, datetime

from pipeline.broker import Incoming, moved

DANGEROUS = {
    "x-death": [{"queue": "mih.delay.01", "count": 1}],
    "x-delivery-count": 21,
    "CC": ["other"],
    "BCC": ["other"],
    "x-first-death-queue": "q",
}
OURS = {"mih-attempt": 3, "mih-source": "moodle", "ce-id": "1", "cloudEvents:type": "t"}


def received(**headers: object) -> Incoming:
    return Incoming(b"body", headers, "mih.events", "key", "application/json", None, "moodle", 0, 1)


def test_headers_of_the_broker_never_travel_on() -> None:
    on_its_way = moved(received(**DANGEROUS, **OURS), "mih.dlx", "invalid")
    assert on_its_way.headers == OURS


def test_headers_that_are_no_text_or_number_stay_behind() -> None:
    on_its_way = moved(received(**{"mih-table": {"x-death": []}, "mih-when": datetime.now(UTC)}), "", "q")
    assert on_its_way.headers == {}


def test_a_moved_message_keeps_its_bytes_and_what_its_format_is_known_by() -> None:
    on_its_way = moved(received(), "", "q")
    assert (on_its_way.body, on_its_way.content_type, on_its_way.app_id) == (b"body", "application/json", "moodle")
