"""SOAP: a call of one operation per delivery, as the service's WSDL describes it, over a pool of connections."""

from pipeline.attempt.means import Means
from pipeline.attempt.soap.early import check_rule
from pipeline.attempt.soap.keys import SoapSend, SoapService
from pipeline.attempt.transports.transport import Transport, TransportKind
from pipeline.registry.transport_schema import TransportSchema


def _open(service: SoapService, means: Means) -> Transport:
    from pipeline.attempt.soap.transport import SoapTransport  # noqa: PLC0415 - zeep is 10 MB and 0.1 s, for its senders

    return SoapTransport(service, means)


_SCHEMA = TransportSchema(
    "soap",
    SoapService,
    SoapSend,
    destinations=("wsdl", "address", "proxy", "auth.token_url"),
    check_rule=check_rule,
)
KIND = TransportKind(_SCHEMA, _open)
