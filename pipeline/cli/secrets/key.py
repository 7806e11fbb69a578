"""`mih secrets key`."""

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer

from pipeline.secret_keys import new_key


def key(
    key_id: Annotated[
        str, typer.Argument(metavar="[ID]", help="Its name, which is no secret; today's date else.")
    ] = "",
) -> None:
    """Make a key and print it, as the entry to put first in MIH_SECRET_KEYS; it is kept nowhere else."""
    try:
        made = new_key(key_id or f"{datetime.now(UTC):%Y-%m-%d}")
    except ValueError as wrong:
        raise typer.BadParameter(str(wrong)) from None
    sys.stdout.write(f"{made}\n")
