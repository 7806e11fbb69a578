from io import StringIO

from rich.console import Console

from pipeline.embedded import prefixed

RED = "\x1b[31m"


def _printed(*lines: tuple[str, str], terminal: bool) -> str:
    out = StringIO()
    console = Console(file=out, force_terminal=terminal, color_system="standard" if terminal else None, width=40)
    announce = prefixed(["ingest", "sender rest"], console)
    for name, line in lines:
        announce(name, line)
    return out.getvalue()


def test_names_are_padded_to_the_longest() -> None:
    assert _printed(("ingest", "hello"), ("sender rest", "hi"), terminal=False) == (
        "ingest      │ hello\nsender rest │ hi\n"
    )


def test_a_line_is_neither_wrapped_nor_read_as_markup() -> None:
    long = "[bold]" + "x" * 200
    assert _printed(("ingest", long), terminal=False) == f"ingest      │ {long}\n"


def test_without_a_terminal_a_child_s_colours_are_left_out() -> None:
    assert _printed(("ingest", f"{RED}alarm\x1b[0m"), terminal=False) == "ingest      │ alarm\n"


def test_on_a_terminal_each_name_has_its_colour_and_a_child_keeps_its_own() -> None:
    first, second = _printed(("ingest", f"{RED}alarm"), ("sender rest", "hi"), terminal=True).splitlines()
    assert f"{RED}alarm" in first
    assert first.split("ingest")[0] != second.split("sender")[0]
