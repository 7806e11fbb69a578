"""What several rooms of the integration tests watch."""

from typing import Any

import aiormq
import pytest


@pytest.fixture
def acknowledged(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, bool]]:
    """The acknowledgements that leave for the broker: tag, and whether it is `multiple`."""
    said: list[tuple[int, bool]] = []
    original = aiormq.Channel.basic_ack

    async def basic_ack(self: aiormq.Channel, tag: int, multiple: bool = False, **options: Any) -> Any:  # noqa: FBT001, FBT002 - the client's
        said.append((tag, multiple))
        return await original(self, tag, multiple, **options)

    monkeypatch.setattr(aiormq.Channel, "basic_ack", basic_ack)
    return said
