"""`mih rules …` run in this process: its exit code and what it prints."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.cli import main

REGISTRY = r"""
version: 1
services:
  erp: {transport: rest, url: "https://erp.example.org/api", auth: {type: bearer, token: "env:NOT_SET_ANYWHERE"}}
  crm: {transport: rest, url: "env:NOT_SET_ANYWHERE"}
  here: {transport: rest, url: "http://127.0.0.1:9/"}
rules:
  student-to-erp:
    event: \core\event\role_assigned
    when:
      objectid: [5]
      $or:
        - {courseid: [{numeric: [">", 1]}]}
        - {courseid: [1], contextlevel: [50]}
    service: erp
    send:
      path: /courses/{{courseid}}/students
      query: {by: "{{userid}}"}
      headers: {Authorization: Bearer hunter2, X-Site: "{{event.source}}"}
    payload: |
      {"student": {{relateduserid}}, "big": 12345678901234567890123}
  role-to-crm: {event: \core\event\role_*, service: crm, send: {path: "/roles/{{objectid}}"}, payload: none}
  user-to-here: {event: \core\event\user_created, service: here}
"""
EVENT = (
    r'{"eventname": "\\core\\event\\role_assigned", "objectid": "5", "courseid": 2, "relateduserid": 4, "userid": 2}'
)


@dataclass(frozen=True)
class Ran:
    code: int
    out: str
    errors: str


@dataclass(frozen=True)
class Command:
    """Runs in a folder that holds `rules.yaml` and `event.json`, with nothing in the environment."""

    folder: Path
    _monkeypatch: pytest.MonkeyPatch
    _capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> Ran:
        self._monkeypatch.setattr(sys, "argv", ["mih", "rules", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = self._capsys.readouterr()
        return Ran(int(ended.value.code or 0), printed.out, printed.err)

    def write(self, name: str, text: str) -> None:
        path = self.folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)


def command_in(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    command = Command(folder, monkeypatch, capsys)
    command.write("rules.yaml", REGISTRY)
    command.write("event.json", EVENT)
    monkeypatch.chdir(folder)
    # Whatever this needed of its surroundings would be missing: it is told where there is nothing.
    for name in ("AMQP_URL", "REDIS_URL", "MANAGEMENT_URL"):
        monkeypatch.setenv(f"MIH_{name}", "nowhere")
    monkeypatch.setenv("MIH_DATABASE_URL", "nowhere")
    monkeypatch.delenv("MIH_ALLOWED_NETWORKS", raising=False)
    return command
