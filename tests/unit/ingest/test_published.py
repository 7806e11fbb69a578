"""From when on it is counted how long an event takes: when it was published, as far as ingest can tell."""

from datetime import UTC, datetime, timedelta

import pytest

from pipeline.ingest.service import published

NOW = datetime(2026, 11, 21, 12, 0, 0, 500_000, UTC)


@pytest.mark.parametrize(
    ("said", "at"),
    [
        (None, NOW),
        # A timestamp of AMQP tells whole seconds: within this one it may have been just now.
        (NOW.replace(microsecond=0), NOW),
        (
            NOW.replace(microsecond=0) - timedelta(hours=1),
            NOW.replace(microsecond=0) - timedelta(minutes=59, seconds=59),
        ),
        (NOW + timedelta(hours=1), NOW),
        (datetime.max.replace(tzinfo=UTC), NOW),
    ],
)
def test_an_event_was_published_when_amqp_says_so_and_not_later_than_now(said: datetime | None, at: datetime) -> None:
    assert published(said, NOW) == at
