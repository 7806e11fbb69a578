"""`mih apply` refuses what senders would refuse, where it is written."""

import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.cli import main

REGISTRY = """\
version: 1
services:
  near:
    transport: rest
    url: http://10.1.2.3/x
  cloud: {transport: rest, url: "http://0xa9fea9fe/latest"}
  far: {transport: rest, url: "https://erp.example.org"}
"""


@dataclass(frozen=True)
class Told:
    code: int
    errors: str


@dataclass(frozen=True)
class Mih:
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> Told:
        self.monkeypatch.setattr(sys, "argv", ["mih", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        return Told(int(ended.value.code or 0), self.capsys.readouterr().err)


@pytest.fixture
def mih(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Mih:
    """`mih` in a folder of its own, with a database and no broker."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("MIH_ALLOWED_NETWORKS", raising=False)
    monkeypatch.setenv("MIH_STATE_DIR", str(tmp_path / "state"))
    monkeypatch.setenv("MIH_DATABASE_URL", f"sqlite:///{tmp_path}/mih.db")
    monkeypatch.setenv("MIH_AMQP_URL", "amqp://127.0.0.1:1/")
    (tmp_path / "hub.yaml").write_text(REGISTRY)
    return Mih(monkeypatch, capsys)


@pytest.mark.parametrize("command", ["plan", "apply"])
def test_a_service_at_a_private_address_is_refused_with_its_line_and_the_setting(mih: Mih, command: str) -> None:
    told = mih.run(command, "hub.yaml")
    assert told.code == 2
    near, cloud = told.errors.splitlines()
    assert near.startswith("error hub.yaml:5: services.near.url: 10.1.2.3 is a private or local address")
    assert near.endswith("MIH_ALLOWED_NETWORKS must list it, for example 10.1.2.3/32")
    assert cloud.startswith("hub.yaml:6: services.cloud.url: 0xa9fea9fe (169.254.169.254) is a metadata address")
    assert cloud.endswith("MIH_ALLOWED_NETWORKS must list this very address, 169.254.169.254/32")


def test_what_the_setting_lists_is_planned_and_a_network_around_a_metadata_address_does_not_list_it(mih: Mih) -> None:
    mih.monkeypatch.setenv("MIH_ALLOWED_NETWORKS", "10.0.0.0/8, 169.254.0.0/16")
    told = mih.run("plan", "hub.yaml")
    assert [line.partition(": ")[0] for line in told.errors.splitlines()] == ["error hub.yaml:6"]
    mih.monkeypatch.setenv("MIH_ALLOWED_NETWORKS", "10.0.0.0/8, 169.254.169.254")
    assert mih.run("plan", "hub.yaml").code == 0
