"""A rule's `send`: its texts are templates, each escaped for the key it stands under; all else passes as it is."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.errors import Unrenderable
from pipeline.rules.fault import Faults, invalid, kind
from pipeline.rules.templates import Scope, compile_text

#: A word of the transport's own, no template: which method is used must not depend on an event.
_METHOD = "method"


def compile_send(send: Mapping[str, Any], *, strict: bool) -> Mapping[str, Any]:
    """Compile every template in `send`.

    Raises InvalidRule with everything that is wrong, each fault's path leading from `send`.
    """
    if not isinstance(send, Mapping):
        raise invalid(f"expected a mapping, such as {{method: POST}}, found {kind(send)}")
    faults = Faults()
    compiled = {key: _compile(value, key, (key,), faults, strict=strict) for key, value in send.items()}
    faults.raise_if_any()
    return compiled


def _compile(value: Any, key: str, path: tuple[str, ...], faults: Faults, *, strict: bool) -> Any:
    if isinstance(value, Mapping):
        return {name: _compile(inner, key, (*path, str(name)), faults, strict=strict) for name, inner in value.items()}
    return faults.under(path, _compile_value, value, key, strict=strict)


def _compile_value(value: Any, key: str, *, strict: bool) -> Any:
    if not isinstance(value, str):
        return value
    if key != _METHOD:
        return compile_text(value, key, strict=strict)
    if "{{" in value:
        raise invalid("method is a plain word, no template")
    return value


def send_templates(send: Mapping[str, Any]) -> Iterator[str]:
    """Give every template in `send` as it is written."""
    for value in send.values():
        if isinstance(value, Mapping):
            yield from send_templates(value)
        elif isinstance(value, str):
            yield value


def render_send(compiled: Mapping[str, Any], scope: Scope) -> dict[str, Any]:
    """Fill the templates; a value that is left out takes its key with it.

    Raises Unrenderable with the keys that lead to what cannot be written.
    """
    return {key: value for key, part in compiled.items() if (value := _render(key, part, scope)) is not None}


def _render(key: str, part: Any, scope: Scope) -> Any:
    try:
        if isinstance(part, Mapping):
            return render_send(part, scope)
        return part(scope) if callable(part) else part
    except Unrenderable as broken:
        raise Unrenderable(f"{key}: {broken}") from None
