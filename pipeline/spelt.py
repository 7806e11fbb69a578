"""Text of others, in which what a terminal would obey, or a reader of lines take for an end, is spelt as JSON does."""

import json


def spelt(text: str, *, kept: str = "") -> str:
    r"""Spell control characters, line ends and marks that turn the direction of text: ESC becomes `\u001b`.

    Within a text of JSON it remains the same JSON; of `kept` nothing is spelt.
    """
    if text.isprintable():
        return text
    return "".join(one if one.isprintable() or one in kept else json.dumps(one)[1:-1] for one in text)
