"""Every publish builds its properties from nothing: what was received is not copied."""

from datetime import UTC, datetime

from pipeline.broker import Incoming, moved
from pipeline.broker.outgoing import properties_of

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


def test_what_is_published_is_persistent_and_has_no_expiry_or_priority() -> None:
    properties = properties_of(moved(received(**DANGEROUS), "", "q"))
    assert (properties.delivery_mode, properties.expiration, properties.priority) == (2, None, None)


def test_each_publish_has_a_message_id_of_its_own() -> None:
    message = moved(received(), "", "q")
    assert properties_of(message).message_id != properties_of(message).message_id
