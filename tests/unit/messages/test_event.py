import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import Unreadable
from pipeline.event import Event, read_event

texts = st.text(st.characters(codec="utf-8"), min_size=1, max_size=20)
json = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(st.characters(codec="utf-8")),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
events = st.builds(
    Event,
    id=texts,
    source=texts,
    type=texts,
    data=json,
    subject=st.none() | texts,
    time=st.none() | texts,
    hops=st.integers(0, 20),
    extensions=st.dictionaries(st.from_regex(r"\Ax[a-z0-9]{1,8}\Z"), texts, max_size=2),
)


@given(events)
def test_an_event_reads_back_as_it_was(event: Event) -> None:
    assert read_event(event.to_bytes()) == event


def test_an_event_on_the_wire_is_a_cloud_event() -> None:
    event = Event("1", "moodle", r"\core\event\user_created", {"userid": 2}, "user/2", "2026-11-20T12:00:00+00:00")
    assert orjson.loads(event.to_bytes()) == {
        "specversion": "1.0",
        "id": "1",
        "source": "moodle",
        "type": r"\core\event\user_created",
        "subject": "user/2",
        "time": "2026-11-20T12:00:00+00:00",
        "data": {"userid": 2},
    }


def test_the_routing_key_is_the_type_in_dots() -> None:
    assert Event("1", "s", r"\core\event\user_created").key == "core.event.user_created"
    assert Event("1", "s", "org.example.order").key == "org.example.order"


VALID = {"specversion": "1.0", "id": "1", "source": "s", "type": "t"}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"specversion": "0.3"}, "specversion"),
        ({"id": 5}, "id must be a text"),
        ({"id": ""}, "id must be a text"),
        ({"source": None}, "source must be a text"),
        ({"type": []}, "type must be a text"),
        ({"type": "ü" * 128}, "255 bytes"),
        ({"subject": {}}, "subject must be a text"),
        ({"time": 5}, "time must be a text"),
        ({"mihhops": -1}, "mihhops"),
        ({"mihhops": "²"}, "mihhops"),
        ({"mihhops": "9" * 5000}, "mihhops"),
        ({"id": "x" * 2049}, "id must not be longer"),
        ({"source": "ü" * 1025}, "source must not be longer"),
    ],
)
def test_what_is_no_event_is_refused_naming_the_attribute(change: dict[str, object], said: str) -> None:
    with pytest.raises(Unreadable, match=said):
        read_event(orjson.dumps(VALID | change))


@pytest.mark.parametrize("body", [b"", b"{", b"5", b"[]", b"null", b"\xff"])
def test_what_is_no_json_object_is_refused(body: bytes) -> None:
    with pytest.raises(Unreadable):
        read_event(body)
