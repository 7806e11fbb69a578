import json
import logging
from typing import Literal

import pytest
import structlog

from pipeline.logs import configure_logs
from pipeline.settings import Settings


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
