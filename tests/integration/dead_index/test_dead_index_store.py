"""What every database must do for the index of the dead."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from indexed_letters import NOON, letter

from pipeline.dead_index import DeadIndex, Dropped, Entry, Selection

pytest_plugins = ["registry_databases"]

SECOND = timedelta(seconds=1)
LETTERS = [
    letter(1),
    letter(2, reason="HTTP 422, 100% of É_é"),
    letter(3, "lms"),
    letter(4, "lms", "timeout"),
    letter(5, "invalid", "not JSON\nat all", b"\x00\xff"),
    letter(6, "unroutable", "no queue", None),
]


@pytest.fixture
async def url(new_database: Callable[[], str]) -> str:
    return new_database()


@pytest.fixture
async def index(url: str) -> AsyncIterator[DeadIndex]:
    async with DeadIndex.open(url) as opened:
        yield opened


async def found(index: DeadIndex, selection: Selection) -> list[Entry]:
    return [entry async for entry in index.select(selection)]


async def ids(index: DeadIndex, selection: Selection = Selection()) -> set[str]:  # noqa: B008 - it is frozen
    return {entry.letter_id for entry in await found(index, selection)}


async def test_an_empty_index_knows_nothing(index: DeadIndex) -> None:
    assert await found(index, Selection()) == []
    assert await index.groups(Selection()) == []
    assert await index.letters("d1") == []
    assert await index.counts() == {}
    assert await index.dropped() == []


async def test_what_was_added_is_found_whole(index: DeadIndex) -> None:
    await index.add(LETTERS)
    for one in LETTERS:
        assert await index.letters(one.letter_id) == await index.letters(one.event_id) == [one]
        assert await index.letter(one.place, one.letter_id) == one
        assert await index.letter("elsewhere", one.letter_id) is None
    entries = {entry.letter_id: entry for entry in await found(index, Selection())}
    assert all(
        getattr(one, name) == getattr(entries[one.letter_id], name) for one in LETTERS for name in Entry.__slots__
    )
    assert await index.counts() == {"erp": 2, "lms": 2, "invalid": 1, "unroutable": 1}


@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(place="lms"),
        Selection(place=""),
        Selection(reason="http"),
        Selection(reason="100%"),
        Selection(reason="1__%"),
        Selection(reason="É"),
        Selection(reason="é_É"),
        Selection(reason="\\"),
        Selection(died_before=NOON + 3 * SECOND),
        Selection(died_before=(NOON + 3 * SECOND).astimezone(timezone(timedelta(hours=5)))),
        Selection(ids=frozenset({"d1", "d4", "d9"})),
        Selection(fingerprint=LETTERS[0].fingerprint),
        Selection("lms", "HTTP", NOON + 9 * SECOND, frozenset({"d3", "d4"}), LETTERS[2].fingerprint),
    ],
)
async def test_the_database_chooses_as_a_selection_in_memory_does(index: DeadIndex, selection: Selection) -> None:
    await index.add(LETTERS)
    assert await ids(index, selection) == {one.letter_id for one in LETTERS if selection.holds(one)}
    counted = sum(group.letters for group in await index.groups(selection))
    assert counted == len(await found(index, selection))


async def test_the_same_letter_is_one_however_often_it_is_told_of(index: DeadIndex) -> None:
    await index.add([letter(1), letter(1)])
    await index.add([letter(1), letter(2)])
    await index.add([letter(1, "lms")])
    assert await index.counts() == {"erp": 2, "lms": 1}
    assert [one.place for one in await index.letters("d1")] == ["erp", "lms"]


async def test_of_two_deaths_the_later_one_counts_whichever_is_told_first(index: DeadIndex) -> None:
    first = letter(1)
    again = replace(first, died_at=NOON + timedelta(hours=1), reason="HTTP 500")
    for order in ([first, again], [again, first]):
        for one in order:
            await index.add([one])
        assert await index.letters("d1") == [again]


async def test_causes_are_counted_with_their_first_and_last_death(index: DeadIndex) -> None:
    await index.add([*(letter(number) for number in range(10, 60)), letter(5, reason="timeout")])
    most, other = await index.groups(Selection())
    assert (most.place, most.letters, most.reason) == ("erp", 50, "HTTP 422")
    assert (most.first, most.last) == (NOON + 10 * SECOND, NOON + 59 * SECOND)
    assert (other.letters, other.reason) == (1, "timeout")


async def test_a_list_of_many_pages_has_each_letter_once(index: DeadIndex) -> None:
    for start in range(0, 2_500, 500):
        await index.add([replace(letter(number), died_at=NOON) for number in range(start, start + 500)])
    listed = [entry.letter_id for entry in await found(index, Selection())]
    assert len(listed) == len(set(listed)) == 2_500


async def test_what_left_its_place_is_removed_and_what_died_again_meanwhile_stays(index: DeadIndex) -> None:
    await index.add([*LETTERS, letter(1, "lms")])
    await index.remove("erp", ["d1", "d2", "d2", "d9"], died_before=NOON + 2 * SECOND)
    assert await index.counts() == {"erp": 1, "lms": 3, "invalid": 1, "unroutable": 1}
    await index.remove("erp", [], died_before=NOON)
    assert await ids(index, Selection(place="erp")) == {"d2"}


@pytest.mark.parametrize(("nth", "died_at"), [(1, 4), (2, 3), (3, 1), (4, 1), (5, None)])
async def test_the_death_of_the_nth_newest_letter_of_a_place_is_told(
    index: DeadIndex, nth: int, died_at: int | None
) -> None:
    twice = replace(letter(9), died_at=NOON + SECOND)
    await index.add([letter(3), letter(1), letter(4), twice, letter(8, "lms")])
    assert await index.death_of_newest("erp", nth) == (None if died_at is None else NOON + died_at * SECOND)


async def test_what_limits_dropped_is_counted_by_place_and_limit(index: DeadIndex) -> None:
    await index.note_dropped("erp", 5, why="older than 30d", at=NOON)
    await index.note_dropped("erp", 2, why="older than 30d", at=NOON + SECOND)
    await index.note_dropped("erp", 1, why="more than 100000", at=NOON)
    assert await index.dropped() == [
        Dropped("erp", "more than 100000", 1, NOON, NOON),
        Dropped("erp", "older than 30d", 7, NOON, NOON + SECOND),
    ]


async def test_recorders_at_once_lose_no_letter_and_keep_none_twice(url: str) -> None:
    """Also when the first of them creates the tables, and each has the letters in another order."""

    async def record(number: int) -> None:
        letters = [letter(one) for one in range(60)]
        async with DeadIndex.open(url) as index:
            for _ in range(5):
                await index.add(letters[number * 15 :] + letters[: number * 15])

    await asyncio.gather(*map(record, range(4)))
    async with DeadIndex.open(url) as index:
        assert await index.counts() == {"erp": 60}
