"""What RabbitMQ's management API says is there: exchanges, queues and bindings of one virtual host."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import httpx

from topology.addresses import addresses_of
from topology.entities import Binding
from topology.errors import ManagementAway

#: Seconds until an API that does not answer counts as away.
_TIMEOUT_S = 10
_ENTITY = "name,type,durable,auto_delete,arguments"
_COLUMNS = {
    "exchanges": f"{_ENTITY},internal",
    "queues": f"{_ENTITY},exclusive,messages,messages_unacknowledged,"
    "policy,operator_policy,effective_policy_definition",
    "bindings": "source,destination,destination_type,routing_key",
}
_REFUSALS: dict[int, str] = {
    HTTPStatus.UNAUTHORIZED: "user or password refused, or the user has no management tag",
    HTTPStatus.FORBIDDEN: "the user has no permissions in virtual host {vhost}",
    HTTPStatus.NOT_FOUND: "there is no virtual host {vhost}",
}


@dataclass(frozen=True, slots=True)
class Found:
    """What is there, as the API tells it: rows by name, and who is bound to whom."""

    exchanges: Mapping[str, Mapping[str, Any]]
    queues: Mapping[str, Mapping[str, Any]]
    bindings: frozenset[Binding]


def read_broker(management_url: str, vhost: str) -> Found:
    """Ask for everything in a virtual host, of the first node that answers where several are named.

    Raises ManagementAway when there is no answer, or a refusal.
    """
    *others, last = addresses_of(management_url)
    for address in others:
        with suppress(ManagementAway):
            return _read(httpx.URL(address), vhost)
    return _read(httpx.URL(last), vhost)


def _read(address: httpx.URL, vhost: str) -> Found:
    # Out of the address, because httpx writes the addresses that it calls to its log.
    bare, auth = address.copy_with(userinfo=b""), (address.username, address.password)
    try:
        with httpx.Client(base_url=bare, auth=auth, timeout=_TIMEOUT_S, trust_env=False) as client:
            exchanges, queues, bindings = (_rows(client, kind, vhost) for kind in _COLUMNS)
    except httpx.HTTPStatusError as refused:
        raise ManagementAway(f"management API at {bare}: {_refusal(refused.response, vhost)}") from None
    except (httpx.HTTPError, ValueError) as away:
        raise ManagementAway(f"management API at {bare}: {away}") from None
    return Found(
        exchanges={row["name"]: row for row in exchanges},
        queues={row["name"]: row for row in queues},
        bindings=frozenset(map(_binding, bindings)),
    )


def _rows(client: httpx.Client, kind: str, vhost: str) -> list[dict[str, Any]]:
    answer = client.get(f"/api/{kind}/{quote(vhost, safe='')}", params={"columns": _COLUMNS[kind]})
    rows: list[dict[str, Any]] = answer.raise_for_status().json()
    return rows


def _refusal(answer: httpx.Response, vhost: str) -> str:
    known = _REFUSALS.get(answer.status_code, "no answer of a management API")
    return f"{known.format(vhost=vhost)} (HTTP {answer.status_code})"


def _binding(row: Mapping[str, Any]) -> Binding:
    return Binding(row["source"], row["destination"], row["routing_key"], row["destination_type"])
