"""A WSDL that was read: the port that a service means, its operations, and the envelopes of its calls."""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from zeep import Client, Settings
from zeep.exceptions import DTDForbidden, EntitiesForbidden
from zeep.exceptions import Error as ZeepError
from zeep.wsdl import Document
from zeep.wsdl.bindings.soap import SoapBinding

from pipeline.attempt.soap.fitting import no_such
from pipeline.attempt.soap.schema_check import SchemaCheck
from pipeline.errors import Unavailable

# It logs envelopes below that, and values that it cannot read, with their traceback.
logging.getLogger("zeep").setLevel(logging.CRITICAL)

#: For every document: no DTD, no entity.
SETTINGS = Settings(forbid_dtd=True, forbid_entities=True)


@dataclass(frozen=True, slots=True)
class Loader:
    """As much of zeep's transport as reading needs: the content of an address."""

    load: Callable[[str], bytes]


@dataclass(frozen=True, slots=True, eq=False)
class Wsdl:
    """What was read, and the documents that it was read from."""

    client: Client
    binding: SoapBinding
    #: Of the port, by name.
    operations: Mapping[str, Any]
    #: Where the port says that its service is.
    address: str
    documents: Mapping[str, bytes]
    schema: SchemaCheck

    def create(self, operation: str, arguments: Sequence[Any], values: Mapping[str, Any]) -> tuple[Any, dict[str, str]]:
        """The envelope of a call, and the HTTP headers that belong to it.

        Raises zeep's errors, and ValueError and TypeError where the values do not fit.
        """
        # The public create_message gives the envelope alone, without the action and the media type.
        created = self.binding._create(  # noqa: SLF001 - as said above
            operation, arguments, values, client=self.client, options={"address": self.address}
        )
        envelope, headers = created
        return envelope, headers


def read_wsdl(root: str, load: Callable[[str], bytes], documents: Mapping[str, bytes], port: str | None) -> Wsdl:
    """Read the WSDL at an address; `documents` is what `load` keeps of all that it loaded.

    Raises Unavailable with why it cannot be used; what `load` raises passes through.
    """
    loader = Loader(load)
    try:
        document = Document(root, loader, settings=SETTINGS)
        found = _port(document, port)
        client = Client(document, transport=loader, settings=SETTINGS)
        # One without an input is the service's own to send.
        operations = {name: operation for name, operation in found.binding.all().items() if operation.input}
        return Wsdl(client, found.binding, operations, _address(found), documents, SchemaCheck(documents))
    except Unavailable:
        raise
    except (DTDForbidden, EntitiesForbidden):
        raise Unavailable("it holds a DTD, which is not read") from None
    except ZeepError as wrong:
        # Its words may quote the document.
        raise Unavailable(f"it is no WSDL that can be read ({type(wrong).__name__})") from None
    except Exception as wrong:  # noqa: BLE001 - zeep meets a document that it does not expect with any error there is
        raise Unavailable(f"it is no WSDL that can be read ({type(wrong).__name__})") from None


def _port(document: Document, wanted: str | None) -> Any:
    services = document.services.values()
    ports = {
        name: port
        for service in services
        for name, port in service.ports.items()
        if isinstance(port.binding, SoapBinding)
    }
    if wanted is None and len(ports) == 1:
        return next(iter(ports.values()))
    if wanted is None:
        raise Unavailable(
            f"it has {len(ports)} ports: the service must name its port, one of {' '.join(sorted(ports))}"
        )
    if wanted not in ports:
        raise Unavailable(no_such("port", wanted, ports))
    return ports[wanted]


def _address(port: Any) -> str:
    return str(port.binding_options.get("address") or "")
