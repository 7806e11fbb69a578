"""What other template languages write and this one has not: a word of its own for each."""

import re
from collections.abc import Mapping
from typing import Final

#: Where a placeholder may begin, and the tags of Jinja, Twig and Liquid.
BEGINNING = re.compile(
    r"\{\{|\{%[-+]?\s*(?:if|elif|elsif|else|endif|unless|case|for|endfor|set|assign|include|block|macro|raw)\b"
)
NO_LOGIC = (
    "templates have no conditions, loops or parts: what decides is the rule's when, so write a rule for each case"
)
#: What stands after {{ in Handlebars and Mustache.
AFTER_OPENING: Final[Mapping[str, str]] = {
    "{": "found three braces, expected two: every value is escaped for its place, and {{x}} alone writes it exactly",
    "#": NO_LOGIC,
    "/": NO_LOGIC,
    "^": NO_LOGIC,
    ">": NO_LOGIC,
    "!": "templates have no comments: what explains a rule is its description",
    "&": "found {{&, expected {{: every value is escaped for its place",
}
