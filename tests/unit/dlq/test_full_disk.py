"""A journal on a disk that is full says so, and its letter stays where it is."""

from io import FileIO
from pathlib import Path
from typing import Any

import pytest

from pipeline.dlq import Journal
from pipeline.errors import Unavailable


async def test_what_a_full_disk_does_not_take_is_not_written() -> None:
    with (
        FileIO("/dev/full", "wb") as full,
        pytest.raises(Unavailable, match=r"letters\.jsonl: No space left on device"),
    ):
        await Journal(Path("letters.jsonl"), full).write(b"{}\n")


async def test_a_line_that_the_disk_took_in_part_is_not_written() -> None:
    class Nearly(FileIO):
        def write(self, data: Any) -> int:
            return len(data) - 1

    with Nearly("/dev/null", "wb") as nearly, pytest.raises(Unavailable, match="the disk is full"):
        await Journal(Path("letters.jsonl"), nearly).write(b"{}\n")
