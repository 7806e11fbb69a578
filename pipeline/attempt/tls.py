"""Whom a service must be vouched for by, and what we show of ourselves: its `tls` section, and the context for it."""

import ssl
from functools import cache
from pathlib import Path
from typing import Annotated, NoReturn, Self

from pydantic import AfterValidator, Field, model_validator

from pipeline.errors import Misconfigured
from pipeline.registry.section import Section

_PATTERN = r"^(file:)?/.+$"


def _absolute(written: str) -> str:
    if not _path(written).is_absolute():
        raise ValueError("expected an absolute path: /path or file:/path")
    return written


#: PEM files are named and never written into the registry; the file is read when the service is opened.
PemFile = Annotated[str, AfterValidator(_absolute), Field(json_schema_extra={"pattern": _PATTERN})]


class Tls(Section):
    """Certificates of a service that the system's own trust is not enough for."""

    ca: PemFile | None = Field(
        None, description="PEM file of the authorities trusted for this service, instead of the system's"
    )
    certificate: PemFile | None = Field(None, description="PEM file of the certificate that is shown to the service")
    key: PemFile | None = Field(None, description="PEM file of the certificate's private key, without a passphrase")

    @model_validator(mode="after")
    def _both_or_none(self) -> Self:
        if (self.certificate is None) != (self.key is None):
            found, expected = ("certificate", "key") if self.certificate else ("key", "certificate")
            raise ValueError(f"found {found} without {expected}, expected both")
        return self


def ssl_context(tls: Tls | None) -> ssl.SSLContext:
    """The context to connect with: the peer's certificate and name are always verified.

    Raises Misconfigured naming the key whose file cannot be used.
    """
    if tls is None or tls == Tls():
        return _system()
    context = ssl.create_default_context(cafile=_checked("ca", tls.ca) if tls.ca else None)
    if tls.certificate and tls.key:
        _show(context, tls.certificate, tls.key)
    return context


@cache
def _system() -> ssl.SSLContext:
    # Reading the system's authorities takes some 20 ms, and a process opens many services.
    return ssl.create_default_context()


def _show(context: ssl.SSLContext, certificate: str, key: str) -> None:
    shown = _checked("certificate", certificate)
    try:
        context.load_cert_chain(shown, _readable("key", key), password=_locked)
    except ssl.SSLError as refused:
        if refused.reason == "KEY_VALUES_MISMATCH":
            raise Misconfigured(f"tls.key {key} is not the key of tls.certificate {certificate}") from None
        raise Misconfigured(f"tls.key {key} holds no private key in PEM that can be read") from None
    except _Locked:
        raise Misconfigured(f"tls.key {key} has a passphrase, expected a key without one") from None


class _Locked(Exception):
    """A key asks for a passphrase."""


def _locked() -> NoReturn:
    # Without this, OpenSSL would ask at the terminal and wait.
    raise _Locked


def _checked(key: str, written: str) -> Path:
    """The file, if certificates can be read from it."""
    path = _readable(key, written)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(path)
    except ssl.SSLError:
        raise Misconfigured(f"tls.{key} {written} holds no certificate in PEM that can be read") from None
    return path


def _readable(key: str, written: str) -> Path:
    path = _path(written)
    try:
        path.open("rb").close()
    except OSError as failed:
        raise Misconfigured(f"tls.{key} {written} cannot be read: {failed.strerror}") from None
    return path


def _path(written: str) -> Path:
    return Path(written.removeprefix("file:"))
