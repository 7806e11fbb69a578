"""`mih secrets list`."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import typer

from pipeline.cli.output import AsJson, print_json, print_table
from pipeline.errors import Misconfigured
from pipeline.registry import RevisionStore
from pipeline.registry.references import is_reference, secret_keys
from pipeline.registry.sealed import is_sealed, key_of, place_of, texts, unseal
from pipeline.secret_keys import SecretKeys
from pipeline.settings import load_settings


def list_(*, as_json: AsJson = False) -> None:
    """Show where the registry's secrets are, never what they are; 1 where a sealed one does not open here."""
    settings = load_settings()
    keys = secret_keys(settings.secret_keys.get_secret_value())
    rows = list(_rows(asyncio.run(_in_force(settings.effective_database_url())), keys))
    if as_json:
        print_json(rows)
    else:
        print_table("Secrets", ("service", "place", "kind", "name", "trouble"), [tuple(row.values()) for row in rows])
    if any(row["trouble"] for row in rows):
        raise typer.Exit(1)


def _rows(document: Mapping[str, Any], keys: SecretKeys) -> Iterator[dict[str, str]]:
    for slug, service in (document.get("services") or {}).items():
        for path, text in texts(service, ("services", slug)):
            if is_reference(text):
                kind, _, name = text.partition(":")
                place = place_of(path)
                name = key_of(text) if is_sealed(text) else name
                yield {
                    "service": slug,
                    "place": place,
                    "kind": kind,
                    "name": name,
                    "trouble": _trouble(text, place, keys),
                }


def _trouble(text: str, place: str, keys: SecretKeys) -> str:
    """Why a sealed secret does not open here; whether a variable is set is known where the senders run."""
    try:
        if is_sealed(text):
            unseal(text, place, keys)
    except Misconfigured as closed:
        return str(closed)
    return ""


async def _in_force(database_url: str) -> dict[str, Any]:
    async with RevisionStore.open(database_url) as store:
        number = await store.latest_number()
        return await store.load(number) if number else {}
