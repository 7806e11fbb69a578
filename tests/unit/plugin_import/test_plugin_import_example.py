"""A whole export, with every trap in it, becomes the file that stands beside it; JSON and CSV say the same."""

from pathlib import Path

from pipeline.attempt.transports import SCHEMAS
from pipeline.plugin_import import Imported, file_text, import_tables, read_tables
from pipeline.registry import read_texts

EXPORT = Path(__file__).parent / "export"


def imported(*names: str) -> Imported:
    texts = {name: (EXPORT / name).read_bytes().decode("utf-8-sig") for name in names}
    return import_tables(read_tables(texts), SCHEMAS)


def test_the_example_becomes_the_file_beside_it_which_is_accepted() -> None:
    found = imported("plugin.json")
    text = (EXPORT / "registry.yaml").read_text()
    assert file_text(found) == text
    assert read_texts({"registry.yaml": text}, SCHEMAS).document == found.document


def test_csv_says_the_same_as_json() -> None:
    of_csv, of_json = imported("rules.csv", "services.csv"), imported("plugin.json")
    assert [(one.name, one.keys, one.beside, one.out) for one in of_csv.entries] == [
        (one.name, one.keys, one.beside, one.out) for one in of_json.entries
    ]
    assert [(one.where, one.there, one.here) for one in of_csv.differences] == [
        (one.where, one.there, one.here) for one in of_json.differences
    ]


def test_no_secret_of_the_example_is_told() -> None:
    found = imported("plugin.json")
    told = file_text(found) + str(found.entries)
    for secret in ("5f2c9d81", "77aa01bc", "0011223344", "lake-9911", "sis-unused", "aabbccddeeff", "s3cr3t"):
        assert secret not in told


def test_a_comment_without_its_sharps_is_what_it_says() -> None:
    text = (EXPORT / "registry.yaml").read_text()
    commented = "  # chat:\n  #   transport: rest\n  #   url: https://chat.example.org/hooks\n  #   timeout: 5s\n"
    assert commented in text
    reading = read_texts({"f": text.replace(commented, commented.replace("  # ", "  "))}, SCHEMAS)
    assert reading.document["services"]["chat"]["url"] == "https://chat.example.org/hooks"
