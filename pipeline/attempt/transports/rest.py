"""REST: an HTTP request per delivery, over a pool of connections per service."""

from collections.abc import Iterator

from pipeline.attempt.means import Means
from pipeline.attempt.moodle import misfits
from pipeline.attempt.rest_keys import RestSend, RestService
from pipeline.attempt.transports.transport import Transport, TransportKind
from pipeline.registry.model import Rule
from pipeline.registry.transport_schema import TransportSchema
from pipeline.rules import Fault


def _open(service: RestService, means: Means) -> Transport:
    from pipeline.attempt.rest_transport import RestTransport  # noqa: PLC0415 - aiohttp is 0.1 s, for its senders

    return RestTransport(service, means)


def _check_rule(service: RestService, rule: Rule) -> Iterator[Fault]:
    if service.preset:
        yield from (Fault(("send", key), why) for key, why in misfits(rule.send))
    elif "function" in rule.send:
        yield Fault(("send", "function"), "is for services with preset: moodle")


_DESTINATIONS = ("url", "proxy", "auth.token_url")
KIND = TransportKind(TransportSchema("rest", RestService, RestSend, _DESTINATIONS, _check_rule), _open)
