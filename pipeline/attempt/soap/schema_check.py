"""The schemas of a WSDL as libxml2 checks them: what zeep drops as it reads, such as the values that a type allows.

Whether they can be compiled is up to the WSDL: some that zeep and all the world reads, libxml2 does not. Then this part
of the checking is the service's.
"""

import re
from collections.abc import Mapping
from threading import Lock
from typing import Any
from xml.sax.saxutils import quoteattr

from lxml import etree

from pipeline.attempt.soap.fitting import Misfit

_XS = "http://www.w3.org/2001/XMLSchema"
#: An element that no schema declares: RPC's, whose name is the operation's.
_UNDECLARED = "SCHEMAV_CVC_ELT_1"
_PLACE = "mih-schema:"
#: Parts of one sequence; to compile 1,000 optional ones takes libxml2 3 s, 2,000 20 s, and nothing can stop it.
_MOST = 500
#: What libxml2 calls what is wrong, in our words; its own hold values.
_WORDS = {
    "ENUMERATION": "expected one of the values that its type lists",
    "PATTERN": "expected what the pattern of its type allows",
    "LENGTH": "expected the length that its type asks for",
    "INCLUSIVE": "expected a number in the range of its type",
    "EXCLUSIVE": "expected a number in the range of its type",
    "DIGITS": "expected no more digits than its type has",
    "CONTENT": "expected other elements in it",
}


class SchemaCheck:
    """The compiled schemas; a WSDL whose schemas cannot be compiled has none, and all passes."""

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        self._schema = _compiled(documents)
        # What libxml2 finds wrong is noted with the schema, and a large payload is checked in a thread.
        self._lock = Lock()

    def check(self, content: Any) -> None:
        """Let the content of an envelope's body pass.

        Raises Misfit with the path of the first element that is wrong.
        """
        if self._schema is None:
            return
        try:
            with self._lock:
                wrong = None if self._schema.validate(content) else self._schema.error_log[0]
        except etree.XMLSchemaError:
            # libxml2 gave up: a pattern that is too intricate for a value.
            return
        if wrong is not None and wrong.type_name != _UNDECLARED:
            told = next((word for key, word in _WORDS.items() if key in wrong.type_name), "does not fit the schema")
            raise Misfit(_path(wrong.path), told)


def _compiled(documents: Mapping[str, bytes]) -> Any:
    known, parser = _Documents(documents), _parser()
    if known.longest > _MOST:
        return None
    parser.resolvers.add(known)
    imports = (
        f"<xs:import{f' namespace={quoteattr(space)}' if space else ''} schemaLocation='{place}'/>"
        for place, space in known.spaces.items()
    )
    try:
        return etree.XMLSchema(etree.fromstring(f"<xs:schema xmlns:xs='{_XS}'>{''.join(imports)}</xs:schema>", parser))
    except etree.LxmlError:
        return None


class _Documents(etree.Resolver):  # type: ignore[misc]  # lxml has no type hints
    """The WSDL's documents for libxml2's loader, and none besides; schemas that stand in a WSDL have a place each."""

    def __init__(self, documents: Mapping[str, bytes]) -> None:
        self._texts: dict[str, tuple[bytes, str]] = {url: (content, url) for url, content in documents.items()}
        self.spaces: dict[str, str] = {}
        #: How many parts the longest sequence has.
        self.longest = 0
        for url, content in documents.items():
            root = etree.fromstring(content, _parser())
            self.longest = max([self.longest, *map(len, root.iter(f"{{{_XS}}}sequence"))])
            inline = root.iterfind(f"{{*}}types/{{{_XS}}}schema")
            for schema in inline:
                place = f"{_PLACE}{len(self.spaces)}"
                self.spaces[place] = schema.get("targetNamespace", "")
                self._texts[place] = (etree.tostring(schema), url)

    def resolve(self, url: str, _public_id: str, context: Any) -> Any:
        """Give a document that is known; of any other, nothing."""
        text, base = self._texts.get(url, (b"", ""))
        return self.resolve_string(text, context, base_url=base) if text else self.resolve_empty(context)


def _parser() -> etree.XMLParser:
    return etree.XMLParser(no_network=True, resolve_entities=False)


def _path(place: str) -> str:
    """`/ns0:call/ns0:mark[2]`, as libxml2 leads there, in the words of a payload: `mark[1]`."""
    steps = (step.rpartition(":")[2] for step in place.split("/")[2:])
    return ".".join(re.sub(r"\[(\d+)\]", lambda nth: f"[{int(nth[1]) - 1}]", step) for step in steps)
