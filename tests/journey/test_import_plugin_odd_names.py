"""`mih import plugin` of a file whose name is no text."""

import os
import sys
from pathlib import Path

import orjson
import pytest

from pipeline.cli import main


def test_a_file_whose_name_is_no_utf_8_is_told_in_json_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / os.fsdecode(b"caf\xe9.csv")
    file.write_text("id,name,base_url,auth_token\n1,erp,https://erp.example.org,a-token\n")
    monkeypatch.setattr(sys, "argv", ["mih", "import", "plugin", str(file), "--json"])
    with pytest.raises(SystemExit) as ended:
        main()
    assert not ended.value.code
    [variable] = orjson.loads(capsys.readouterr().out)["variables"]
    assert variable["place"].endswith(r"caf\xe9.csv: services row 1")
