from collections import Counter

import pytest

from pipeline.cli.demo.account import Account, take_account
from pipeline.cli.demo.evidence import Call, Cause, Evidence

ERP, CHAT = "demo-erp", "demo-chat"
PUT = Call(ERP, "delivery-1", "PUT /students/4", '{"student": 4}')
SAY = Call(CHAT, "delivery-2", "POST /messages", '{"text": "hello"}')


def _good() -> Evidence:
    """Three events, one of them twice, and one message that nobody can read: five are published.

    A breaker opened for a while, and one of the deliveries was a dead letter for a while.
    """
    seen = Evidence(services={ERP: "rest", CHAT: "amqp"})
    seen.published.update(["created", "created", "updated", "viewed", None])
    seen.understood = {"id-1": "created", "id-2": "updated", "id-3": "viewed"}
    seen.wanted = {"id-1": (PUT,), "id-2": (SAY,), "id-3": ()}
    seen.again["id-1"] += 1
    seen.unreadable = 1
    seen.failed[SAY.delivery] += 2
    seen.died.add(PUT.delivery)
    seen.accept(PUT)
    seen.accept(SAY)
    for state in ("closed", "open", "half-open", "open", "half-open", "closed"):
        seen.stand(CHAT, state)
    return seen


def _judged(seen: Evidence) -> Account:
    return take_account(seen, planned=5)


def test_what_is_published_understood_and_delivered_agrees() -> None:
    account = _judged(_good())
    assert account.agrees
    assert account.published == 5 == account.understood + account.repeats + account.unreadable
    assert (account.understood, account.wanted, account.unwanted) == (3, 2, 1)
    assert (account.total("expected"), account.total("delivered"), account.failed_attempts) == (2, 2, 2)
    assert (account.total("died"), account.replayed, account.total("dead")) == (1, 1, 0)
    assert account.of(CHAT).opened == 1


def test_the_account_of_nothing_is_not_settled_while_something_is_planned() -> None:
    assert not take_account(Evidence(), planned=1).is_settled


def test_a_message_that_a_killed_stage_met_again_is_no_repeat() -> None:
    seen = _good()
    seen.again.update(["id-1", "id-2"])
    assert _judged(seen).repeats == 1
    assert _judged(seen).agrees


def test_an_event_that_is_understood_before_its_publisher_knows_takes_nothing_away() -> None:
    seen = _good()
    seen.understood["id-4"] = "left"
    assert _judged(seen).repeats == 1


def test_a_lost_event_is_named() -> None:
    seen = _good()
    del seen.understood["id-3"]
    account = _judged(seen)
    assert account.lost == ("viewed",)
    assert not account.is_settled


def test_a_lost_event_is_not_hidden_by_a_repeat_too_many() -> None:
    seen = _good()
    del seen.understood["id-3"]
    seen.again["id-2"] += 1
    assert not _judged(seen).agrees


def _lost_repeat(seen: Evidence) -> None:
    seen.again.clear()


def _unheard_unreadable(seen: Evidence) -> None:
    seen.unreadable = 0


def _somebody_elses_repeat(seen: Evidence) -> None:
    seen.again = Counter(["an id of somebody else's"])


def _not_all_published(seen: Evidence) -> None:
    seen.published.subtract(["created"])
    seen.again.clear()


def _not_delivered(seen: Evidence) -> None:
    del seen.accepted[SAY]


def _another_body(seen: Evidence) -> None:
    del seen.accepted[SAY]
    seen.accept(Call(SAY.service, SAY.delivery, SAY.line, '{"text": "good-bye"}'))


@pytest.mark.parametrize(
    "break_it",
    [_lost_repeat, _unheard_unreadable, _somebody_elses_repeat, _not_all_published, _not_delivered, _another_body],
)
def test_what_is_not_there_yet_is_neither_settled_nor_does_it_agree(break_it: object) -> None:
    seen = _good()
    assert callable(break_it)
    break_it(seen)
    assert not _judged(seen).is_settled
    assert not _judged(seen).agrees


def test_a_delivery_that_comes_again_under_its_key_is_told_and_is_no_surplus() -> None:
    seen = _good()
    seen.accept(PUT)
    assert _judged(seen).agrees
    assert (_judged(seen).total("again"), _judged(seen).total("surplus")) == (1, 0)


def _another_body_under_the_same_key(seen: Evidence) -> None:
    seen.accept(Call(PUT.service, PUT.delivery, PUT.line, '{"student": 5}'))


def _an_unknown_delivery(seen: Evidence) -> None:
    seen.accept(Call(ERP, "delivery-9", PUT.line, PUT.body))


def _dead(seen: Evidence) -> None:
    del seen.accepted[PUT]


def _known_to_the_index(seen: Evidence) -> None:
    seen.causes = [Cause(ERP, "HTTP 422", "0123456789ab", letters=1)]


def _none_died(seen: Evidence) -> None:
    seen.died.clear()


def _no_breaker_opened(seen: Evidence) -> None:
    seen.opened.clear()


@pytest.mark.parametrize(
    "break_it",
    [
        _another_body_under_the_same_key,
        _an_unknown_delivery,
        _dead,
        _known_to_the_index,
        _none_died,
        _no_breaker_opened,
    ],
)
def test_what_ended_badly_or_never_happened_is_settled_and_does_not_agree(break_it: object) -> None:
    seen = _good()
    assert callable(break_it)
    break_it(seen)
    assert _judged(seen).is_settled
    assert not _judged(seen).agrees


def test_each_delivery_is_counted_once_where_it_ended() -> None:
    seen = Evidence(services={ERP: "rest"})
    calls = [Call(ERP, f"delivery-{number}", "PUT /") for number in range(5)]
    seen.understood = {"id": "created"}
    seen.wanted = {"id": tuple(calls)}
    seen.failed.update(call.delivery for call in calls[:4])
    seen.accept(calls[0])
    seen.died.update(call.delivery for call in calls[:2])
    [service] = take_account(seen, planned=1).services
    assert (service.expected, service.delivered, service.dead, service.missing) == (5, 1, 1, 3)
    assert (service.died, service.again, service.surplus) == (2, 0, 0)


def test_a_breaker_opens_again_only_after_it_was_closed() -> None:
    seen = Evidence(services={CHAT: "amqp"})
    for state in ("open", "half-open", "open", "closed", "closed", "open"):
        seen.stand(CHAT, state)
    assert take_account(seen, planned=0).of(CHAT).opened == 2


def test_a_service_is_well_when_its_breaker_is_closed_and_nothing_waits() -> None:
    seen = _good()
    assert _judged(seen).of(CHAT).is_well
    seen.stand(CHAT, "half-open")
    assert not _judged(seen).of(CHAT).is_well
    del seen.accepted[PUT]
    seen.died.clear()
    assert not _judged(seen).of(ERP).is_well


def test_the_dead_are_indexed_when_the_index_knows_as_many_letters_of_these_services() -> None:
    seen = _good()
    del seen.accepted[PUT]
    seen.causes = [Cause("invalid", "not JSON", "0123456789ab", letters=1)]
    assert not _judged(seen).is_indexed
    seen.causes = [Cause(ERP, "HTTP 422", "0123456789ab", letters=1)]
    assert _judged(seen).is_indexed
