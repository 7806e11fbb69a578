"""The operator's page names commands and options that there are."""

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from pipeline import cli

PAGE = (Path(__file__).parents[3] / "docs/operating.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
LINES = [line for block in BLOCKS for line in block.splitlines()]


def test_every_question_has_a_command() -> None:
    questions = re.split(r"^## ", PAGE, flags=re.MULTILINE)[1:]
    assert len(questions) >= 10
    without = [
        question.splitlines()[0] for question in questions if "`mih " not in question and "\nmih " not in question
    ]
    assert not without


@pytest.mark.parametrize("line", sorted(set(LINES)))
def test_a_command_of_the_page_is_one(line: str) -> None:
    program, *words = shlex.split(line)
    assert program == "mih"
    command = typer.main.get_command(cli._app(words[0]))  # noqa: SLF001 - the whole of the command line
    while commands := getattr(command, "commands", None):
        command = commands[words.pop(0)]
    known = {option for parameter in command.params for option in parameter.opts}
    assert {word for word in words if word.startswith("--")} <= known
