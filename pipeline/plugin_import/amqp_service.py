"""An AMQP service's own keys, out of the one address into which the plugin put them all."""

from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from pipeline.plugin_import.address import Address, read_address
from pipeline.plugin_import.entry import Notes
from pipeline.plugin_import.naming import variable_for
from pipeline.plugin_import.rows import PluginService

#: The plugin's when the address names nobody.
_GUEST = "guest"


def amqp_keys(service: PluginService, notes: Notes) -> dict[str, Any]:
    """Give the keys of an AMQP service."""
    address = _amqp(service.base_url)
    if address is None:
        notes.out("base_url is no amqp:// or amqps:// address, and was accepted there without a check")
        return {"transport": "amqp", "url": notes.secret(variable_for(notes.name, "URL"), "base_url")}
    parameters = _parameters(address)
    _note_parameters(parameters, notes)
    _note_connection(service, address, notes)
    vhost = quote(unquote(address.parts.path.removeprefix("/")).removeprefix("/"), safe="")
    url = f"{address.parts.scheme.lower()}://{address.parts.netloc}" + (f"/{vhost}" if vhost else "")
    exchange = {"exchange": parameters["exchange"]} if parameters.get("exchange") else {}
    return {"transport": "amqp", "url": url, **exchange, "auth": _auth(address, notes)}


def default_routing_key(base_url: str) -> str:
    """The routing key of a rule that names none."""
    address = _amqp(base_url)
    parameters = _parameters(address) if address else {}
    queue = "" if parameters.get("exchange") else parameters.get("queue_declare", "")
    return parameters.get("routing_key") or queue


def _amqp(base_url: str) -> Address | None:
    address = read_address(base_url)
    return address if address and address.parts.scheme.lower() in ("amqp", "amqps") else None


def _parameters(address: Address) -> dict[str, str]:
    return dict(parse_qsl(address.parts.query))


def _auth(address: Address, notes: Notes) -> dict[str, Any]:
    password = notes.secret(variable_for(notes.name, "PASSWORD"), "base_url")
    if not address.password:
        notes.say("base_url", "no password, so guest was used", f"{password.removeprefix('env:')} must hold it")
    return {"type": "basic", "username": unquote(address.user) or _GUEST, "password": password}


def _note_parameters(parameters: dict[str, str], notes: Notes) -> None:
    if queue := parameters.get("queue_declare"):
        notes.say("base_url", f"queue_declare: the queue {queue} was declared at each message", "it must be there")
    if parameters.get("dlq"):
        notes.say(
            "base_url", "dlq: was asked for and never used", "left out: what dies waits in mih.dlq of this service"
        )


def _note_connection(service: PluginService, address: Address, notes: Notes) -> None:
    if service.auth_token:
        notes.say("auth_token", "never sent to an AMQP service", "left out")
    if "%" in address.user + address.password:
        notes.say("base_url", "user and password were sent percent-encoded, as written", "they are sent decoded")
    if address.parts.scheme.lower() == "amqps":
        notes.say("base_url", "the server's certificate was not verified", "it is, so it must be valid")
