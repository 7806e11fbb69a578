"""What a router has seen and not written down yet: complete as long as it may be, and bounded for ever."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from pipeline.catalogue.shape import MAX_NAMES
from pipeline.catalogue.sightings import MAX_REMEMBERED, MAX_WAITING, MAX_WAITING_NAMES, Sightings
from pipeline.event import Event

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
LATER = NOON + timedelta(minutes=1)
NAMES = {f"name{n}": n for n in range(400)}


def event(event_type: str, data: Mapping[str, int] | None = None, *, source: str = "shop") -> Event:
    return Event("e1", source, event_type, dict(data or {}))


def test_events_are_counted_by_type_with_the_names_of_all_of_them() -> None:
    seen = Sightings()
    seen.note(event("order", {"number": 1}), NOON)
    seen.note(event("order", {"price": 2}), LATER)
    seen.note(event("refund", source="till"), LATER)
    taken = seen.take()
    order = taken["order"]
    assert (order.count, order.first_seen, order.last_seen, order.sample) == (2, NOON, LATER, {"number": 1})
    assert order.names == {"number", "price"}
    assert (taken["refund"].count, taken["refund"].source) == (1, "till")


def test_what_was_taken_is_not_given_twice_and_a_name_once() -> None:
    seen = Sightings()
    seen.note(event("order", {"number": 1}), NOON)
    seen.take()
    assert not seen.take()
    seen.note(event("order", {"number": 1, "price": 2}), LATER)
    again = seen.take()["order"]
    assert (again.count, again.names) == (1, {"price"})


def test_what_is_put_back_is_given_again_with_what_came_meanwhile() -> None:
    seen = Sightings()
    seen.note(event("order", {"number": 1}), NOON)
    taken = seen.take()
    seen.note(event("order", {"price": 2}, source="till"), LATER)
    seen.note(event("refund"), LATER)
    seen.put_back(taken)
    both = seen.take()
    order = both["order"]
    assert (order.count, order.first_seen, order.last_seen, order.source) == (2, NOON, LATER, "till")
    assert order.names == {"number", "price"}
    assert order.sample == {"price": 2}
    assert both["refund"].count == 1


def test_types_that_wait_are_bounded_also_while_nothing_can_be_written_down() -> None:
    seen = Sightings()
    for turn in range(5):
        for number in range(MAX_WAITING):
            seen.note(event(f"type-{turn}-{number}"), NOON)
        seen.note(event("type-0-0"), NOON)
        taken = seen.take()
        assert len(taken) == MAX_WAITING
        seen.put_back(taken)
    assert seen.take()["type-0-0"].count == 6


def test_names_that_wait_are_bounded_and_the_others_come_later() -> None:
    seen = Sightings()
    for number in range(100):
        seen.note(event(f"type-{number}", NAMES), NOON)
    waiting = sum(len(sighting.names) for sighting in seen.take().values())
    assert MAX_WAITING_NAMES <= waiting < MAX_WAITING_NAMES + MAX_NAMES
    seen.note(event("type-99", NAMES), NOON)
    assert seen.take()["type-99"].names == set(NAMES)


def test_names_that_wait_are_bounded_also_while_nothing_can_be_written_down() -> None:
    seen = Sightings()
    for turn in range(6):
        taken = seen.take()
        for number in range(100):
            seen.note(event(f"type-{number}", {f"{name}-{turn}": n for name, n in NAMES.items()}), NOON)
        seen.put_back(taken)
    assert sum(len(sighting.names) for sighting in seen.take().values()) <= MAX_WAITING_NAMES + MAX_NAMES


def test_what_there_was_no_room_to_put_back_is_noted_again() -> None:
    seen = Sightings()
    for number in range(MAX_WAITING):
        seen.note(event(f"type-{number}", {f"name{n}": n for n in range(MAX_WAITING_NAMES // MAX_WAITING)}), NOON)
    taken = seen.take()
    seen.note(event("type-0", {"price": 1}), NOON)
    seen.note(event("one-more", {"price": 1}), NOON)
    seen.put_back(taken)
    assert "price" not in seen.take()["type-0"].names
    seen.note(event("type-0", {"price": 1}), NOON)
    seen.note(event("one-more", {"price": 1}), NOON)
    again = seen.take()
    assert "price" in again["type-0"].names & again["one-more"].names


def test_a_type_whose_keys_are_values_does_not_fill_the_memory() -> None:
    seen = Sightings()
    for number in range(3 * MAX_NAMES):
        seen.note(event("odd", {f"id{number}": 1}), NOON)
    assert len(seen.take()["odd"].names) == MAX_NAMES


def test_names_are_forgotten_and_given_again_rather_than_remembered_without_end() -> None:
    seen = Sightings()
    for number in range(MAX_REMEMBERED // len(NAMES)):
        seen.note(event("type-0", NAMES), NOON)
        assert bool(seen.take()["type-0"].names) == (number == 0)
        seen.note(event(f"type-{number}", NAMES), NOON)
    seen.note(event("type-0", NAMES), NOON)
    assert seen.take()["type-0"].names == set(NAMES)
