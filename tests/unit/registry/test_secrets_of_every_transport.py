"""Whatever a transport's types call a secret can be sealed; the list of them is asked of the types."""

from collections.abc import Iterator
from typing import Any

from pipeline.attempt.transports import SCHEMAS
from pipeline.registry import Sealing, compile_registry, read_texts
from pipeline.registry.references import PATTERN
from pipeline.registry.sealed import is_sealed, texts
from pipeline.secret_keys import new_key, read_keys

FILE = """
version: 1
services:
  bearer:
    transport: rest
    url: https://e.org
    auth: {type: bearer, token: s3cret}
    webhook_signature: {secrets: [s3cret, s3cret]}
  key: {transport: rest, url: https://e.org, auth: {type: api_key, key: s3cret}}
  basic: {transport: rest, url: https://e.org, auth: {type: basic, username: u, password: s3cret}}
  moodle: {transport: rest, preset: moodle, url: https://e.org, auth: {type: wstoken, token: s3cret}}
  oauth2:
    transport: rest
    url: https://e.org
    auth: {type: oauth2, token_url: https://e.org, client_id: c, client_secret: s3cret}
  lake: {transport: amqp, url: amqps://e.org/v, exchange: x, auth: {type: basic, username: u, password: s3cret}}
  sis: {transport: soap, wsdl: https://e.org/w, usernametoken: {username: u, password: s3cret}}
"""


def secret_keys_of(schema: Any) -> Iterator[str]:
    """The names of the keys below which a type says that a secret stands."""
    if isinstance(schema, dict):
        for name, key in schema.get("properties", {}).items():
            if PATTERN in (key.get("pattern"), key.get("items", {}).get("pattern")):
                yield name
        for item in schema.values():
            yield from secret_keys_of(item)


def test_every_secret_of_every_transport_is_sealed_and_what_is_stored_compiles() -> None:
    reading = read_texts({"m.yaml": FILE}, SCHEMAS, sealing=Sealing(read_keys(new_key("k")), {}))
    sealed = {path for path, text in texts(reading.document, ()) if is_sealed(text)}
    assert len(sealed) == FILE.count("s3cret")
    assert "s3cret" not in f"{reading!r}"
    assert compile_registry(reading.document, 1, SCHEMAS).services == reading.registry.services
    known = {name for transport in SCHEMAS.values() for name in secret_keys_of(transport.service.model_json_schema())}
    assert known == {next(key for key in reversed(path) if isinstance(key, str)) for path in sealed}
