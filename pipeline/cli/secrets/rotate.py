"""`mih secrets rotate`: after it, keys that are older than the newest can be taken out of MIH_SECRET_KEYS."""

import asyncio

import typer

from pipeline.cli.output import AsJson, complain, print_json
from pipeline.cli.secrets.keys import keys_at_hand
from pipeline.cli.word import tell
from pipeline.registry import Resealed, RevisionStore
from pipeline.secret_keys import SecretKeys
from pipeline.settings import load_settings

#: Revisions between two lines of progress.
_EVERY = 200


def rotate(*, as_json: AsJson = False) -> None:
    """Seal every secret of every revision with the newest key: all of them, or none when it is interrupted."""
    keys = keys_at_hand()
    found = asyncio.run(_resealed(load_settings().effective_database_url(), keys))
    if as_json:
        print_json(found)
    else:
        _tell(found, next(iter(keys)))
    if found.closed:
        raise typer.Exit(1)


async def _resealed(database_url: str, keys: SecretKeys) -> Resealed:
    async with RevisionStore.open(database_url) as store:
        return await store.reseal(keys, _progress)


def _progress(done: int, of_all: int) -> None:
    if done % _EVERY == 0:
        typer.echo(f"{done} of {of_all} revisions", err=True)


def _tell(found: Resealed, newest: str) -> None:
    if found.secrets:
        tell(f"Sealed {found.secrets} secrets in {found.revisions} revisions anew, with the key {newest}.")
    elif not found.closed:
        tell(f"Nothing to do: every sealed secret is sealed with the key {newest}.")
    if found.closed:
        complain("\n".join(("left as they are:", *found.closed)))
    elif found.secrets:
        tell("Older keys can be taken out of MIH_SECRET_KEYS once every process has this one.")
