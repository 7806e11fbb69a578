"""A selection holds a letter when everything holds that it says."""

from datetime import timedelta

import pytest
from dead_messages import NOON, NOW, dead, delivery

from pipeline.dead_index import Selection, read_letter

LETTER = read_letter(dead(delivery(), "HTTP 422, É"), NOW)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    "selection",
    [
        Selection(),
        Selection(place="erp"),
        Selection(reason="http 4"),
        Selection(reason="É"),
        Selection(died_before=NOON + SECOND),
        Selection(ids=frozenset({"d0", "d1"})),
        Selection(fingerprint=LETTER.fingerprint),
        Selection("erp", "422", NOON + SECOND, frozenset({"d1"}), LETTER.fingerprint),
    ],
)
def test_it_holds_what_it_says(selection: Selection) -> None:
    assert selection.holds(LETTER)


@pytest.mark.parametrize(
    "selection",
    [
        Selection(place="lms"),
        Selection(place=""),
        Selection(reason="503"),
        Selection(reason="é"),
        Selection(reason="HTTP%"),
        Selection(died_before=NOON),
        Selection(ids=frozenset({"d"})),
        Selection(fingerprint="0"),
        Selection("erp", "422", NOON, frozenset({"d1"}), LETTER.fingerprint),
    ],
)
def test_it_does_not_hold_anything_else(selection: Selection) -> None:
    assert not selection.holds(LETTER)
