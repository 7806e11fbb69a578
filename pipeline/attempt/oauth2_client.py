"""The client of OAuth 2.0's client credentials (RFC 6749, 4.4): what it asks with, and the seal on what it was given.

The key of the seal is one that only the client's secret gives, so whoever reads a sealed token reads nothing.
"""

import os
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import quote_plus, urlencode

import orjson
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from pydantic import SecretBytes

from pipeline.attempt.credentials import OAuth2Auth
from pipeline.attempt.http_address import opened_url
from pipeline.attempt.means import Means
from pipeline.registry.references import resolve, resolve_secret

_NONCE_BYTES = 12
_NAME_BYTES, _KEY_BYTES = 16, 32


@dataclass(frozen=True, slots=True)
class Client:
    """Who asks whom for a token: the request, and under which name and key the token is shared."""

    url: str
    headers: Mapping[str, str] = field(repr=False)
    form: SecretBytes
    name: str
    key: SecretBytes

    def sealed(self, token: str) -> bytes:
        """The token, for whoever has the client's secret."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher().encrypt(nonce, token.encode(), self.name.encode())

    def unsealed(self, sealed: bytes) -> str | None:
        """The token, if it was sealed like this."""
        try:
            return self._cipher().decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], self.name.encode()).decode()
        except (InvalidTag, ValueError):
            return None

    def _cipher(self) -> AESGCM:
        return AESGCM(self.key.get_secret_value())


def opened_client(auth: OAuth2Auth, means: Means) -> Client:
    """The client that a service's entry names.

    Raises Misconfigured naming what is missing or cannot be.
    """
    url = opened_url(auth.token_url, "auth.token_url", means)
    client_id = resolve(auth.client_id, means.environ)
    secret = resolve_secret(auth.client_secret, means.environ).get_secret_value()
    form = {"grant_type": "client_credentials", "scope": auth.scope, "audience": auth.audience}
    headers = {"Accept": "application/json", "Content-Type": "application/x-www-form-urlencoded"}
    if auth.style == "header":
        # Encoded as in a form before it is encoded as a pair (RFC 6749, 2.3.1).
        pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
        headers["Authorization"] = f"Basic {b64encode(pair.encode()).decode()}"
    else:
        form |= {"client_id": client_id, "client_secret": secret}
    asked = orjson.dumps(["mih access token", url, client_id, auth.scope, auth.audience])
    derived = HKDF(SHA256(), _NAME_BYTES + _KEY_BYTES, salt=None, info=asked).derive(secret.encode())
    sent = urlencode({key: value for key, value in form.items() if value}).encode()
    return Client(url, headers, SecretBytes(sent), derived[:_NAME_BYTES].hex(), SecretBytes(derived[_NAME_BYTES:]))
