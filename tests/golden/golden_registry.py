"""The registry that golden messages belong to: three services by three transports, and their rules."""

import yaml

from pipeline.attempt.transports import SCHEMAS
from pipeline.registry import Registry, compile_registry

SLUGS = ("till", "lake", "sis")
#: Of the registry under which golden messages are written.
REVISION = 3


def registry_text(till: str, lake: str, user: str, wsdl: str) -> str:
    """The file; the services' addresses and the lake's user are all that differs from place to place."""
    return rf"""
version: 1
defaults: {{timeout: 10s, retry: {{max_attempts: 3, backoff: 1s, max_backoff: 1s}}}}
services:
  till: {{transport: rest, url: "{till}", auth: {{type: bearer, token: "env:PASSWORD"}}}}
  lake:
    {{transport: amqp, url: "{lake}", exchange: lake,
      auth: {{type: basic, username: {user}, password: "env:PASSWORD"}}}}
  sis: {{transport: soap, wsdl: "{wsdl}", auth: {{type: basic, username: mih, password: "env:PASSWORD"}}}}
rules:
  to-till: {{event: shop.order, service: till, send: {{method: PUT, path: "/orders/{{{{number}}}}"}}}}
  to-lake: {{event: shop.order, service: lake, send: {{routing_key: "{{{{event.key}}}}"}}}}
  to-sis:
    event: shop.order
    service: sis
    send: {{operation: createPerson}}
    payload: '{{"name": "order", "id": {{{{number}}}}}}'
  enrolments:
    event: \core\event\user_enrolment_created
    service: till
    payload: '{{"number": {{{{objectid}}}}, "student": {{{{relateduserid}}}}}}'
  domain: {{event: shop.paid, service: till, payload: '{{"number": {{{{payload.number}}}}}}'}}
  unrenderable: {{event: shop.odd, service: till, payload: '{{"gone": {{{{gone}}}}}}', missing: error}}
"""


def golden_registry() -> Registry:
    """As a router has it."""
    text = registry_text(
        "https://till.example.org/", "amqps://lake.example.org/v", "mih", "https://sis.example.org/?wsdl"
    )
    return compile_registry(yaml.safe_load(text), REVISION, SCHEMAS)
