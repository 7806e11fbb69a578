"""`mih secrets seal`: for a registry file in which no secret shall ever stand in clear."""

import re
import sys
from typing import Annotated

import typer

from pipeline.cli.secrets.keys import keys_at_hand
from pipeline.registry.sealed import seal as sealed_for


def seal(
    place: Annotated[str, typer.Argument(help="Where it will stand, such as services/erp/auth/token.")],
) -> None:
    """Seal a secret, read from standard input or asked for, and print what to write at its place."""
    if not re.fullmatch(r"services/[^/]+/.+", place):
        raise typer.BadParameter("expected a place such as services/erp/auth/token")
    keys = keys_at_hand()
    try:
        secret = _asked() if sys.stdin.isatty() else sys.stdin.read().rstrip("\r\n")
        sealed = sealed_for(secret, place, keys)
    except UnicodeError:
        raise typer.BadParameter("found what is not UTF-8 text", param_hint="secret") from None
    if not secret:
        raise typer.BadParameter("found nothing to seal on standard input", param_hint="secret")
    sys.stdout.write(f"{sealed}\n")


def _asked() -> str:
    # On standard error: what is sealed may go to a file.
    asked: str = typer.prompt("Secret", hide_input=True, err=True)
    return asked
