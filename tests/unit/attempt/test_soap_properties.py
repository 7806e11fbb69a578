"""Whatever JSON comes: it becomes an envelope that is valid, or is refused in words that hold nothing of it."""

from collections.abc import Mapping
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from soap_wsdl import call_of, schema_of

from pipeline.attempt.soap.fitting import Misfit
from pipeline.exact_json import dumps

_TYPES = """<xs:complexType name='Tree'><xs:sequence><xs:element name='int' type='xs:int' minOccurs='0'/>
    <xs:element name='below' type='t:Tree' minOccurs='0' maxOccurs='unbounded'/></xs:sequence>
    <xs:attribute name='note' type='xs:string'/></xs:complexType>"""
_BUILTINS = ("string", "int", "decimal", "double", "boolean", "date", "dateTime", "duration", "gMonth", "base64Binary")
_ELEMENTS = "".join(f"<xs:element name='{name}' type='xs:{name}' minOccurs='0'/>" for name in _BUILTINS)
_SCHEMA = schema_of(
    f"<xs:sequence>{_ELEMENTS}<xs:element name='tree' type='t:Tree' minOccurs='0'/></xs:sequence>", _TYPES
)
_MARK = "secret"

_names = st.sampled_from((*_BUILTINS, "tree", "below", "note", "other"))
_texts = st.sampled_from((_MARK, "", "1", "--02", "P1D", "2026-02-30", "0001-01-01", "YQ==", "1e5", "\x00")) | st.text()
_scalars = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False, allow_infinity=False) | _texts
)
_values = st.recursive(_scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3))


@given(payload=st.dictionaries(_names, _values, max_size=5) | _values)
def test_a_payload_is_valid_or_refused(payload: Mapping[str, Any] | Any) -> None:
    try:
        written = dumps(payload).decode()
    except TypeError:
        return  # no JSON: half a character
    told = _told(written)
    assert _MARK not in told
    assert told.isprintable()


def _told(payload: str) -> str:
    """Why it is refused; what is not must be valid, which `call_of` sees to."""
    try:
        call_of(_SCHEMA, payload)
    except Misfit as refused:
        return str(refused)
    return ""
