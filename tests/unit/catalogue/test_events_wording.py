"""How `mih events` finds the type that is meant, and how it tells a time."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.catalogue import SeenType
from pipeline.cli.events import ago, chosen
from pipeline.errors import Misconfigured

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
TYPES = [
    SeenType(name, 1, NOON, NOON, "campus")
    for name in (r"\core\event\user_created", r"\core\event\user_deleted", "shop.order", r"\both", "both")
]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (-3_600, "just now"),
        (0, "just now"),
        (0.99, "just now"),
        (1, "1 second ago"),
        (59.9, "59 seconds ago"),
        (60, "1 minute ago"),
        (3_599, "59 minutes ago"),
        (7_200, "2 hours ago"),
        (86_400, "1 day ago"),
        (864_000, "10 days ago"),
    ],
)
def test_a_time_is_told_in_its_largest_unit(seconds: float, said: str) -> None:
    assert ago(NOON - timedelta(seconds=seconds), NOON) == said


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (r"\core\event\user_created", r"\core\event\user_created"),
        (r"core\event\user_created", r"\core\event\user_created"),
        ("shop.order", "shop.order"),
        (r"\shop.order", "shop.order"),
        ("both", "both"),
        (r"\both", r"\both"),
    ],
)
def test_a_leading_backslash_may_be_left_out_and_what_is_there_exactly_comes_first(asked: str, found: str) -> None:
    assert chosen(asked, TYPES).type == found


@pytest.mark.parametrize(
    ("asked", "near"),
    [
        ("coreeventuser_created", r" (did you mean '\core\event\user_created'?)"),
        ("core.event.user_deleted", r" (did you mean '\core\event\user_deleted'?)"),
        ("Shop.Order", " (did you mean 'shop.order'?)"),
        ("zzz", ""),
    ],
)
def test_a_type_that_was_not_seen_is_told_with_the_nearest_that_was(asked: str, near: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        chosen(asked, TYPES)
    assert str(refused.value) == f"no event of type {asked} was seen so far{near}; `mih events` lists those that were"
