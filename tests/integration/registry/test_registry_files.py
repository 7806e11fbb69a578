"""Files and folders on a disk."""

from pathlib import Path
from typing import Literal

import pytest

from pipeline.errors import Misconfigured
from pipeline.registry.findings import RegistryErrors
from pipeline.registry.model import ServiceBase
from pipeline.registry.read import read_paths
from pipeline.registry.references import MAX_FILE_BYTES, resolve
from pipeline.registry.section import Section
from pipeline.registry.transport_schema import TransportSchema


class Rest(ServiceBase):
    transport: Literal["rest"]


TRANSPORTS = {"rest": TransportSchema("rest", Rest, Section)}


def service(slug: str) -> str:
    return f"version: 1\nservices:\n  {slug}: {{transport: rest}}\n"


def errors_of(*paths: Path) -> list[str]:
    with pytest.raises(RegistryErrors) as caught:
        read_paths(paths, TRANSPORTS)
    return str(caught.value).splitlines()


def test_a_folder_is_its_yaml_files_in_order(tmp_path: Path) -> None:
    for name in ("b.yml", "a.yaml"):
        (tmp_path / name).write_text(service(name[0]))
    for name in ("c.txt", ".d.yaml", "e.yaml~"):
        (tmp_path / name).write_text("not: read")
    reading = read_paths([tmp_path], TRANSPORTS)
    assert list(reading.registry.services) == ["a", "b"]
    assert [warning.file for warning in reading.warnings] == [str(tmp_path / "a.yaml"), str(tmp_path / "b.yml")]


def test_files_and_folders_together(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "a.yaml").write_text(service("a"))
    (tmp_path / "b.conf").write_text(service("b"))
    assert set(read_paths([tmp_path / "more", tmp_path / "b.conf"], TRANSPORTS).registry.services) == {"a", "b"}


def test_a_byte_order_mark_and_line_ends_of_windows_are_read(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbf" + service("a").replace("\n", "\r\n").encode())
    assert list(read_paths([path], TRANSPORTS).registry.services) == ["a"]


def test_what_cannot_be_read_is_told_with_everything_else(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"version: 1\n# Espa\xf1a\n")
    (tmp_path / "empty").mkdir()
    (tmp_path / "bad.yaml").write_text("a: *")
    paths = [tmp_path / name for name in ("none.yaml", "empty", "latin.yaml", "bad.yaml")]
    assert errors_of(*paths) == [
        (
            f"{tmp_path}/bad.yaml:1: found a * without quotes, which YAML reads as an alias (not supported here);"
            " write it in quotes: '*'"
        ),
        f"{tmp_path}/empty: found no *.yaml or *.yml in this folder",
        f"{tmp_path}/latin.yaml:2: found bytes that are no UTF-8 text",
        f"{tmp_path}/none.yaml: cannot be read: No such file or directory",
    ]


def test_a_file_reference_is_the_files_line(tmp_path: Path) -> None:
    path = tmp_path / "token"
    path.write_text("s3cret\n")
    assert resolve(f"file:{path}", {}) == "s3cret"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (None, "cannot be read: No such file or directory"),
        (b"\n", "is empty"),
        (b"\xff", "is not UTF-8 text"),
        (b"s" * (MAX_FILE_BYTES + 1), f"is larger than {MAX_FILE_BYTES} bytes"),
    ],
)
def test_a_file_reference_that_leads_to_nothing(tmp_path: Path, content: bytes | None, told: str) -> None:
    path = tmp_path / "token"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(Misconfigured) as caught:
        resolve(f"file:{path}", {})
    assert str(caught.value) == f"file:{path} {told}"
