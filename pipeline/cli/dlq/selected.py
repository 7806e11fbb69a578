"""The words that choose dead letters, the same for every command of `mih dlq`."""

from collections.abc import Iterable
from datetime import UTC, datetime
from difflib import get_close_matches
from typing import Annotated, Any

import typer

from pipeline.cli.dlq.places import has_queue
from pipeline.dead_index import Selection
from pipeline.duration import parse_duration
from pipeline.errors import Misconfigured
from topology import names

NONE_KNOWN = "No dead letter is known that this is asked of."


def _said(context: typer.Context, option: typer.CallbackParam, value: Any) -> Any:
    """Refuse an option without a word: a variable that is not set must not mean every letter."""
    source = context.get_parameter_source(option.name or "")
    if source and source.name == "COMMANDLINE" and not (all(value) if isinstance(value, list) else value):
        raise typer.BadParameter("expected a word, found nothing")
    return value


def _option(name: str, help_: str) -> Any:
    return typer.Option(name, help=help_, callback=_said)


OfService = Annotated[str, _option("--service", "Only of this service; or `invalid`, or `unroutable`.")]
WithReason = Annotated[str, _option("--reason", "Only where the reason holds this text.")]
OlderThan = Annotated[str, _option("--older-than", "Only those that died longer ago: 90s, 10m, 6h, 7d.")]
WithId = Annotated[list[str] | None, _option("--id", "Only these letters (repeat it).")]
WithFingerprint = Annotated[str, _option("--fingerprint", "Only of this cause, as `mih dlq list` shows it.")]


def selection_of(  # noqa: PLR0913 - each is one option of the same name
    service: str,
    reason: str,
    older_than: str,
    ids: Iterable[str] | None,
    fingerprint: str,
    *,
    now: datetime | None = None,
) -> Selection:
    """Read the options.

    Raises Misconfigured for an age that is none.
    """
    try:
        died_before = (now or datetime.now(UTC)) - parse_duration(older_than) if older_than else None
    except ValueError as wrong:
        raise Misconfigured(f"--older-than: {wrong}") from None
    except OverflowError:
        raise Misconfigured(f"--older-than: {older_than} ago was before the calendar begins") from None
    return Selection(
        place=service or None, reason=reason, died_before=died_before, ids=frozenset(ids or ()), fingerprint=fingerprint
    )


def check_place(service: str | None, known: Iterable[str], amqp_url: str) -> None:
    """Refuse a service that neither registry nor index nor RabbitMQ knows, with the nearest that the first two do.

    Raises Misconfigured.
    """
    places = sorted({*known, *names.RESERVED_SLUGS})
    if service and service not in places and not has_queue(amqp_url, service):
        near = get_close_matches(service, places, n=1)
        question = f" (did you mean {near[0]!r}?)" if near else ""
        raise Misconfigured(f"there is no service {service!r}{question}; dead letters can be of: {', '.join(places)}")
