"""Whether an XML template is well-formed, with letters in its placeholders' places."""

from typing import NoReturn
from xml.parsers import expat

from pipeline.rules.fault import InvalidRule
from pipeline.rules.templates.parse import fault_at


def check_xml(stand_in: str, text: str) -> None:
    """Parse the stand-in; `text` is the template as written.

    Raises InvalidRule by line and column for what is not well-formed, a DOCTYPE, or another encoding than UTF-8.
    """
    try:
        encoded = stand_in.encode()
    except UnicodeEncodeError as half:
        raise InvalidRule([fault_at(text, half.start, "not well-formed XML: half a character")]) from None
    # With a separator it knows name spaces: a prefix that is not declared is refused.
    parser = expat.ParserCreate("utf-8", " ")

    def refuse(message: str, at: int) -> NoReturn:
        raise InvalidRule([fault_at(text, len(encoded[:at].decode(errors="ignore")), message)])

    def declared(version: str, encoding: str | None, _: int) -> None:
        if version != "1.0":
            refuse("expected XML of version 1.0", parser.CurrentByteIndex)
        if (encoding or "utf-8").lower() != "utf-8":
            refuse(f"expected the encoding UTF-8, found {encoding}", parser.CurrentByteIndex)

    def document_type(*_: object) -> None:
        refuse("expected no DOCTYPE", parser.CurrentByteIndex)

    parser.XmlDeclHandler = declared
    parser.StartDoctypeDeclHandler = document_type
    try:
        parser.Parse(encoded, True)  # noqa: FBT003  its signature
    except expat.ExpatError as broken:
        refuse(f"not well-formed XML: {expat.ErrorString(broken.code)}", parser.ErrorByteIndex)
