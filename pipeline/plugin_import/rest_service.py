"""A REST or SOAP service's own keys: its address, and its credentials by reference."""

from typing import Any
from urllib.parse import unquote

from pipeline.plugin_import.address import Address, read_address, secret_parameters
from pipeline.plugin_import.entry import Notes
from pipeline.plugin_import.naming import variable_for
from pipeline.plugin_import.rows import PluginService

_NO_ADDRESS = "base_url is no http:// or https:// address, and was accepted there without a check"


def rest_keys(service: PluginService, notes: Notes) -> dict[str, Any]:
    """Give the keys of a REST service."""
    address = _http(service, notes)
    auth = _auth(service, notes) or _basic(address, notes)
    if address and (address.user or address.password) and auth.get("type") != "basic":
        notes.say("base_url", "held a user and password beside the token", "left out: one kind of credentials is sent")
    if address and (address.parts.query or address.parts.fragment):
        notes.say(
            "base_url",
            "the endpoint was appended behind the address's ? or #",
            "a rule's path goes before the ?, and what is behind # is never sent",
        )
    return {"transport": "rest", "url": _written(address, notes)} | ({"auth": auth} if auth else {})


def soap_keys(service: PluginService, notes: Notes) -> dict[str, Any]:
    """Give the keys of a SOAP service."""
    address = _http(service, notes)
    if service.auth_token or (address and address.password):
        notes.say("auth_token", "never sent to a SOAP service", "left out")
    notes.say(
        "base_url", "the WSDL was fetched at each call, its answer awaited without limit", "timeout covers it all"
    )
    return {"transport": "soap", "wsdl": _written(address, notes)}


def _http(service: PluginService, notes: Notes) -> Address | None:
    address = read_address(service.base_url)
    if address is None or address.parts.scheme.lower() not in ("http", "https"):
        notes.out(_NO_ADDRESS)
        return None
    return address


def _written(address: Address | None, notes: Notes) -> str:
    variable = variable_for(notes.name, "URL")
    if address is None:
        # Nobody knows what stands there instead.
        return notes.secret(variable, "base_url")
    if found := secret_parameters(address.parts.query):
        notes.say("base_url", f"a secret in the address ({', '.join(found)})", f"the whole address is env:{variable}")
        return notes.secret(variable, "base_url")
    return address.url


def _auth(service: PluginService, notes: Notes) -> dict[str, Any]:
    if not service.auth_token:
        return {}
    token = variable_for(notes.name, "TOKEN")
    match service.auth_type:
        case "bearer":
            return {"type": "bearer", "token": notes.secret(token, "auth_token")}
        case "apikey":
            return {"type": "api_key", "key": notes.secret(token, "auth_token")}
    notes.say(
        "auth_type", "neither bearer nor apikey: no credentials were sent", "no auth: write it if they are needed"
    )
    return {}


def _basic(address: Address | None, notes: Notes) -> dict[str, Any]:
    if address is None or not address.user:
        return {}
    notes.say("base_url", "held a user and password", "auth, with the password by reference")
    password = notes.secret(variable_for(notes.name, "PASSWORD"), "base_url")
    if address.password:
        return {"type": "basic", "username": unquote(address.user), "password": password}
    # A name alone is a token, more often than not.
    notes.out("base_url holds a user without a password, and auth needs both")
    return {
        "type": "basic",
        "username": notes.secret(variable_for(notes.name, "USER"), "base_url"),
        "password": password,
    }
