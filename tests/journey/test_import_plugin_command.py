"""`mih import plugin`, and then `mih plan` on what it wrote: nothing but files and SQLite."""

import sys
from dataclasses import dataclass
from pathlib import Path

import orjson
import pytest

from pipeline.cli import main

EXPORT = Path(__file__).parents[1] / "unit" / "plugin_import" / "export"


@dataclass(frozen=True)
class Mih:
    monkeypatch: pytest.MonkeyPatch
    capsys: pytest.CaptureFixture[str]

    def run(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        self.monkeypatch.setattr(sys, "argv", ["mih", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        printed = self.capsys.readouterr()
        assert (ended.value.code or 0) == code, printed.err
        return printed.out, printed.err


@pytest.fixture
def mih(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Mih:
    for name in ("services.csv", "rules.csv", "plugin.json"):
        (tmp_path / name).write_bytes((EXPORT / name).read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MIH_DATABASE_URL", f"sqlite+aiosqlite:///{tmp_path}/mih.db")
    monkeypatch.delenv("MIH_ALLOWED_NETWORKS", raising=False)
    return Mih(monkeypatch, capsys)


def test_what_is_imported_is_accepted_by_plan(mih: Mih) -> None:
    out, told = mih.run("import", "plugin", "services.csv", "rules.csv", "--output", "registry.yaml")
    assert out == ""
    assert "6 services and 8 rules are in force, 8 in comments." in told
    assert "services.csv: services row 1, column auth_token" in told
    planned, _ = mih.run("plan", "registry.yaml", "--json")
    assert len(orjson.loads(planned)["changes"]) == 14


def test_the_file_is_printed_and_the_differences_are_told_beside_it(mih: Mih) -> None:
    out, told = mih.run("import", "plugin", "plugin.json")
    assert out == (EXPORT / "registry.yaml").read_text()
    assert "rules.user_updated-to-student-crm-2-0" in told
    assert "sent as a GET, the payload as its query" in told


def test_a_file_is_written_over_only_when_forced(mih: Mih) -> None:
    Path("registry.yaml").write_text("mine")
    _, told = mih.run("import", "plugin", "plugin.json", "--output", "registry.yaml", code=2)
    assert "registry.yaml: is there already; --force writes over it" in told
    assert Path("registry.yaml").read_text() == "mine"
    mih.run("import", "plugin", "plugin.json", "--output", "registry.yaml", "--force")
    assert Path("registry.yaml").read_text() == (EXPORT / "registry.yaml").read_text()


def test_everything_is_had_as_json(mih: Mih) -> None:
    out, told = mih.run("import", "plugin", "plugin.json", "--json")
    assert told == ""
    found = orjson.loads(out)
    assert set(found) == {"document", "file", "not_in_force", "variables", "differences"}
    assert found["file"] == (EXPORT / "registry.yaml").read_text()
    assert len(found["not_in_force"]) == 8
    assert {"where", "place", "column", "there", "here"} == set(found["differences"][0])
    assert found["variables"][0] == {
        "name": "ERP_TOKEN",
        "place": "plugin.json: services row 1",
        "column": "auth_token",
    }


def test_files_that_cannot_be_read_are_told_all_at_once(mih: Mih) -> None:
    Path("utf16.csv").write_bytes("id,name\n".encode("utf-16"))
    Path("bad.json").write_text("[1")
    _, told = mih.run("import", "plugin", "utf16.csv", "absent.csv", "bad.json", code=2)
    for words in (
        "utf16.csv: found bytes that are no UTF-8 text",
        "absent.csv: cannot be read: No such file",
        "bad.json: cannot be read as JSON",
    ):
        assert words in told


def test_a_private_address_is_told_with_the_setting_that_opens_it(mih: Mih) -> None:
    Path("s.csv").write_text("id,name,base_url\n1,near,http://10.1.2.3/x\n")
    _, told = mih.run("import", "plugin", "s.csv", "--output", "near.yaml")
    assert "MIH_ALLOWED_NETWORKS must list it, for example 10.1.2.3/32" in told
    mih.run("plan", "near.yaml", code=2)
    mih.monkeypatch.setenv("MIH_ALLOWED_NETWORKS", "10.0.0.0/8")
    mih.run("plan", "near.yaml")
