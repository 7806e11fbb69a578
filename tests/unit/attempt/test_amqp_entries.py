"""What a registry file may say of an AMQP service and of a rule's `send` to it."""

from typing import Any

import pytest
from pydantic import ValidationError

from pipeline.attempt.amqp_keys import AmqpSend, AmqpService

SERVICE = {"transport": "amqp", "url": "amqps://lake.example.org/site"}


@pytest.mark.parametrize(
    "keys",
    [
        {},
        {"exchange": "moodle"},
        {"url": "env:LAKE"},
        {"url": "file:/run/secrets/lake"},
        {"auth": {"type": "basic", "username": "mih", "password": "env:LAKE_PASSWORD"}},
        {"tls": {"ca": "/etc/ssl/lake.pem"}},
    ],
)
def test_a_service_may_be(keys: dict[str, Any]) -> None:
    AmqpService.model_validate(SERVICE | keys)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"url": "https://lake.example.org"}, "starts with amqp:// or amqps://"),
        ({"url": "amqp://mih:s3cret@lake.example.org"}, "auth is the place for them"),
        ({"exchange": "x" * 256}, "at most 255 bytes"),
        ({"auth": {"type": "bearer", "token": "env:T"}}, "'none', 'basic'"),
        ({"auth": {"type": "basic", "username": "mih", "password": "s3cret"}}, "expected env:NAME or file:/path"),
        ({"success": {"status": [201]}}, "Extra inputs"),
    ],
)
def test_a_service_may_not_be(keys: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told) as refused:
        AmqpService.model_validate(SERVICE | keys)
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    ("send", "told"),
    [
        ({"priority": 256}, "less than or equal to 255"),
        ({"priority": -1}, "greater than or equal to 0"),
        ({"priority": "{{p}}"}, "valid integer"),
        ({"expiration": "0s"}, "greater than or equal"),
        ({"expiration": "50d"}, "less than or equal"),
        ({"expiration": "soon"}, "expected a duration"),
        ({"headers": {"CC": "other"}}, "makes no copies"),
        ({"headers": {"": "x"}}, "makes no copies"),
        ({"exchange": "other"}, "Extra inputs"),
    ],
)
def test_a_send_may_not_be(send: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        AmqpSend.model_validate(send)


def test_what_is_left_out_is_left_to_the_transport() -> None:
    assert AmqpSend().model_dump(exclude_none=True) == {"routing_key": "", "headers": {}}
