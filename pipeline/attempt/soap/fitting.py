"""A payload by name to the values that zeep writes, or the path of the first element that does not fit the schema.

zeep finds some of this by itself, in words that hold values, and takes a text for a number. What it checks better,
what a choice needs, is left to it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lxml import etree
from zeep import xsd
from zeep.xsd.elements.attribute import Attribute
from zeep.xsd.elements.indicators import Choice, Group, Indicator
from zeep.xsd.types.collection import ListType

from pipeline.attempt.soap.lexical import found, spelt
from pipeline.rules.fault import unknown_as

#: Names that are listed where another one was expected.
_LISTED = 8
#: What the schema leaves open, under the name that zeep gives it.
_OPEN = "leaves it open (xsd:any), so it cannot be given"


class Misfit(Exception):
    """A payload, or a part of it, that the schema does not allow; `str` begins with the path of the element."""

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"{path}: {message}" if path else message)


def members(nested: Any, attributes: Any, given: Any, path: str = "", what: str = "element") -> dict[str, Any]:
    """Fit an object to the elements and attributes of a complex type.

    Raises Misfit.
    """
    if not isinstance(given, Mapping):
        raise Misfit(path, f"expected an object, found {found(given)}")
    slots = check_names(nested, attributes, given, path, what)
    _check_choices(nested, given, path)
    fitted = {name: _fitted(slots[name], value, _below(path, name)) for name, value in given.items()}
    # zeep asks for what an optional sequence holds though nothing of it is given.
    return dict(_left_out(nested, given)) | {name: value for name, value in fitted.items() if value is not None}


def check_names(
    nested: Any, attributes: Any, given: Iterable[str], path: str = "", what: str = "element"
) -> Mapping[str, Any]:
    """Give what stands under each name that may be given, if these names may and are all that must.

    Raises Misfit.
    """
    slots = dict(_slots(nested)) | {name: slot for name, slot in attributes if isinstance(slot, Attribute)}
    for name in given:
        if name not in slots:
            raise Misfit(path, no_such(what, name, slots))
    if missing := next((name for name in _required(nested, attributes) if name not in given), None):
        raise Misfit(_below(path, missing), f"the {what} is missing")
    return slots


def no_such(what: str, name: str, valid: Mapping[str, Any]) -> str:
    """Say that there is no such name, with the nearest and some of those that there are."""
    names = sorted(valid)
    listed = f"one of {' '.join(names[:_LISTED])}{' …' if len(names) > _LISTED else ''}" if names else "none at all"
    return unknown_as(what, name if name.isprintable() else "(unprintable)", names, listed)[0]


def _nested(part: Indicator) -> Any:
    return [(None, part.child)] if isinstance(part, Group) else part.elements_nested


def _slots(nested: Any) -> Iterator[tuple[str, Any]]:
    """What a value is given to by name; what is only there for its order is looked through."""
    for name, part in nested:
        if isinstance(part, Indicator) and not part.accepts_multiple:
            yield from _slots(_nested(part))
        else:
            yield name, part


def _required(nested: Any, attributes: Any) -> Iterator[str]:
    for name, part in nested:
        if part.is_optional or getattr(part, "nillable", False):
            continue
        if isinstance(part, Indicator) and not part.accepts_multiple:
            yield from _required(_nested(part), ())
        else:
            yield name
    yield from (name for name, attribute in attributes if getattr(attribute, "required", False))


def _left_out(nested: Any, given: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """What stands in an optional sequence, or one that may repeat, of which nothing is given."""
    for name, part in nested:
        # Of a choice it asks for nothing.
        if not isinstance(part, Indicator) or isinstance(part, Choice):
            continue
        if part.is_optional and not (names := dict(_slots([(name, part)]))).keys() & given:
            yield from ((left, [] if part.accepts_multiple else xsd.SkipValue) for left in names)
        elif not part.accepts_multiple:
            yield from _left_out(_nested(part), given)


def _check_choices(nested: Any, given: Mapping[str, Any], path: str) -> None:
    """Of a choice one alternative may be given: zeep would leave out the others without a word.

    Whether there must be one cannot be told: zeep takes every element of a choice for optional.
    """
    taken = {name for name, value in given.items() if value is not None}
    for _, part in nested:
        if not isinstance(part, Indicator) or part.accepts_multiple:
            continue
        if isinstance(part, Choice):
            alternatives = [taken.intersection(dict(_slots([one]))) for one in _nested(part)]
            chosen = [min(names) for names in alternatives if names]
            if len(chosen) > 1:
                raise Misfit(path, f"expected one of {' '.join(sorted(chosen))}, found {len(chosen)} of them")
        _check_choices(_nested(part), given, path)


def _fitted(slot: Any, value: Any, path: str) -> Any:
    if isinstance(slot, Attribute):
        return None if value is None else _typed(slot.type, value, path)
    if not isinstance(slot, xsd.Element | Indicator):
        raise Misfit(path, f"the schema {_OPEN}")
    if not slot.accepts_multiple:
        return _one(slot, value, path)
    # Many is a list; one alone may stand without it.
    items = value if isinstance(value, list) else [] if value is None else [value]
    _check_count(slot, len(items), path)
    return [_one(slot, item, f"{path}[{index}]") for index, item in enumerate(items)]


def _check_count(slot: Any, count: int, path: str) -> None:
    if count < slot.min_occurs:
        raise Misfit(path, f"expected at least {slot.min_occurs}, found {count}")
    if isinstance(slot.max_occurs, int) and count > slot.max_occurs:
        raise Misfit(path, f"expected at most {slot.max_occurs}, found {count}")


def _one(slot: Any, value: Any, path: str) -> Any:
    if isinstance(slot, Indicator):
        return members(_nested(slot), (), value, path)
    if value is None and (slot.nillable or slot.is_optional):
        return xsd.Nil if slot.nillable else None
    return _typed(slot.type, value, path)


def _typed(schema_type: Any, value: Any, path: str) -> Any:
    if isinstance(schema_type, xsd.ComplexType):
        nested, attributes = schema_type.elements_nested, schema_type.attributes
        has_text = len(nested) == 1 and isinstance(nested[0][1], xsd.Element)
        is_plain = not isinstance(value, dict | list) and value is not None
        return members(nested, attributes, {nested[0][0]: value} if has_text and is_plain else value, path)
    if isinstance(schema_type, ListType):
        items = value if isinstance(value, list) else [value]
        return [_simple(schema_type.item_type, item, f"{path}[{index}]") for index, item in enumerate(items)]
    return _simple(schema_type, value, path)


def _simple(schema_type: Any, value: Any, path: str) -> Any:
    builtin = _builtin(schema_type)
    try:
        text = spelt(value, builtin)
    except ValueError as wrong:
        raise Misfit(path, f"expected xsd:{builtin}, found {wrong}") from None
    # zeep takes these as tuples only, and misspells some; character data it leaves as it is.
    return etree.CDATA(text) if builtin.startswith("g") else text


def _builtin(schema_type: Any) -> str:
    """The built-in type that a simple type is, or restricts."""
    qname = next(
        kind.__dict__["_default_qname"] for kind in type(schema_type).__mro__ if "_default_qname" in kind.__dict__
    )
    return str(qname.localname)


def _below(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name
