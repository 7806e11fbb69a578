"""What both commands print: lines with a mark, each as long as it is, and nothing in them that a terminal obeys."""

from rich.text import Text

from pipeline.cli.output import console

#: Spaces per level.
_INDENT = 2


def mark(*, good: bool) -> Text:
    """A tick or a cross."""
    return Text("✓", "green") if good else Text("✗", "bold red")


def line(*parts: str | Text, level: int = 0, style: str = "") -> None:
    """Print one line."""
    texts = (part if isinstance(part, Text) else Text(visible(part), style) for part in parts)
    console.print(Text(" " * _INDENT * level) + Text(" ").join(texts), soft_wrap=True, highlight=False)


def visible(text: str) -> str:
    """The text with every character that is not to be seen written as its escape; lines stay lines."""
    return "".join(one if one.isprintable() or one == "\n" else ascii(one)[1:-1] for one in text)
