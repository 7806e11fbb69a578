"""What `mih pause`, `mih rule` and `mih breaker` share: a person's word is written down, then told to every process."""

import asyncio
import getpass
from collections.abc import Collection
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline.broker import announce, open_session
from pipeline.cli.output import complain, console
from pipeline.errors import Unavailable
from pipeline.registry import Intervention, Interventions, InterventionStore, Kind
from pipeline.rules.fault import unknown_as
from pipeline.settings import Settings

#: Seconds for telling; who was not told looks by himself.
_TELL_S = 5

Why = Annotated[str, typer.Option(help="The reason, for whoever finds it so.")]
Who = Annotated[str, typer.Option(help="Who says so; the login name if not given.", show_default=False)]


def login() -> str:
    """Give the name of whoever runs the command."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"


def spoken(kind: Kind, name: str, *, why: str, who: str) -> Intervention:
    """A person's word, as given on the command line now."""
    if not why.strip():
        raise typer.BadParameter("expected a reason", param_hint="--why")
    return Intervention(kind, name, who.strip() or login(), why, datetime.now(UTC))


def say(settings: Settings, word: Intervention, *, known: Collection[str]) -> Intervention | None:
    """Put a word in force; gives what it replaces. Exits with 1 for a name that is unknown.

    Raises Unavailable when the database is away.
    """
    return asyncio.run(_change(settings, word.kind, word.name, known, word))


def take_back(settings: Settings, kind: Kind, name: str, *, known: Collection[str]) -> Intervention | None:
    """End what was said of this kind of matter; gives what it was. Exits with 1 for a name that is unknown.

    Raises Unavailable when the database is away.
    """
    return asyncio.run(_change(settings, kind, name, known, None))


def said_now(settings: Settings) -> Interventions:
    """Read what is said.

    Raises Unavailable when the database is away.
    """

    async def read() -> Interventions:
        async with InterventionStore.open(settings.effective_database_url()) as store:
            return await store.all()

    return asyncio.run(read())


async def tell_all(amqp_url: str, word: str) -> str:
    """Tell every running process that there is something new; gives why that was not possible, and else nothing."""
    try:
        async with asyncio.timeout(_TELL_S), open_session(amqp_url, "command") as session:
            await announce(session, word)
    except TimeoutError:
        return f"RabbitMQ did not answer within {_TELL_S} s"
    except Unavailable as away:
        return str(away)
    return ""


def tell(text: str) -> None:
    """Print a line as it is."""
    console.print(text, markup=False, highlight=False, soft_wrap=True)


def refuse_unknown(what: str, name: str, known: Collection[str]) -> None:
    """Exit with 1 and the nearest name unless the name is known."""
    if name not in known:
        complain(unknown_as(what, name, known, f"a {what} in force; `mih export` shows them")[0])
        raise typer.Exit(1)


async def _change(
    settings: Settings, kind: Kind, name: str, known: Collection[str], word: Intervention | None
) -> Intervention | None:
    async with InterventionStore.open(settings.effective_database_url()) as store:
        earlier = (await store.all()).about(kind, name)
        if earlier is None:
            # What was said of a name outlives it, and must be changeable then too.
            refuse_unknown("rule" if kind is Kind.STOPPED else "service", name, known)
        if word:
            await store.put(word)
        elif earlier:
            await store.remove(kind, name)
    if word or earlier:
        trouble = await tell_all(settings.amqp_url, f"{kind} {name}")
        if trouble:
            tell(f"{trouble}; what was said is in force within a second all the same")
    return earlier
