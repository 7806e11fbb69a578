import json
import logging
from collections.abc import Iterator
from typing import Literal

import pytest
import structlog

from pipeline.logs import configure_logs
from pipeline.settings import Settings


@pytest.fixture(autouse=True)
def logs_as_before() -> Iterator[None]:
    """Else the tests behind these would log to a stream that is closed."""
    root, chatty = logging.getLogger(), [logging.getLogger(name) for name in ("aio_pika", "aiormq")]
    before, levels = (root.handlers[:], root.level), [logger.level for logger in chatty]
    yield
    structlog.reset_defaults()
    root.handlers[:], root.level = before
    for logger, level in zip(chatty, levels, strict=True):
        logger.setLevel(level)


def fail_with(secret: str) -> None:
    held = {"password": secret}
    raise ValueError(f"{len(held)} value is wrong")


@pytest.mark.parametrize("form", ["json", "console"])
def test_a_traceback_in_a_log_shows_no_local_values(
    form: Literal["json", "console"], capsys: pytest.CaptureFixture[str]
) -> None:
    configure_logs(Settings(log_format=form), "test")
    try:
        # Put together, for a traceback rightly shows this line.
        fail_with("hunter" + str(2))
    except ValueError:
        structlog.get_logger().exception("it failed")
    shown = capsys.readouterr().err
    assert "1 value is wrong" in shown
    assert "hunter2" not in shown


def test_without_a_terminal_a_line_is_one_json_object(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Settings(), "router")
    structlog.get_logger().info("routed", event_id="e1", deliveries=2)
    logging.getLogger("some.library").warning("took long")
    ours, theirs = map(json.loads, capsys.readouterr().err.splitlines())
    assert ours | {"timestamp": ""} == {
        "message": "routed",
        "event_id": "e1",
        "deliveries": 2,
        "role": "router",
        "level": "info",
        "timestamp": "",
    }
    assert theirs["message"] == "took long"


def test_what_is_below_the_level_is_not_logged(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logs(Settings(log_level="warning"), "test")
    structlog.get_logger().info("chatter")
    assert capsys.readouterr().err == ""
