"""Addresses that HTTP goes to, a service's, a token endpoint's, a proxy's: read, and checked before they are used."""

from base64 import b64encode
from urllib.parse import urlsplit

import httpx
from yarl import URL

from pipeline.attempt.means import Means
from pipeline.errors import Misconfigured
from pipeline.registry.references import is_reference, resolve

#: The last character that credentials for a proxy may hold (RFC 7617 names no other encoding).
_LATIN_1 = 0xFF


def checked_url(url: str) -> str:
    """The address, if it is one.

    Raises ValueError.
    """
    if _parsed(url).userinfo:
        raise ValueError("expected no user or password in the address: auth is the place for them")
    return url


def opened_url(written: str, key: str, means: Means) -> str:
    """The address that stands under a service's key, or that its reference stands for.

    Raises Misconfigured where it is none, or none that may be connected to.
    """
    try:
        url = str(httpx.URL(checked_url(resolve(written, means.environ))))
    except ValueError as wrong:
        raise Misconfigured(f"{key} {written}: {wrong}") from None
    # The host is the service's own and no template reaches it: what is written is checked once. Also where a proxy is
    # between: a number needs no name server, and a metadata service's is the same behind the proxy.
    return _guarded(url, written, key, means)


def checked_proxy(written: str) -> str:
    """A forward proxy's address as it stands in the registry, or the reference to it.

    Raises ValueError.
    """
    if is_reference(written):
        return written
    if _proxy(written).userinfo:
        raise ValueError("expected no user or password: write env:NAME, which may stand for http://user:password@host")
    return written


def opened_proxy(written: str | None, means: Means) -> str | None:
    """The proxy to go by; only a reference may hold a user and a password.

    Raises Misconfigured where it is no proxy's address, or none that may be connected to.
    """
    if written is None:
        return None
    try:
        url = _proxy(resolve(checked_proxy(written), means.environ))
    except ValueError as wrong:
        raise Misconfigured(f"proxy {written}: {wrong}") from None
    if ":" in url.username or any(ord(letter) > _LATIN_1 for letter in url.username + url.password):
        raise Misconfigured(f"proxy {written}: expected a user without a colon, and in both only Latin-1")
    return _guarded(str(url.copy_with(path="")), written, "proxy", means)


def secrets_for(proxy: str | None) -> frozenset[str]:
    """What a proxy is sent that no answer may show: where nothing is tunnelled, a service may be sent it too."""
    url = httpx.URL(proxy or "")
    pair = f"{url.username}:{url.password}".encode("latin-1")
    return frozenset({url.password, b64encode(pair).decode()}) if url.userinfo else frozenset()


def _guarded(url: str, written: str, key: str, means: Means) -> str:
    if refused := means.guard.check_written(url):
        raise Misconfigured(f"{key} {written}: {refused}")
    return url


def _proxy(url: str) -> httpx.URL:
    parts = _parsed(url)
    if parts.scheme != "http" or parts.raw_path != b"/" or parts.fragment:
        raise ValueError("expected a forward proxy's address: http://host:port")
    return parts


def _parsed(url: str) -> httpx.URL:
    try:
        # Each of those that read it on its way refuses something that the others take.
        parts, *_ = httpx.URL(url), urlsplit(url).port, URL(url, encoded=True)
    except (httpx.InvalidURL, ValueError):
        raise ValueError("expected an address with a host and a port that can be") from None
    if parts.scheme not in ("http", "https") or not parts.host:
        raise ValueError("expected an address that starts with http:// or https://")
    return parts
