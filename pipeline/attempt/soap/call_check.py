"""A call, judged by names alone against a WSDL that is a file."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.attempt.soap.documents import is_http, read_file
from pipeline.attempt.soap.envelope import parameters
from pipeline.attempt.soap.fitting import Misfit, check_names, no_such
from pipeline.attempt.soap.wsdl import read_wsdl
from pipeline.errors import Unavailable
from pipeline.rules import Fault


class CannotKnow(Unavailable):
    """The WSDL imports what must be fetched: the senders will, and tell."""


def check_call(path: str, port: str | None, operation: str, given: Mapping[str, Any] | None) -> Iterator[Fault]:
    """Say what is wrong with the operation, and with the names that the payload gives, if they are known.

    Raises Unavailable where the WSDL cannot be used, as CannotKnow where that may be otherwise elsewhere.
    """
    wsdl = read_wsdl(path, _load, {}, port)
    called = wsdl.operations.get(operation)
    if called is None:
        yield Fault(("send", "operation"), no_such("operation", operation, wsdl.operations))
    elif given is not None:
        try:
            check_names(*parameters(called), given, what="parameter")
        except Misfit as misfit:
            yield Fault(("payload",), str(misfit))


def _load(location: str) -> bytes:
    if is_http(location):
        raise CannotKnow
    return read_file(location)
