"""MIH_SECRET_KEYS is read, newest first; what is wrong with it is told by its number, and nothing of it repeated."""

from base64 import b64encode
from pathlib import Path

import pytest

from pipeline.errors import Misconfigured
from pipeline.registry.references import secret_keys
from pipeline.secret_keys import new_key, read_keys
from pipeline.settings import load_settings

GOOD = f"k1:{b64encode(bytes(32)).decode()}"


@pytest.mark.parametrize("text", ["", " ", ",\n"])
def test_nothing_is_no_keys(text: str) -> None:
    assert not read_keys(text)


def test_keys_keep_their_order() -> None:
    assert list(read_keys(f" {new_key('b')}, {new_key('a')},\n{GOOD}\n")) == ["b", "a", "k1"]


def test_every_new_key_is_another() -> None:
    assert new_key("k") != new_key("k")


@pytest.mark.parametrize("key_id", ["", "a:b", "a b", "a,b", "ü", "x" * 41])
def test_what_is_no_id_is_refused(key_id: str) -> None:
    with pytest.raises(ValueError, match="expected an id"):
        new_key(key_id)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("hunter2", "entry 1 is no key"),
        (f"{GOOD},hunter2:", "entry 2 is no key"),
        (f"{GOOD},{GOOD.partition(':')[2]}:hunter2", "entry 2 is no key"),
        ("hunter2:!!", "entry 1 holds what is no base64"),
        ("hunter2:é", "entry 1 holds what is no base64"),
        ("hunter2:c2hvcnQ=", "entry 1 holds 5 bytes"),
        (f"{GOOD},{GOOD}", "entry 2 has the id of an earlier one"),
    ],
)
def test_what_is_wrong_is_told_and_not_repeated(text: str, told: str) -> None:
    with pytest.raises(Misconfigured) as caught:
        load_settings({"MIH_SECRET_KEYS": text})
    assert str(caught.value).startswith(f"MIH_SECRET_KEYS: {told}")
    for entry in text.split(","):
        assert entry not in str(caught.value)
    assert "hunter2" not in str(caught.value)


def test_the_settings_do_not_print_the_keys() -> None:
    settings = load_settings({"MIH_SECRET_KEYS": GOOD})
    assert GOOD.partition(":")[2] not in f"{settings!r} {settings.model_dump_json()}"


def test_keys_can_stand_in_a_file_that_is_read_when_they_are_needed(tmp_path: Path) -> None:
    file = tmp_path / "keys"
    assert load_settings({"MIH_SECRET_KEYS": f"file:{file}"})
    with pytest.raises(Misconfigured, match=f"^MIH_SECRET_KEYS: file:{file} cannot be read"):
        secret_keys(f"file:{file}")
    file.write_text(f"{new_key('b')}\n{GOOD}\n")
    assert list(secret_keys(f"file:{file}")) == ["b", "k1"]
    file.write_text("k1:hunter2")
    with pytest.raises(Misconfigured) as caught:
        secret_keys(f"file:{file}")
    assert "hunter2" not in str(caught.value)
