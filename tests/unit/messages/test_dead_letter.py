from datetime import UTC, datetime

from pipeline.dead_letter import fingerprint, headers_of_death, read_dead_letter
from pipeline.delivery import Delivery, Request
from pipeline.event import Event
from pipeline.outcome import Ending, Outcome

SEEN = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
DELIVERY = Delivery("d1", "erp", "rule", 7, Request(), Event("e1", "moodle", "t"), SEEN, attempt=10)
OUTCOME = Outcome(Ending.MAY_PASS, "HTTP 503", 503, 12, None, "down")


def test_a_dead_letter_reads_back_with_its_story() -> None:
    letter = read_dead_letter(
        DELIVERY.to_bytes(), headers_of_death(DELIVERY, OUTCOME, "HTTP 503, after 10 attempts", SEEN)
    )
    assert letter.delivery == DELIVERY
    assert letter.outcome == OUTCOME
    assert letter.reason == "HTTP 503, after 10 attempts"
    assert letter.died_at == SEEN


def test_a_letter_that_rabbitmq_dead_lettered_is_read_without_a_story() -> None:
    letter = read_dead_letter(DELIVERY.to_bytes(), {"x-death": [{"reason": "delivery_limit"}]})
    assert (letter.delivery.id, letter.outcome, letter.died_at) == ("d1", None, None)
    assert "delivery limit" in letter.reason


def test_letters_of_one_cause_have_one_fingerprint() -> None:
    unrendered = [f"payload: value {number} is no number" for number in (5, 77)]
    assert len({fingerprint("erp", reason, None) for reason in unrendered}) == 1


def test_other_services_statuses_and_causes_have_others() -> None:
    causes = [("erp", "HTTP 503", 503), ("erp", "HTTP 500", 500), ("sis", "HTTP 503", 503), ("erp", "timeout", None)]
    assert len({fingerprint(*cause) for cause in causes}) == len(causes)
